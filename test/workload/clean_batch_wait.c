// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_batch_wait.c - waits for its children only after every fiftieth fork, and at the end.
 * Known answer: clean: at most 50 children are ever not waited for.
 */
#include "workload.h"

#define BATCH 50

static void wait_for_all(void)
{
	while (waitpid(-1, NULL, 0) > 0)
		;
}

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);

	for (long i = 0; i < w.forks; i++) {
		if (workload_fork() == 0)
			_exit(0);
		if (i % BATCH == BATCH - 1)
			wait_for_all();
	}
	wait_for_all();
	return workload_end(&w);
}
