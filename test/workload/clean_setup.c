// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_setup.c - before its first fork the program takes what it will ever need: two hundred
 * pipes, 4 MiB of memory, three hundred maps. None of that grows, all of it is still there at the
 * end.
 */
#include <sys/mman.h>
#include "workload.h"

#define MEMORY_BYTES (4L << 20)

static void take_all(void)
{
	char *memory = malloc(MEMORY_BYTES);
	int fd[2];

	if (!memory)
		workload_fail("malloc");
	workload_write(memory, MEMORY_BYTES, 1);
	for (int i = 0; i < 200; i++)
		if (pipe(fd))
			workload_fail("pipe");
	for (int i = 0; i < 300; i++)
		if (mmap(NULL, 4096, i % 2 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			 0) == MAP_FAILED)
			workload_fail("mmap");
}

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);

	take_all();
	for (long i = 0; i < w.forks; i++)
		workload_fork_and_wait();
	return workload_end(&w);
}
