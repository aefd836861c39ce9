// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_cgroup.c - the parent makes a control group for each child and never removes it.
 */
#include <sys/stat.h>
#include "hierarchy.h"

static void take_cgroup(const char *path)
{
	if (mkdir(path, 0755))
		workload_fail(path);
}

static void start_job(bool leak)
{
	static long job;
	char path[320];

	snprintf(path, sizeof(path), "%s/forktally-leak.%d.%ld", root, (int)getpid(), job++);
	take_cgroup(path);
	workload_fork_and_wait();
	if (leak)
		workload_left("cgroup %s", path);
	else
		rmdir(path);
}

int main(int argc, char **argv)
{
	find_hierarchy();
	return workload_loop(argc, argv, start_job);
}
