// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_pipe.c - the parent makes a pipe for each child and forgets both ends.
 * Known answer: fd.pipe, held by the parent, 1 pipe (two descriptors) in each leaking fork.
 */
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
	return workload_loop(argc, argv, start_job);
}
