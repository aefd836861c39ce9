// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_bursts.c - bursts of twenty children at once, each with a pipe to its parent, and all
 * waited for and closed before the next burst.
 */
#include "workload.h"

#define BURST 20

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);
	int from[BURST], n = 0;

	for (long i = 0; i < w.forks; i++) {
		int fd[2];
		char byte;

		if (pipe(fd))
			workload_fail("pipe");
		if (workload_fork() == 0)
			_exit(write(fd[1], "x", 1) != 1);
		close(fd[1]);
		from[n++] = fd[0];
		if (n < BURST && i < w.forks - 1)
			continue;
		while (n > 0) {
			if (read(from[--n], &byte, 1) != 1)
				workload_fail("read");
			close(from[n]);
		}
		while (waitpid(-1, NULL, 0) > 0)
			;
	}
	return workload_end(&w);
}
