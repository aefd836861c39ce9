// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_fork.c - fork, exit, wait, and nothing else.
 * Known answer: clean.
 */
#include "workload.h"

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);

	for (long i = 0; i < w.forks; i++)
		workload_fork_and_wait();
	return workload_end(&w);
}
