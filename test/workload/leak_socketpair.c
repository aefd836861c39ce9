// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_socketpair.c - the parent makes a socket pair for each child and forgets both ends.
 * Known answer: fd.socket.unix, held by the parent, 2 sockets in each leaking fork.
 */
#include <sys/socket.h>
#include "workload.h"

static void start_job(bool leak)
{
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd))
		workload_fail("socketpair");
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
