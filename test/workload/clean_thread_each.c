// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_thread_each.c - the parent starts a thread for each child, which forks and waits, and joins
 * it; every third is detached instead. The C library keeps their stacks for the next.
 */
#include <pthread.h>
#include <semaphore.h>
#include "workload.h"

static sem_t done;

static void *run_job(void *arg)
{
	(void)arg;
	workload_fork_and_wait();
	sem_post(&done);
	return NULL;
}

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);

	for (long i = 0; i < w.forks; i++) {
		pthread_t thread;

		errno = pthread_create(&thread, NULL, run_job, NULL);
		if (errno)
			workload_fail("pthread_create");
		if ((w.forks - i) % 3 == 1) /* the last one may outlive main() */
			pthread_detach(thread);
		else
			pthread_join(thread, NULL);
		while (sem_wait(&done))
			;
	}
	return workload_end(&w);
}
