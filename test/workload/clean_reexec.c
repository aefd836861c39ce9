// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_reexec.c - the program keeps three pages of heap for each child, but runs itself anew after
 * every twentieth: its memory is a new one then, its descriptors and its process stay.
 */
#include "workload.h"

#define LIFE	  20
#define JOB_BYTES (3 * 4096)

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);
	char rest[32];

	for (long i = 0; i < w.forks && i < LIFE; i++) {
		char *job = malloc(JOB_BYTES);

		if (!job)
			workload_fail("malloc");
		workload_write(job, JOB_BYTES, 1);
		workload_fork_and_wait();
	}
	if (w.forks > LIFE) {
		snprintf(rest, sizeof(rest), "%ld", w.forks - LIFE);
		execl("/proc/self/exe", argv[0], rest, (char *)NULL);
		workload_fail("exec");
	}
	return workload_end(&w);
}
