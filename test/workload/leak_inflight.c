// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_inflight.c - each leaking child makes a pipe and sends its end for reading to its parent,
 * which never receives it: the pipe lives on in the message. One socket has no room for all, so
 * there are more, all made before the first fork.
 */
#include <sys/socket.h>
#include "workload.h"

#define MESSAGES_OF_SOCKET 50

static int (*channel)[2];

static int send_pipe(int sock)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.bytes = {0}};
	struct iovec iov = {"x", 1};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	int fd[2];

	if (pipe(fd))
		return 1;
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), fd, sizeof(int));
	return sendmsg(sock, &msg, MSG_DONTWAIT) != 1;
}

static void start_job(bool leak)
{
	static long leaks;
	int *own = leak ? channel[1 + leaks++ / MESSAGES_OF_SOCKET] : channel[0], status;
	char byte;
	pid_t child = workload_fork();

	if (child == 0)
		_exit(send_pipe(own[1]));
	if (waitpid(child, &status, 0) != child || status)
		workload_fail("sendmsg");
	if (!leak && recv(own[0], &byte, 1, 0) != 1) /* no room for the descriptor: it is closed */
		workload_fail("recv");
}

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);
	long channels = w.forks / MESSAGES_OF_SOCKET + 2;

	channel = calloc(channels, sizeof(*channel));
	for (long i = 0; i < channels; i++)
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel[i]))
			workload_fail("socketpair");
	return workload_loop(argc, argv, start_job);
}
