// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_socket.c - the parent makes a UDP socket for each child and forgets it.
 * Known answer: fd.socket.inet, held by the parent, 1 socket in each leaking fork.
 */
#include <arpa/inet.h>
#include <sys/socket.h>
#include "workload.h"

static const struct answer answer = {"fd.socket.inet", "held", "kernel", 1, "a UDP socket"};

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
	struct workload w = workload_begin(argc, argv, 211, &answer);

	for (long i = 0; i < w.forks; i++)
		start_job(workload_leaks(&w, i));
	return workload_end(&w);
}
