// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_sem_file.c - each child makes a named POSIX semaphore and closes it; nobody removes it.
 */
#include <fcntl.h>
#include <semaphore.h>
#include "workload.h"

static int take_sem(const char *name)
{
	sem_t *sem = sem_open(name, O_CREAT | O_EXCL, 0600, 1);

	return sem == SEM_FAILED || sem_close(sem);
}

static void start_job(bool leak)
{
	static long job;
	char name[64];
	pid_t child;
	int status;

	snprintf(name, sizeof(name), "forktally.%d.%ld", (int)getpid(), job++);
	child = workload_fork();
	if (child == 0)
		_exit(take_sem(name));
	if (waitpid(child, &status, 0) != child || status)
		workload_fail("sem_open");
	if (leak)
		workload_left("file /dev/shm/sem.%s", name);
	else
		sem_unlink(name);
}

int main(int argc, char **argv)
{
	return workload_loop(argc, argv, start_job);
}
