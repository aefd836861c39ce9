// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_timers.c - the parent makes a POSIX timer for each child, as for a timeout, and deletes it
 * twenty children later: at its end it has twenty, as ever.
 */
#include <signal.h>
#include <time.h>
#include "workload.h"

#define RING 20

int main(int argc, char **argv)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
	struct workload w = workload_begin(argc, argv);
	timer_t timers[RING];

	for (long i = 0; i < w.forks; i++) {
		if (i >= RING)
			timer_delete(timers[i % RING]);
		if (timer_create(CLOCK_MONOTONIC, &event, &timers[i % RING]))
			workload_fail("timer_create");
		workload_fork_and_wait();
	}
	return workload_end(&w);
}
