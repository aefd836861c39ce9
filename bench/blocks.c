/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * blocks.c - what one malloc() and one free() cost, in ns, after FORKS forks: bare, under
 * "forktally run --heap", under heaptrack or valgrind.
 *
 * usage: blocks [PAIRS] [FORKS]      (5,000,000 and 20)
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIVE 4096

static void *block[LIVE];

static unsigned long next(void)
{
	static unsigned long s = 88172645463325252UL;

	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	return s >> 16;
}

/* A few frames, as a program has them. */
__attribute__((noinline)) static void *take(size_t bytes, int depth)
{
	void *p = depth ? take(bytes, depth - 1) : malloc(bytes);

	__asm__ volatile("" : : "r"(p) : "memory");
	return p;
}

int main(int argc, char **argv)
{
	long pairs = argc > 1 ? atol(argv[1]) : 5000000, forks = argc > 2 ? atol(argv[2]) : 20;
	struct timespec from, to;

	for (long i = 0; i < forks; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (long i = 0; i < pairs; i++) {
		unsigned long r = next();

		free(block[r % LIVE]);
		block[r % LIVE] = take(16 + r / LIVE % 500, 4);
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("%.0f ns\n",
	       ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) /
		   (double)pairs);
	return 0;
}
