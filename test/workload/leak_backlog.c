// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_backlog.c - each leaking child connects to a unix socket of its parent, sends a report and a
 * descriptor, and ends; the parent never accepts. The other children only end.
 */
#include <sys/socket.h>
#include <sys/un.h>
#include "workload.h"

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static socklen_t length = sizeof(address);

static void send_report(int fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.head = {.cmsg_len = CMSG_LEN(sizeof(int)),
			      .cmsg_level = SOL_SOCKET,
			      .cmsg_type = SCM_RIGHTS}};
	char report[1000] = {0};
	struct iovec data = {report, sizeof(report)};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	int ends[2];

	if (pipe(ends))
		workload_fail("pipe");
	memcpy(CMSG_DATA(&control.head), ends, sizeof(ends[0]));
	if (sendmsg(fd, &message, 0) != sizeof(report))
		workload_fail("sendmsg");
}

static void call_parent(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (void *)&address, length))
		workload_fail("connect");
	send_report(fd);
}

static void start_job(bool leak)
{
	pid_t child = workload_fork();

	if (child == 0) {
		if (leak)
			call_parent();
		_exit(0);
	}
	workload_wait(child);
}

int main(int argc, char **argv)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	/* An abstract name that the kernel finds. */
	if (fd < 0 || bind(fd, (void *)&address, sizeof(sa_family_t)) || listen(fd, 4096) ||
	    getsockname(fd, (void *)&address, &length))
		workload_fail("listen");
	return workload_loop(argc, argv, start_job);
}
