// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_late_wait.c - waits for a child only when the next one has been forked: there is always one
 * that nobody has waited for, at the end as well.
 */
#include "workload.h"

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);
	pid_t last = 0;

	for (long i = 0; i < w.forks; i++) {
		pid_t pid = workload_fork();

		if (pid == 0)
			_exit(0);
		if (last)
			workload_wait(last);
		last = pid;
	}
	return workload_end(&w);
}
