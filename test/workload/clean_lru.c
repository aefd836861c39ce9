// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_lru.c - a cache of 24 entries of one to eight pages; for each fork the one that a simple
 * generator of numbers picks is thrown out for a new one. Its memory goes up and down.
 */
#include "workload.h"

#define ENTRIES 24

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);
	char *entry[ENTRIES] = {NULL};
	unsigned int number = 1;

	for (long i = 0; i < w.forks; i++) {
		size_t bytes;
		int slot;

		number = number * 1103515245 + 12345;
		slot = (int)(i < ENTRIES ? i : number / 65536 % ENTRIES);
		bytes = 4096 * (1 + number / 1048576 % 8);
		free(entry[slot]);
		entry[slot] = malloc(bytes);
		if (!entry[slot])
			workload_fail("malloc");
		workload_write(entry[slot], bytes, 1);
		workload_fork_and_wait();
	}
	return workload_end(&w);
}
