// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_lock.c - the parent locks a byte of its spool file for each child, as a mark of the job, and
 * never unlocks it.
 */
#include "spool.h"

static void start_job(bool leak)
{
	static long job;

	set_lock(job, F_WRLCK);
	workload_fork_and_wait();
	if (!leak)
		set_lock(job, F_UNLCK);
	job++;
}

int main(int argc, char **argv)
{
	open_spool();
	return workload_loop(argc, argv, start_job);
}
