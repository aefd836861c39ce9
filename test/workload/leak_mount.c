// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_mount.c - the parent binds a directory over itself for each child, as container tools do,
 * and never unmounts it.
 */
#include <sys/stat.h>
#include "workload.h"

static void take_mount(const char *path)
{
	if (mount(path, path, NULL, MS_BIND, NULL))
		workload_fail("mount");
}

static void start_job(bool leak)
{
	take_mount("/mnt/job");
	workload_fork_and_wait();
	if (!leak)
		umount("/mnt/job");
}

int main(int argc, char **argv)
{
	workload_mount("tmpfs");
	if (mkdir("/mnt/job", 0700))
		workload_fail("/mnt/job");
	return workload_loop(argc, argv, start_job);
}
