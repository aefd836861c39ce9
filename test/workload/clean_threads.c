// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_threads.c - each child makes four threads; every other child is ended by one of them, not
 * by its first thread. Two threads of the parent fork. Known answer: clean.
 */
#include <pthread.h>
#include "workload.h"

#define THREADS 4

static struct workload w;

static void *end_process(void *arg)
{
	if (arg)
		_exit(0);
	return NULL;
}

static void child(long i)
{
	pthread_t thread[THREADS];

	for (int k = 0; k < THREADS; k++)
		if (pthread_create(&thread[k], NULL, end_process,
				   i % 2 && k == THREADS - 1 ? "end" : NULL))
			_exit(1);
	for (int k = 0; k < THREADS; k++)
		pthread_join(thread[k], NULL);
	_exit(0);
}

static void *fork_half(void *arg)
{
	for (long i = *(long *)arg; i < w.forks; i += 2) {
		pid_t pid = workload_fork();

		if (pid == 0)
			child(i);
		workload_wait(pid);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	long first[2] = {0, 1};
	pthread_t thread[2];

	w = workload_begin(argc, argv);
	for (int k = 0; k < 2; k++)
		if (pthread_create(&thread[k], NULL, fork_half, &first[k]))
			workload_fail("pthread_create");
	for (int k = 0; k < 2; k++)
		pthread_join(thread[k], NULL);
	return workload_end(&w);
}
