// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_fd_passing.c - each child makes a pipe and hands one end to its parent through a socket;
 * the parent closes it. What the child was charged is returned by its parent. Known answer: clean.
 */
#include <sys/socket.h>
#include "workload.h"

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static void send_fd(int sock, int fd)
{
	char byte = 'x';
	struct iovec iov = {&byte, 1};
	union control control = {.bytes = {0}};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	if (sendmsg(sock, &msg, 0) != 1)
		_exit(1);
}

static int receive_fd(int sock)
{
	char byte;
	struct iovec iov = {&byte, 1};
	union control control;
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	int fd;

	if (recvmsg(sock, &msg, 0) != 1 || !CMSG_FIRSTHDR(&msg))
		workload_fail("recvmsg");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);
	int sock[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sock))
		workload_fail("socketpair");
	for (long i = 0; i < w.forks; i++) {
		pid_t pid = workload_fork();

		if (pid == 0) {
			int fd[2];

			if (pipe(fd))
				_exit(1);
			send_fd(sock[1], fd[0]);
			_exit(0);
		}
		close(receive_fd(sock[0]));
		workload_wait(pid);
	}
	return workload_end(&w);
}
