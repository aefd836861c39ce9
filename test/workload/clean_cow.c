// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_cow.c - the parent has 4 MiB of its own; each child writes all of them, and so gets
 * copies, and ends.
 * Known answer: clean.
 */
#include "workload.h"

#define HELD_BYTES (4L << 20)

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);
	char *held = malloc(HELD_BYTES);

	if (!held)
		workload_fail("malloc");
	workload_write(held, HELD_BYTES, 1);
	for (long i = 0; i < w.forks; i++) {
		pid_t pid = workload_fork();

		if (pid == 0) {
			workload_write(held, HELD_BYTES, 2);
			_exit(0);
		}
		workload_wait(pid);
	}
	free(held);
	return workload_end(&w);
}
