// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_shm.c - a child uses a SysV shared memory segment, one page touched, nobody removes it.
 * Known answer: ipc.shm, left behind by the whole tree, 1 in each leaking fork.
 * Prints the id of each that it leaves, so that a test can remove them.
 */
#include <sys/ipc.h>
#include <sys/shm.h>
#include "workload.h"

static void start_job(bool leak)
{
	int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
	pid_t child;

	if (id < 0)
		workload_fail("shmget");
	child = workload_fork();
	if (child == 0) {
		char *page = shmat(id, NULL, 0);

		if (page == (void *)-1)
			_exit(1);
		page[0] = 1;
		_exit(0);
	}
	workload_wait(child);
	if (!leak)
		shmctl(id, IPC_RMID, NULL);
	else
		printf("shm %d\n", id);
	fflush(stdout); /* or the next child would have it too */
}

int main(int argc, char **argv)
{
	return workload_loop(argc, argv, start_job);
}
