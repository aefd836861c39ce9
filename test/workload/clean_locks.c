// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_locks.c - a spool with locks that come and go: the parent locks a byte for each job and
 * unlocks it when the job is done, but for the last ten jobs; each child locks two bytes and ends
 * with them.
 */
#include <sys/file.h>
#include "spool.h"

#define KEPT 10

static void start_job(bool leak)
{
	static long job;
	pid_t child;

	(void)leak;
	set_lock(job, F_WRLCK);
	if (job >= KEPT)
		set_lock(job - KEPT, F_UNLCK);
	job++;
	child = workload_fork();
	if (child == 0) {
		set_lock(job + 10, F_RDLCK);
		set_lock(job + 20, F_RDLCK);
		_exit(flock(spool, LOCK_SH));
	}
	workload_wait(child);
}

int main(int argc, char **argv)
{
	open_spool();
	return workload_loop(argc, argv, start_job);
}
