// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_fork.c - fork, exit, wait, and nothing else.
 * Known answer: clean.
 */
#include "workload.h"

static const struct answer answer = {.what = "an empty fork loop"};

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv, 211, &answer);

	for (long i = 0; i < w.forks; i++)
		workload_fork_and_wait();
	return workload_end(&w);
}
