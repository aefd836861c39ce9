// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_namespace.c - each child makes a UTS namespace and gives it a name by a mount, as `ip netns`
 * does; nobody ever unmounts it.
 */
#include <fcntl.h>
#include <sched.h>
#include "workload.h"

static int take_namespace(const char *path)
{
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);

	if (fd < 0 || close(fd) || unshare(CLONE_NEWUTS))
		return 1;
	return mount("/proc/self/ns/uts", path, NULL, MS_BIND, NULL) != 0;
}

static void start_job(bool leak)
{
	static long job;
	char path[64];
	pid_t child;
	int status;

	snprintf(path, sizeof(path), "/mnt/job.%ld", job++);
	child = workload_fork();
	if (child == 0)
		_exit(take_namespace(path));
	if (waitpid(child, &status, 0) != child || status)
		workload_fail("unshare");
	if (!leak && (umount(path) || unlink(path)))
		workload_fail("umount");
}

int main(int argc, char **argv)
{
	workload_mount("tmpfs");
	return workload_loop(argc, argv, start_job);
}
