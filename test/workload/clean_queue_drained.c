// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_queue_drained.c - children send their reports through a unix socket, a POSIX message queue
 * and real-time signals; the parent takes them only after every eighth child.
 */
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <sys/socket.h>
#include "workload.h"

#define BATCH 8

static int sock[2];
static mqd_t queue;
static sigset_t set;

static int report(void)
{
	static const char text[1000];
	union sigval value = {.sival_int = 1};

	return send(sock[1], text, sizeof(text), 0) != sizeof(text) ||
	       mq_send(queue, text, 64, 0) || sigqueue(getppid(), SIGRTMIN, value);
}

static void drain(void)
{
	struct timespec now = {0, 0};
	char text[1000];

	while (recv(sock[0], text, sizeof(text), MSG_DONTWAIT) > 0)
		;
	while (mq_receive(queue, text, sizeof(text), NULL) > 0)
		;
	while (sigtimedwait(&set, NULL, &now) > 0)
		;
}

int main(int argc, char **argv)
{
	struct mq_attr attr = {.mq_maxmsg = BATCH, .mq_msgsize = 64};
	struct workload w = workload_begin(argc, argv);
	char name[64];

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	snprintf(name, sizeof(name), "/forktally.%d", (int)getpid());
	queue = mq_open(name, O_CREAT | O_EXCL | O_RDWR | O_NONBLOCK, 0600, &attr);
	if (queue == (mqd_t)-1 || mq_unlink(name) || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sock))
		workload_fail("queues");
	for (long i = 0; i < w.forks; i++) {
		pid_t pid = workload_fork();

		if (pid == 0)
			_exit(report());
		workload_wait(pid);
		if (i % BATCH == BATCH - 1)
			drain();
	}
	return workload_end(&w);
}
