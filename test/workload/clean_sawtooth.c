// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_sawtooth.c - memory grows by three pages for each child, and all is freed after every
 * fiftieth. It ends somewhere on the slope.
 * Known answer: clean: what it holds never passes 150 pages.
 */
#include "workload.h"

#define TOOTH	  50
#define JOB_BYTES (3 * 4096)

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);
	void *job[TOOTH] = {NULL};

	for (long i = 0; i < w.forks; i++) {
		if (i % TOOTH == 0)
			for (int k = 0; k < TOOTH; k++) {
				free(job[k]);
				job[k] = NULL;
			}
		job[i % TOOTH] = malloc(JOB_BYTES);
		if (!job[i % TOOTH])
			workload_fail("malloc");
		workload_write(job[i % TOOTH], JOB_BYTES, 1);
		workload_fork_and_wait();
	}
	return workload_end(&w);
}
