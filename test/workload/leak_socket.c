// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_socket.c - the parent makes a UDP socket for each child and forgets it.
 * Known answer: fd.socket.inet, held by the parent, 1 socket in each leaking fork.
 */
#include <arpa/inet.h>
#include <sys/socket.h>
#include "workload.h"

static void start_job(bool leak)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		workload_fail("socket");
	workload_fork_and_wait();
	if (!leak)
		close(fd);
}

int main(int argc, char **argv)
{
	return workload_loop(argc, argv, start_job);
}
