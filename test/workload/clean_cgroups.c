// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_cgroups.c - the parent makes a control group for each child, which runs in it, and removes
 * it when the child has ended.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include "hierarchy.h"

static void make_cgroup(const char *path)
{
	if (mkdir(path, 0755))
		workload_fail(path);
}

static int enter(const char *path)
{
	char procs[360];
	int fd;

	snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
	fd = open(procs, O_WRONLY);
	return fd < 0 || write(fd, "0", 1) != 1;
}

static void start_job(bool leak)
{
	static long job;
	char path[320];
	pid_t child;

	(void)leak;
	snprintf(path, sizeof(path), "%s/forktally-job.%d.%ld", root, (int)getpid(), job++);
	make_cgroup(path);
	child = workload_fork();
	if (child == 0)
		_exit(enter(path));
	workload_wait(child);
	if (rmdir(path))
		workload_fail("rmdir");
}

int main(int argc, char **argv)
{
	find_hierarchy();
	return workload_loop(argc, argv, start_job);
}
