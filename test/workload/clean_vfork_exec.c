// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_vfork_exec.c - vfork and exec of another program, waited for.
 * Known answer: clean.
 */
#include "workload.h"

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);

	for (long i = 0; i < w.forks; i++) {
		pid_t pid = vfork();

		if (pid < 0)
			workload_fail("vfork");
		if (pid == 0) {
			execl("/bin/true", "true", (char *)NULL);
			_exit(127);
		}
		workload_wait(pid);
	}
	return workload_end(&w);
}
