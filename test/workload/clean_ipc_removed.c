// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_ipc_removed.c - each child makes a SysV queue, a segment and a semaphore set, and its
 * parent removes them after it has ended.
 */
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include "workload.h"

struct job {
	int msg, sem, shm;
};

static int make_all(int say)
{
	struct job job = {.msg = msgget(IPC_PRIVATE, IPC_CREAT | 0600),
			  .sem = semget(IPC_PRIVATE, 2, IPC_CREAT | 0600),
			  .shm = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600)};
	struct {
		long type;
		char text[500];
	} message = {.type = 1};
	char *page = shmat(job.shm, NULL, 0);

	if (page != (void *)-1)
		page[0] = 1;
	msgsnd(job.msg, &message, sizeof(message.text), IPC_NOWAIT);
	return write(say, &job, sizeof(job)) != sizeof(job);
}

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);
	int fd[2];

	if (pipe(fd))
		workload_fail("pipe");
	for (long i = 0; i < w.forks; i++) {
		pid_t pid = workload_fork();
		struct job job;

		if (pid == 0)
			_exit(make_all(fd[1]));
		workload_wait(pid);
		if (read(fd[0], &job, sizeof(job)) != sizeof(job) ||
		    msgctl(job.msg, IPC_RMID, NULL) || semctl(job.sem, 0, IPC_RMID) ||
		    shmctl(job.shm, IPC_RMID, NULL))
			workload_fail("removing");
	}
	return workload_end(&w);
}
