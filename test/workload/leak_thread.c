// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_thread.c - the parent starts a thread for each child, to watch over it, and forgets to end
 * it.
 */
#include <limits.h>
#include <pthread.h>
#include "workload.h"

static void *watch(void *forever)
{
	while (forever)
		pause();
	return NULL;
}

static pthread_t take_thread(bool leak)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, PTHREAD_STACK_MIN);
	errno = pthread_create(&thread, &attr, watch, leak ? "forever" : NULL);
	if (errno)
		workload_fail("pthread_create");
	pthread_attr_destroy(&attr);
	return thread;
}

static void start_job(bool leak)
{
	pthread_t thread = take_thread(leak);

	workload_fork_and_wait();
	if (!leak)
		pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	return workload_loop(argc, argv, start_job);
}
