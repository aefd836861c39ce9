// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_signal.c - each leaking child queues a signal with a value to its parent, which blocks it
 * and never takes it.
 */
#include <signal.h>
#include "workload.h"

static int send_signal(int number)
{
	union sigval value = {.sival_int = 1};

	return sigqueue(getppid(), number, value) != 0;
}

static void start_job(bool leak)
{
	sigset_t set;
	pid_t child = workload_fork();
	int number = leak ? SIGRTMIN : SIGRTMIN + 1;

	if (child == 0)
		_exit(send_signal(number));
	workload_wait(child);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	if (!leak && sigwaitinfo(&set, NULL) < 0)
		workload_fail("sigwaitinfo");
}

int main(int argc, char **argv)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigaddset(&set, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	workload_raise(RLIMIT_SIGPENDING);
	return workload_loop(argc, argv, start_job);
}
