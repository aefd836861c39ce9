// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_closewait.c - each child connects to its parent, gets a byte and hangs up; the parent
 * forgets to close its side, which stays in CLOSE_WAIT. Of the child's side the kernel keeps a
 * small socket that waits for the parent: here for a second, usually for a minute.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include "workload.h"

static struct sockaddr_in address = {.sin_family = AF_INET};
static int listener;

static int be_client(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), second = 1;
	char byte;

	if (setsockopt(fd, IPPROTO_TCP, TCP_LINGER2, &second, sizeof(second)))
		return 1;
	return connect(fd, (void *)&address, sizeof(address)) || read(fd, &byte, 1) != 1;
}

static int take_connection(void)
{
	int fd = accept(listener, NULL, NULL);

	if (fd < 0 || write(fd, "x", 1) != 1)
		workload_fail("accept");
	return fd;
}

static void start_job(bool leak)
{
	pid_t child = workload_fork();
	int fd;

	if (child == 0)
		_exit(be_client());
	fd = take_connection();
	workload_wait(child);
	if (!leak)
		close(fd);
}

int main(int argc, char **argv)
{
	socklen_t length = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (void *)&address, length) || listen(listener, 16) ||
	    getsockname(listener, (void *)&address, &length))
		workload_fail("listen");
	return workload_loop(argc, argv, start_job);
}
