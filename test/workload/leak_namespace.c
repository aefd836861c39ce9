// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_namespace.c - each child makes a UTS namespace and gives it a name by a mount, as `ip netns`
 * does; nobody ever unmounts it.
 */
#include <fcntl.h>
#include <sched.h>
#include "workload.h"

static const char name[] = "/mnt/name";

static int take_namespace(void)
{
	return unshare(CLONE_NEWUTS) || mount("/proc/self/ns/uts", name, NULL, MS_BIND, NULL);
}

static void start_job(bool leak)
{
	pid_t child = workload_fork();
	int status;

	if (child == 0)
		_exit(take_namespace());
	if (waitpid(child, &status, 0) != child || status)
		workload_fail("unshare");
	if (!leak && umount(name))
		workload_fail("umount");
}

int main(int argc, char **argv)
{
	int fd;

	workload_mount("tmpfs");
	fd = open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		workload_fail(name);
	close(fd);
	return workload_loop(argc, argv, start_job);
}
