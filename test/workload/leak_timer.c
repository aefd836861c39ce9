// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_timer.c - the parent makes a POSIX timer for each child, as for a timeout, and never deletes
 * it.
 */
#include <signal.h>
#include <time.h>
#include "workload.h"

static timer_t take_timer(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &event, &timer))
		workload_fail("timer_create");
	return timer;
}

static void start_job(bool leak)
{
	timer_t timer = take_timer();

	workload_fork_and_wait();
	if (!leak)
		timer_delete(timer);
}

int main(int argc, char **argv)
{
	workload_raise(RLIMIT_SIGPENDING);
	return workload_loop(argc, argv, start_job);
}
