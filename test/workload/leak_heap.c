// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_heap.c - the parent allocates and writes three pages for each child and never frees them.
 * Known answer: heap, held by the parent, 3 pages in each leaking fork (and malloc's own 16 bytes).
 */
#include "workload.h"

#define JOB_BYTES (3 * 4096)

static const struct answer answer = {"heap", "held", "private", 0, "three pages of heap"};

static void start_job(bool leak)
{
	char *job = malloc(JOB_BYTES);

	if (!job)
		workload_fail("malloc");
	memset(job, 1, JOB_BYTES);
	workload_fork_and_wait();
	if (!leak)
		free(job);
}

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv, 211, &answer);

	for (long i = 0; i < w.forks; i++)
		start_job(workload_leaks(&w, i));
	return workload_end(&w);
}
