// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_handed.c - the program makes a pipe for each fork and closes both ends as it should. But
 * first it hands one to a grandchild ("grandchild"), which was to log from it and never closes it.
 */
#include <sys/prctl.h>
#include <sys/socket.h>
#include "workload.h"

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static int channel[2];

static void hand_over(int fd)
{
	struct iovec iov = {"x", 1};
	union control control = {.bytes = {0}};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	char byte;

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
	if (sendmsg(channel[0], &msg, 0) != 1 || read(channel[0], &byte, 1) != 1)
		workload_fail("sendmsg");
}

/* Keeps what it gets ('x') unless it is told to close it ('c'); ends with its master. */
static void be_grandchild(void)
{
	char byte;
	struct iovec iov = {&byte, 1};
	union control control;
	int fd = -1;

	prctl(PR_SET_NAME, "grandchild");
	close(channel[0]);
	for (;;) {
		struct msghdr msg = {.msg_iov = &iov,
				     .msg_iovlen = 1,
				     .msg_control = &control,
				     .msg_controllen = sizeof(control)};

		if (recvmsg(channel[1], &msg, 0) != 1)
			_exit(0);
		if (CMSG_FIRSTHDR(&msg))
			memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
		else
			close(fd);
		if (write(channel[1], "d", 1) != 1)
			_exit(1);
	}
}

static void start_job(bool leak)
{
	int fd[2];
	char byte;

	if (pipe(fd))
		workload_fail("pipe");
	hand_over(fd[0]);
	workload_fork_and_wait();
	close(fd[0]);
	close(fd[1]);
	if (!leak && (write(channel[0], "c", 1) != 1 || read(channel[0], &byte, 1) != 1))
		workload_fail("write");
}

int main(int argc, char **argv)
{
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel))
		workload_fail("socketpair");
	child = workload_fork();
	if (child == 0) {
		if (workload_fork() == 0)
			be_grandchild();
		_exit(0);
	}
	workload_wait(child);
	close(channel[1]);
	return workload_loop(argc, argv, start_job);
}
