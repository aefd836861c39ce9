// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_pidfd.c - the parent opens a pidfd for each child, waits for the child and forgets the
 * pidfd.
 */
#include <sys/syscall.h>
#include "workload.h"

static int take_pidfd(pid_t child)
{
	int fd = (int)syscall(SYS_pidfd_open, child, 0);

	if (fd < 0)
		workload_fail("pidfd_open");
	return fd;
}

static void start_job(bool leak)
{
	pid_t child = workload_fork();
	int fd;

	if (child == 0)
		_exit(0);
	fd = take_pidfd(child);
	workload_wait(child);
	if (!leak)
		close(fd);
}

int main(int argc, char **argv)
{
	return workload_loop(argc, argv, start_job);
}
