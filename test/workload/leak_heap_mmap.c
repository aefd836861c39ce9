// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_heap_mmap.c - the parent maps five pages for each child, writes three and never unmaps them:
 * private memory that grows without malloc.
 */
#include <sys/mman.h>
#include "workload.h"

#define MAPPED_BYTES  (5 * 4096)
#define WRITTEN_BYTES (3 * 4096)

static void *take_memory(void)
{
	void *memory =
	    mmap(NULL, MAPPED_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		workload_fail("mmap");
	workload_write(memory, WRITTEN_BYTES, 1);
	return memory;
}

static void start_job(bool leak)
{
	void *memory = take_memory();

	workload_fork_and_wait();
	if (!leak)
		munmap(memory, MAPPED_BYTES);
}

int main(int argc, char **argv)
{
	return workload_loop(argc, argv, start_job);
}
