// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * fork_fast.c - two processes fork, exit and wait as fast as they can for S seconds.
 * Known answer: clean.
 *
 * usage: fork_fast [S]   prints how many forks it made
 */
#include <time.h>
#include "workload.h"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long fork_until(double end)
{
	long forks = 0;

	while (now() < end) {
		workload_fork_and_wait();
		forks++;
	}
	return forks;
}

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);
	double end = now() + (double)w.forks;
	int count[2];
	long ours, theirs = 0;
	pid_t pid;

	if (pipe(count))
		workload_fail("pipe");
	pid = workload_fork();
	if (pid == 0) {
		ours = fork_until(end);
		_exit(write(count[1], &ours, sizeof(ours)) != sizeof(ours));
	}
	ours = fork_until(end) + 1;
	if (read(count[0], &theirs, sizeof(theirs)) != sizeof(theirs))
		workload_fail("read");
	workload_wait(pid);
	printf("%ld\n", ours + theirs);
	return 0;
}
