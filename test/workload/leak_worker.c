// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_worker.c - the program forks one worker ("worker"); the worker forks for each job and
 * forgets a pipe, its master is innocent.
 */
#include <sys/prctl.h>
#include "workload.h"

static void start_job(bool leak)
{
	int fd[2];

	if (pipe(fd))
		workload_fail("pipe");
	workload_fork_and_wait();
	if (!leak) {
		close(fd[0]);
		close(fd[1]);
	}
}

int main(int argc, char **argv)
{
	pid_t worker = workload_fork();

	if (worker == 0) {
		prctl(PR_SET_NAME, "worker");
		return workload_loop(argc, argv, start_job);
	}
	workload_wait(worker);
	return 0;
}
