// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_keys.c - each child has a session keyring of its own with a key in it, both of which end
 * with it, and adds a key to the keyring of its user, which the parent unlinks.
 */
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include "workload.h"

static long add_key(const char *name, int ring)
{
	return syscall(SYS_add_key, "user", name, name, strlen(name), ring);
}

static void start_job(bool leak)
{
	static long job;
	char name[64];
	pid_t child;
	long key;

	(void)leak;
	snprintf(name, sizeof(name), "forktally:%d:%ld", (int)getpid(), job++);
	child = workload_fork();
	if (child == 0) {
		if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
			_exit(1);
		_exit(add_key("session", KEY_SPEC_SESSION_KEYRING) < 0 ||
		      add_key(name, KEY_SPEC_USER_KEYRING) < 0);
	}
	workload_wait(child);
	key = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", name, 0);
	/* The child had no room: what ended counts until the kernel collects it. */
	if (key < 0 && errno == ENOKEY)
		errno = EDQUOT;
	if (key < 0 || syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING))
		workload_fail("add_key");
}

int main(int argc, char **argv)
{
	return workload_loop(argc, argv, start_job);
}
