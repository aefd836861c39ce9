// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_shm_file.c - each child makes a POSIX shared memory object of one page; nobody removes it.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include "workload.h"

static int take_shm(const char *name)
{
	int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);

	return fd < 0 || write(fd, "x", 1) != 1;
}

static void start_job(bool leak)
{
	static long job;
	char name[64];
	pid_t child;
	int status;

	snprintf(name, sizeof(name), "/forktally.%d.%ld", (int)getpid(), job++);
	child = workload_fork();
	if (child == 0)
		_exit(take_shm(name));
	if (waitpid(child, &status, 0) != child || status)
		workload_fail("shm_open");
	if (leak)
		workload_left("file /dev/shm%s", name);
	else
		shm_unlink(name);
}

int main(int argc, char **argv)
{
	return workload_loop(argc, argv, start_job);
}
