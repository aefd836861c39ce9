// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_heap.c - the parent allocates and writes three pages for each child and never frees them.
 * Known answer: heap, held by the parent, 3 pages in each leaking fork (and malloc's own 16 bytes).
 */
#include "workload.h"

#define JOB_BYTES (3 * 4096)

struct job {
	struct job *next;
	char bytes[JOB_BYTES - sizeof(struct job *)];
};

static struct job *finished; /* the list that nobody empties */

static void start_job(bool leak)
{
	struct job *job = malloc(sizeof(*job));

	if (!job)
		workload_fail("malloc");
	workload_write(job->bytes, sizeof(job->bytes), 1);
	workload_fork_and_wait();
	if (leak) {
		job->next = finished;
		finished = job;
	} else {
		free(job);
	}
}

int main(int argc, char **argv)
{
	return workload_loop(argc, argv, start_job);
}
