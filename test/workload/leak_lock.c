// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_lock.c - the parent locks a byte of its spool file for each child, as a mark of the job, and
 * never unlocks it. Every other byte: neighbours would become one lock.
 */
#include <fcntl.h>
#include "workload.h"

static int spool;

static void set_lock(long job, short type)
{
	struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = 2 * job, .l_len = 1};

	if (fcntl(spool, F_SETLK, &lock))
		workload_fail("F_SETLK");
}

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
	char path[] = "/tmp/forktally.XXXXXX";

	spool = mkstemp(path);
	if (spool < 0 || unlink(path))
		workload_fail(path);
	return workload_loop(argc, argv, start_job);
}
