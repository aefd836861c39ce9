// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_key.c - each child adds a key of 100 bytes to the keyring of its user; nobody unlinks it.
 * The kernel lets them expire after ten minutes, should nobody sweep.
 */
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include "workload.h"

static int take_key(const char *name)
{
	static const char secret[100];
	long key =
	    syscall(SYS_add_key, "user", name, secret, sizeof(secret), KEY_SPEC_USER_KEYRING);

	return key < 0 || syscall(SYS_keyctl, KEYCTL_SET_TIMEOUT, key, 600);
}

static void start_job(bool leak)
{
	static long job;
	char name[64];
	pid_t child;
	long key;

	snprintf(name, sizeof(name), "forktally:%d:%ld", (int)getpid(), job++);
	child = workload_fork();
	if (child == 0)
		_exit(take_key(name));
	workload_wait(child);
	key = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", name, 0);
	if (key < 0)
		workload_fail("add_key");
	if (leak)
		workload_left("key %ld", key);
	else
		syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING);
}

int main(int argc, char **argv)
{
	return workload_loop(argc, argv, start_job);
}
