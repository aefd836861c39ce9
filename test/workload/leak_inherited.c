// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_inherited.c - the program makes a pipe for each child and closes both ends as it should; the
 * child starts a grandchild ("grandchild") that has inherited them and sleeps (60 s at most):
 * neither it nor the pipe has ended when the program does.
 */
#include <sys/prctl.h>
#include "workload.h"

/* With a frame of its own: two calls of fork() in one frame are one place to forktally. */
__attribute__((noinline)) static void start_grandchild(void)
{
	if (workload_fork() == 0) {
		prctl(PR_SET_NAME, "grandchild");
		sleep(60);
		_exit(0);
	}
}

static void start_job(bool leak)
{
	int fd[2];
	pid_t child;

	if (pipe(fd))
		workload_fail("pipe");
	child = workload_fork();
	if (child == 0) {
		if (leak)
			start_grandchild();
		_exit(0);
	}
	workload_wait(child);
	close(fd[0]);
	close(fd[1]);
}

int main(int argc, char **argv)
{
	return workload_loop(argc, argv, start_job);
}
