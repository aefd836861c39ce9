// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_child_running.c - leaking children wait for something that never comes; nobody ends them.
 * They die with their parent.
 */
#include <signal.h>
#include <sys/prctl.h>
#include "workload.h"

static int ready[2]; /* one pipe for all: a byte from each child that waits */

static pid_t start_child(bool leak)
{
	pid_t parent = getpid(), pid = workload_fork();
	char byte = 0;

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (write(ready[1], &byte, 1) == 1 && leak && getppid() == parent)
			pause();
		_exit(0);
	}
	if (read(ready[0], &byte, 1) != 1)
		workload_fail("read");
	return pid;
}

static void start_job(bool leak)
{
	pid_t pid = start_child(leak);

	if (!leak)
		workload_wait(pid);
}

int main(int argc, char **argv)
{
	if (pipe(ready))
		workload_fail("pipe");
	return workload_loop(argc, argv, start_job);
}
