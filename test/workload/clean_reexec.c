// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_reexec.c - the program fills a buffer of 256 KiB and runs itself anew after every twentieth
 * child: its memory is a new one then, its descriptors and its process stay.
 */
#include "workload.h"

#define LIFE	     20
#define BUFFER_BYTES (1 << 18)

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);
	char *buffer = malloc(BUFFER_BYTES), rest[32];

	if (!buffer)
		workload_fail("malloc");
	workload_write(buffer, BUFFER_BYTES, 1);
	for (long i = 0; i < w.forks && i < LIFE; i++)
		workload_fork_and_wait();
	if (w.forks > LIFE) {
		snprintf(rest, sizeof(rest), "%ld", w.forks - LIFE);
		execl("/proc/self/exe", argv[0], rest, (char *)NULL);
		workload_fail("exec");
	}
	return workload_end(&w);
}
