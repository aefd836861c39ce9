// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_tmpfs_file.c - each child writes a file of one page on a tmpfs (a mount of its parent's
 * own); nobody removes it.
 */
#include <fcntl.h>
#include "workload.h"

static int take_file(const char *path)
{
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);

	return fd < 0 || write(fd, "x", 1) != 1;
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
		_exit(take_file(path));
	if (waitpid(child, &status, 0) != child || status)
		workload_fail(path);
	if (!leak)
		unlink(path);
}

int main(int argc, char **argv)
{
	workload_mount("tmpfs");
	return workload_loop(argc, argv, start_job);
}
