// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_thread_unjoined.c - the parent starts a thread for each child; the thread ends, but nobody
 * joins it: its stack stays.
 */
#include <limits.h>
#include <pthread.h>
#include "workload.h"

static void *work(void *arg)
{
	return arg;
}

static pthread_t take_thread(void)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, PTHREAD_STACK_MIN);
	errno = pthread_create(&thread, &attr, work, NULL);
	if (errno)
		workload_fail("pthread_create");
	pthread_attr_destroy(&attr);
	return thread;
}

static void start_job(bool leak)
{
	pthread_t thread = take_thread();

	workload_fork_and_wait();
	if (!leak)
		pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	return workload_loop(argc, argv, start_job);
}
