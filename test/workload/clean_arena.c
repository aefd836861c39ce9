// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_arena.c - memory of jobs comes from an arena that is taken in blocks of 64 KiB and starts
 * over after every fifteenth job; blocks are kept.
 */
#include "workload.h"

#define BLOCK_BYTES (1 << 16)
#define JOB_BYTES   10000
#define JOBS	    15

static struct {
	char *block[JOBS * JOB_BYTES / BLOCK_BYTES + 1];
	size_t used;
} arena;

static char *arena_take(size_t bytes)
{
	size_t block = arena.used / BLOCK_BYTES;

	if (arena.used % BLOCK_BYTES + bytes > BLOCK_BYTES)
		arena.used = ++block * BLOCK_BYTES;
	if (!arena.block[block])
		arena.block[block] = malloc(BLOCK_BYTES);
	if (!arena.block[block])
		workload_fail("malloc");
	arena.used += bytes;
	return arena.block[block] + (arena.used - bytes) % BLOCK_BYTES;
}

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);

	for (long i = 0; i < w.forks; i++) {
		if (i % JOBS == 0)
			arena.used = 0;
		workload_write(arena_take(JOB_BYTES), JOB_BYTES, 1);
		workload_fork_and_wait();
	}
	return workload_end(&w);
}
