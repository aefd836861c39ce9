// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_handed_over.c - the parent makes a pipe for each child and hands its end for reading to a
 * logger (its first child), which reads what the child wrote and closes it.
 */
#include <sys/socket.h>
#include "workload.h"

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static void hand_over(int sock, int fd)
{
	struct iovec iov = {"x", 1};
	union control control = {.bytes = {0}};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
	if (sendmsg(sock, &msg, 0) != 1)
		workload_fail("sendmsg");
	close(fd);
}

static void be_logger(int sock)
{
	char byte, line[64];
	struct iovec iov = {&byte, 1};
	union control control;
	int fd;

	for (;;) {
		struct msghdr msg = {.msg_iov = &iov,
				     .msg_iovlen = 1,
				     .msg_control = &control,
				     .msg_controllen = sizeof(control)};

		if (recvmsg(sock, &msg, 0) != 1 || !CMSG_FIRSTHDR(&msg))
			_exit(0);
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
		while (read(fd, line, sizeof(line)) > 0)
			;
		close(fd);
	}
}

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);
	int sock[2], fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sock))
		workload_fail("socketpair");
	if (workload_fork() == 0) {
		close(sock[0]);
		be_logger(sock[1]);
	}
	for (long i = 1; i < w.forks; i++) {
		pid_t pid;

		if (pipe(fd))
			workload_fail("pipe");
		pid = workload_fork();
		if (pid == 0)
			_exit(write(fd[1], "line\n", 5) != 5);
		close(fd[1]);
		hand_over(sock[0], fd[0]);
		workload_wait(pid);
	}
	close(sock[0]);
	while (waitpid(-1, NULL, 0) > 0)
		;
	return workload_end(&w);
}
