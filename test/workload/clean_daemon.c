// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_daemon.c - each child starts a daemon (a grandchild of its own session) that lives for
 * 200 ms. The last ones outlive the program, but not for long.
 * Known answer: clean.
 */
#include "workload.h"

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);

	for (long i = 0; i < w.forks / 2; i++) {
		pid_t pid = workload_fork();

		if (pid == 0) {
			setsid();
			if (workload_fork() == 0)
				usleep(200 * 1000);
			_exit(0);
		}
		workload_wait(pid);
	}
	return workload_end(&w);
}
