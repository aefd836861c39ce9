// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_file.c - the parent opens a file (its own program) for each child and forgets it.
 * Known answer: fd.file, held by the parent, 1 open file in each leaking fork.
 */
#include <fcntl.h>
#include "workload.h"

static void start_job(const char *path, bool leak)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		workload_fail(path);
	workload_fork_and_wait();
	if (!leak)
		close(fd);
}

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);

	for (long i = 0; i < w.forks; i++)
		start_job(argv[0], workload_leaks(&w, i));
	return workload_end(&w);
}
