// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_inherited.c - the program has a hundred pipes, and children that end without
 * closing what they have inherited; every other one runs another program with all of them open.
 */
#include "workload.h"

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);
	int fd[2];

	for (int i = 0; i < 100; i++)
		if (pipe(fd))
			workload_fail("pipe");
	for (long i = 0; i < w.forks; i++) {
		pid_t pid = workload_fork();

		if (pid == 0) {
			if (i % 2)
				execl("/bin/true", "true", (char *)NULL);
			_exit(0);
		}
		workload_wait(pid);
	}
	return workload_end(&w);
}
