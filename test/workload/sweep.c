// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * sweep.c - removes what workloads left behind.
 *
 * usage: sweep <FILE   the stdout of a workload: lines such as "shm 17" or "file /dev/shm/x";
 *                      others mean nothing to it
 */
#include <linux/keyctl.h>
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include "workload.h"

static int remove_one(const char *kind, const char *name)
{
	int id = atoi(name);

	if (strcmp(kind, "shm") == 0)
		return shmctl(id, IPC_RMID, NULL);
	if (strcmp(kind, "sem") == 0)
		return semctl(id, 0, IPC_RMID);
	if (strcmp(kind, "msg") == 0)
		return msgctl(id, IPC_RMID, NULL);
	if (strcmp(kind, "mqueue") == 0)
		return mq_unlink(name);
	if (strcmp(kind, "file") == 0)
		return unlink(name);
	if (strcmp(kind, "cgroup") == 0)
		return rmdir(name);
	if (strcmp(kind, "key") == 0)
		return (int)syscall(SYS_keyctl, KEYCTL_UNLINK, id, KEY_SPEC_USER_KEYRING);
	return 0;
}

int main(void)
{
	char kind[16], name[320];
	char line[400];

	while (fgets(line, sizeof(line), stdin))
		if (sscanf(line, "%15s %319s", kind, name) == 2 && remove_one(kind, name) &&
		    errno != ENOENT && errno != EINVAL)
			perror(line);
	return 0;
}
