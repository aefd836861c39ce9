// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_msg.c - a child uses a SysV message queue with one message of 1000 bytes, nobody removes it.
 * Known answer: ipc.msg, left behind by the whole tree, 1 in each leaking fork.
 * Prints the id of each that it leaves, so that a test can remove them.
 */
#include <sys/ipc.h>
#include <sys/msg.h>
#include "workload.h"

static void start_job(bool leak)
{
	int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
	pid_t child;

	if (id < 0)
		workload_fail("msgget");
	child = workload_fork();
	if (child == 0) {
		struct {
			long type;
			char text[1000];
		} message = {.type = 1};

		_exit(msgsnd(id, &message, sizeof(message.text), IPC_NOWAIT) != 0);
	}
	workload_wait(child);
	if (!leak)
		msgctl(id, IPC_RMID, NULL);
	else
		printf("msg %d\n", id);
	fflush(stdout); /* or the next child would have it too */
}

int main(int argc, char **argv)
{
	return workload_loop(argc, argv, start_job);
}
