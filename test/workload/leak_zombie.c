// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_zombie.c - the parent never waits for its leaking children.
 * Known answer: zombie, held by the parent, 1 child in each leaking fork.
 */
#include "workload.h"

static void start_job(bool leak)
{
	pid_t pid = workload_fork();

	if (pid == 0)
		_exit(0);
	if (!leak)
		workload_wait(pid);
}

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);

	for (long i = 0; i < w.forks; i++)
		start_job(workload_leaks(&w, i));
	sleep(1); /* the last children are to be zombies, not dying, when their parent ends */
	return workload_end(&w);
}
