// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_warmup.c - a cache of 40 entries (three pages and a pipe each) fills with the first 40
 * children and stays full.
 * Known answer: clean: nothing grows after the warm-up.
 */
#include "workload.h"

#define ENTRIES	    40
#define ENTRY_BYTES (3 * 4096)

static void fill_entry(void)
{
	char *entry = malloc(ENTRY_BYTES);
	int fd[2];

	if (!entry || pipe(fd))
		workload_fail("cache entry");
	workload_write(entry, ENTRY_BYTES, 1);
}

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);

	for (long i = 0; i < w.forks; i++) {
		if (i < ENTRIES)
			fill_entry();
		workload_fork_and_wait();
	}
	return workload_end(&w);
}
