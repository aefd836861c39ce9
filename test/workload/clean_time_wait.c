// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_time_wait.c - each child connects to its parent over TCP; the parent hangs up first, so
 * that its side stays in TIME_WAIT for a minute after everybody is gone.
 */
#include <arpa/inet.h>
#include <sys/socket.h>
#include "workload.h"

static struct sockaddr_in address = {.sin_family = AF_INET};

static int be_client(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char byte;

	return connect(fd, (void *)&address, sizeof(address)) || read(fd, &byte, 1) != 0;
}

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t length = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (listener < 0 || bind(listener, (void *)&address, length) || listen(listener, 16) ||
	    getsockname(listener, (void *)&address, &length))
		workload_fail("listen");
	for (long i = 0; i < w.forks; i++) {
		pid_t child = workload_fork();
		int fd;

		if (child == 0)
			_exit(be_client());
		fd = accept(listener, NULL, NULL);
		if (fd < 0)
			workload_fail("accept");
		close(fd);
		workload_wait(child);
	}
	return workload_end(&w);
}
