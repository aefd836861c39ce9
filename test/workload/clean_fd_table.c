// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_fd_table.c - beside every tenth child the program opens three hundred descriptors and
 * closes them again: the table for them has grown and stays as large.
 */
#include "workload.h"

#define MANY 300

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);
	int fd[MANY];

	for (long i = 0; i < w.forks; i++) {
		for (int k = 0; i % 10 == 0 && k < MANY; k++)
			fd[k] = dup(2);
		workload_fork_and_wait();
		for (int k = 0; i % 10 == 0 && k < MANY; k++)
			close(fd[k]);
	}
	return workload_end(&w);
}
