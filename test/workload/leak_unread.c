// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_unread.c - each leaking child sends its report of 1000 bytes to its parent, which never
 * reads it; the others' it does, at a socket of theirs. One socket has no room for all, so there
 * are more, all made before the first fork.
 */
#include <sys/socket.h>
#include "workload.h"

#define REPORT_BYTES	  1000
#define REPORTS_OF_SOCKET 50

static int (*channel)[2];

static int send_report(int sock)
{
	static const char report[REPORT_BYTES];

	return send(sock, report, sizeof(report), MSG_DONTWAIT) != sizeof(report);
}

static void start_job(bool leak)
{
	static long leaks;
	int *own = leak ? channel[1 + leaks++ / REPORTS_OF_SOCKET] : channel[0], status;
	char report[REPORT_BYTES];
	pid_t child = workload_fork();

	if (child == 0)
		_exit(send_report(own[1]));
	if (waitpid(child, &status, 0) != child || status)
		workload_fail("send");
	if (!leak && recv(own[0], report, sizeof(report), 0) != sizeof(report))
		workload_fail("recv");
}

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);
	long channels = w.forks / REPORTS_OF_SOCKET + 2;

	channel = calloc(channels, sizeof(*channel));
	for (long i = 0; i < channels; i++)
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel[i]))
			workload_fail("socketpair");
	return workload_loop(argc, argv, start_job);
}
