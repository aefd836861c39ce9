// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_vma.c - the parent maps a page for each child, touches nothing and never unmaps it: its maps
 * grow, its memory does not. Neighbours of one kind would become one map, so two kinds take turns.
 */
#include <sys/mman.h>
#include "workload.h"

static void *take_map(bool readable)
{
	void *map =
	    mmap(NULL, 4096, readable ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		workload_fail("mmap");
	return map;
}

static void start_job(bool leak)
{
	static bool readable;
	void *map = take_map(readable);

	workload_fork_and_wait();
	if (leak)
		readable = !readable;
	else
		munmap(map, 4096);
}

int main(int argc, char **argv)
{
	return workload_loop(argc, argv, start_job);
}
