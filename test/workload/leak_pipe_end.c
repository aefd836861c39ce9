// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_pipe_end.c - the parent reads one byte from each child through a pipe, closes the end for
 * writing as it should and forgets the end for reading.
 * Known answer: fd.pipe, held by the parent, 1 pipe (one descriptor) in each leaking fork.
 */
#include "workload.h"

static void start_job(bool leak)
{
	int fd[2];
	char byte;
	pid_t pid;

	if (pipe(fd))
		workload_fail("pipe");
	pid = workload_fork();
	if (pid == 0)
		_exit(write(fd[1], "x", 1) != 1);
	close(fd[1]);
	if (read(fd[0], &byte, 1) != 1)
		workload_fail("read");
	workload_wait(pid);
	if (!leak)
		close(fd[0]);
}

int main(int argc, char **argv)
{
	return workload_loop(argc, argv, start_job);
}
