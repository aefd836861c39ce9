// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_sem.c - a child uses a SysV semaphore set, nobody removes it.
 * Known answer: ipc.sem, left behind by the whole tree, 1 in each leaking fork.
 * Prints the id of each that it leaves, so that a test can remove them.
 */
#include <sys/ipc.h>
#include <sys/sem.h>
#include "workload.h"

static void start_job(bool leak)
{
	int id = semget(IPC_PRIVATE, 3, IPC_CREAT | 0600);
	pid_t child;

	if (id < 0)
		workload_fail("semget");
	child = workload_fork();
	if (child == 0)
		_exit(semctl(id, 0, GETVAL) != 0);
	workload_wait(child);
	if (!leak)
		semctl(id, 0, IPC_RMID);
	else
		printf("sem %d\n", id);
	fflush(stdout); /* or the next child would have it too */
}

int main(int argc, char **argv)
{
	return workload_loop(argc, argv, start_job);
}
