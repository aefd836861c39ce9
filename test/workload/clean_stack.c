// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_stack.c - the parent forks from ever other depths of its stack, 1 MiB at most: a stack
 * grows to its deepest call and never shrinks.
 */
#include "workload.h"

#define FRAME_BYTES (1 << 16)
#define DEPTHS	    16

static void fork_below(int depth)
{
	char frame[FRAME_BYTES];

	workload_write(frame, sizeof(frame), depth);
	if (depth > 0)
		fork_below(depth - 1);
	else
		workload_fork_and_wait();
	workload_write(frame, 1, depth);
}

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);

	for (long i = 0; i < w.forks; i++)
		fork_below((int)(i * 5 % DEPTHS));
	return workload_end(&w);
}
