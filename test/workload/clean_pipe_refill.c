// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_pipe_refill.c - beside its children the program fills one pipe and empties it, again and
 * again: its pages come back one by one, through put_page(). Known answer: clean.
 */
#include "workload.h"

#define PIPE_BYTES (1 << 16)
#define REFILLS	   5

static void refill(const int *pipes)
{
	static char bytes[PIPE_BYTES];
	size_t left = sizeof(bytes);

	if (write(pipes[1], bytes, sizeof(bytes)) != sizeof(bytes))
		workload_fail("write");
	while (left) {
		ssize_t n = read(pipes[0], bytes, left);

		if (n <= 0)
			workload_fail("read");
		left -= (size_t)n;
	}
}

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);
	int pipes[2];

	if (pipe(pipes))
		workload_fail("pipe");
	for (long i = 0; i < w.forks; i++) {
		workload_fork_and_wait();
		for (int k = 0; k < REFILLS; k++)
			refill(pipes);
	}
	return workload_end(&w);
}
