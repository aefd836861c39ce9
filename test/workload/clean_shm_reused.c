// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_shm_reused.c - all children attach one SysV shared memory segment and one semaphore set,
 * and write to it; both are removed at the end.
 */
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include "workload.h"

#define SHARED_BYTES (16 * 4096)

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);
	int shm = shmget(IPC_PRIVATE, SHARED_BYTES, IPC_CREAT | 0600);
	int sem = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);

	if (shm < 0 || sem < 0)
		workload_fail("shmget");
	for (long i = 0; i < w.forks; i++) {
		pid_t pid = workload_fork();

		if (pid == 0) {
			struct sembuf up = {.sem_op = 1, .sem_flg = SEM_UNDO};
			char *memory = shmat(shm, NULL, 0);

			if (memory == (void *)-1 || semop(sem, &up, 1))
				_exit(1);
			workload_write(memory, SHARED_BYTES, (int)i);
			_exit(0);
		}
		workload_wait(pid);
	}
	workload_end(&w);
	return shmctl(shm, IPC_RMID, NULL) || semctl(sem, 0, IPC_RMID);
}
