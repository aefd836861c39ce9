// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_closewait.c - each child connects to its parent, gets a byte and hangs up; the parent
 * forgets to close its side, which stays in CLOSE_WAIT. Of the child's side the kernel keeps a
 * small socket that waits for the parent: here for a second, usually for a minute.
 */
#include "connection.h"

static int listener;

static int be_client(int fd)
{
	int second = 1;
	char byte;

	return setsockopt(fd, IPPROTO_TCP, TCP_LINGER2, &second, sizeof(second)) ||
	       read(fd, &byte, 1) != 1;
}

static void start_job(bool leak)
{
	connection_job(listener, be_client, leak);
}

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);

	listener = connection_listen(16);
	for (long i = 0; i < w.forks; i++)
		start_job(workload_leaks(&w, i));
	if (w.hold)
		sleep(3); /* the small sockets go */
	return workload_end(&w);
}
