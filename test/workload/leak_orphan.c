// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_orphan.c - leaking children sleep on (60 s at most) when their parent ends.
 * Known answer: orphan, held by themselves, 1 child in each leaking fork.
 */
#include "workload.h"

static void start_job(bool leak)
{
	pid_t pid = workload_fork();

	if (pid == 0) {
		if (leak)
			sleep(60);
		_exit(0);
	}
	if (!leak)
		workload_wait(pid);
}

int main(int argc, char **argv)
{
	return workload_loop(argc, argv, start_job);
}
