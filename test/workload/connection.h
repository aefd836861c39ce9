/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * connection.h - TCP over the loopback interface, for workloads whose children connect to their
 * parent. A port is taken again after some thousand connections, and then may meet what is left of
 * the first that had it: so each child has an address of its own.
 */
#ifndef CONNECTION_H
#define CONNECTION_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include "workload.h"

static struct sockaddr_in server = {.sin_family = AF_INET};

/* A socket that listens on a free port, with room for @backlog connections. */
static int connection_listen(int backlog)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t length = sizeof(server);

	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (void *)&server, length) || listen(fd, backlog) ||
	    getsockname(fd, (void *)&server, &length))
		workload_fail("listen");
	return fd;
}

/* In child number @n: a connection to the server. */
static int connection_open(unsigned int n)
{
	struct sockaddr_in mine = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + n)};
	int fd = socket(AF_INET, SOCK_STREAM, 0), late = 1;

	if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &late, sizeof(late)) ||
	    bind(fd, (void *)&mine, sizeof(mine)) || connect(fd, (void *)&server, sizeof(server)))
		workload_fail("connect");
	return fd;
}

/* The next connection, which is told so by a byte. */
__attribute__((unused)) static int take_connection(int listener)
{
	int fd = accept(listener, NULL, NULL);

	if (fd < 0 || write(fd, "x", 1) != 1)
		workload_fail("accept");
	return fd;
}

/* One child that connects and does @client: that gets its connection, and returns its status. */
__attribute__((unused)) static void connection_job(int listener, int (*client)(int fd), bool leak)
{
	static unsigned int jobs;
	pid_t child = workload_fork();
	int fd;

	if (child == 0)
		_exit(client(connection_open(jobs)));
	jobs++;
	fd = take_connection(listener);
	workload_wait(child);
	if (!leak)
		close(fd);
}

#endif
