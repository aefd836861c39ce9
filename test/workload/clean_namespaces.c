// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_namespaces.c - each child has a UTS, an IPC and a mount namespace of its own (unprivileged:
 * in a user namespace), which the kernel takes down some time after it has ended.
 */
#include <sched.h>
#include "workload.h"

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);
	int flags = CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNS | (geteuid() ? CLONE_NEWUSER : 0);

	for (long i = 0; i < w.forks; i++) {
		pid_t pid = workload_fork();
		int status;

		if (pid == 0)
			_exit(unshare(flags) ? errno : 0);
		if (waitpid(pid, &status, 0) != pid)
			workload_fail("waitpid");
		errno = WEXITSTATUS(status);
		if (errno)
			workload_fail("unshare");
	}
	return workload_end(&w);
}
