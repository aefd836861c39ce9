// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_negative_dentry.c - each child and its parent ask for files that do not exist, under ever
 * new names: the kernel remembers that (cache, dropped on demand). A long name does not fit into
 * the dentry and is remembered apart.
 */
#include "workload.h"

static void ask(long i)
{
	char path[128];

	for (int k = 0; k < 10; k++) {
		snprintf(path, sizeof(path), "/tmp/forktally.%d.%ld.%0*d", (int)getpid(), i,
			 k % 2 ? 80 : 1, k);
		access(path, F_OK);
	}
}

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);

	for (long i = 0; i < w.forks; i++) {
		pid_t pid = workload_fork();

		ask(i);
		if (pid == 0)
			_exit(0);
		workload_wait(pid);
	}
	return workload_end(&w);
}
