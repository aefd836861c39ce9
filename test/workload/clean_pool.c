// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_pool.c - twenty workers live as long as the program and are used again and again; each
 * forks a child for every job. The parent keeps a pipe to each worker and, when all jobs are done,
 * ends without closing them: a pool that filled up once, not a leak.
 * Known answer: clean.
 */
#include "workload.h"

#define WORKERS 20

static void work(int jobs, int done)
{
	char job;

	while (read(jobs, &job, 1) == 1) {
		workload_fork_and_wait();
		if (write(done, &job, 1) != 1)
			break;
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);
	int to[WORKERS], done[2];
	char job = 'j';

	if (pipe(done))
		workload_fail("pipe");
	for (int i = 0; i < WORKERS; i++) {
		int fd[2];

		if (pipe(fd))
			workload_fail("pipe");
		if (workload_fork() == 0) {
			for (int k = 0; k < i; k++)
				close(to[k]);
			close(fd[1]);
			work(fd[0], done[1]);
		}
		close(fd[0]);
		to[i] = fd[1];
	}
	for (long i = WORKERS; i < w.forks; i++)
		if (write(to[i % WORKERS], &job, 1) != 1)
			workload_fail("write");
	for (long i = WORKERS; i < w.forks; i++)
		if (read(done[0], &job, 1) != 1)
			workload_fail("read");
	return workload_end(&w);
}
