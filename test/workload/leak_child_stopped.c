// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_child_stopped.c - leaking children are stopped by a signal, and nobody continues or ends
 * them. They die with their parent.
 */
#include <signal.h>
#include <sys/prctl.h>
#include "workload.h"

static pid_t start_child(bool leak)
{
	pid_t parent = getpid(), pid = workload_fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (leak && getppid() == parent)
			raise(SIGSTOP);
		_exit(0);
	}
	return pid;
}

static void start_job(bool leak)
{
	pid_t pid = start_child(leak);

	if (waitpid(pid, NULL, WUNTRACED) != pid) /* it has stopped, or else ended */
		workload_fail("waitpid");
}

int main(int argc, char **argv)
{
	return workload_loop(argc, argv, start_job);
}
