// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_mqueue.c - the parent makes a POSIX message queue for each child and closes it, but never
 * removes its name.
 */
#include <fcntl.h>
#include <mqueue.h>
#include "workload.h"

static void take_mqueue(const char *name)
{
	struct mq_attr attr = {.mq_maxmsg = 1, .mq_msgsize = 64};
	mqd_t queue = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &attr);

	if (queue == (mqd_t)-1)
		workload_fail("mq_open");
	mq_close(queue);
}

static void start_job(bool leak)
{
	static long job;
	char name[64];

	snprintf(name, sizeof(name), "/forktally.%d.%ld", (int)getpid(), job++);
	take_mqueue(name);
	workload_fork_and_wait();
	if (leak)
		workload_left("mqueue %s", name);
	else
		mq_unlink(name);
}

int main(int argc, char **argv)
{
	workload_raise(RLIMIT_MSGQUEUE);
	return workload_loop(argc, argv, start_job);
}
