// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_clone_parent.c - a helper makes children that are its parent's (CLONE_PARENT), as some
 * launchers do; the parent, who forks only once, does not wait for them.
 */
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include "workload.h"

static int tell[2]; /* which children the parent is to wait for */

static void start_job(bool leak)
{
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid < 0)
		workload_fail("clone");
	if (pid == 0)
		_exit(0);
	if (!leak && write(tell[1], &pid, sizeof(pid)) != sizeof(pid))
		workload_fail("write");
}

static int help(const struct workload *w)
{
	prctl(PR_SET_NAME, "helper");
	for (long i = 0; i < w->forks; i++)
		start_job(workload_leaks(w, i));
	return 0;
}

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);
	pid_t helper, pid;

	if (pipe(tell))
		workload_fail("pipe");
	helper = workload_fork();
	if (helper == 0)
		return help(&w);
	close(tell[1]);
	while (read(tell[0], &pid, sizeof(pid)) == sizeof(pid))
		workload_wait(pid);
	workload_wait(helper);
	sleep(1); /* the last children are to be zombies, not dying, when their parent ends */
	return workload_end(&w);
}
