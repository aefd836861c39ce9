// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_sigchld_ignored.c - ignores SIGCHLD, so that the kernel itself collects the children.
 * Known answer: clean, though nobody ever waits.
 */
#include <signal.h>
#include "workload.h"

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);

	signal(SIGCHLD, SIG_IGN);
	for (long i = 0; i < w.forks; i++) {
		if (workload_fork() == 0)
			_exit(0);
		if (i % 64 ==
		    63) /* not faster than the children end; fails with ECHILD when none is left */
			waitpid(-1, NULL, 0);
	}
	waitpid(-1, NULL, 0);
	return workload_end(&w);
}
