// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_mlock.c - the parent maps and locks two pages for each child, as for a secret, and keeps
 * them.
 */
#include <sys/mman.h>
#include "workload.h"

#define SECRET_BYTES (2 * 4096)

static void *take_locked(void)
{
	void *secret =
	    mmap(NULL, SECRET_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (secret == MAP_FAILED || mlock(secret, SECRET_BYTES))
		workload_fail("mlock");
	workload_write(secret, SECRET_BYTES, 1);
	return secret;
}

static void start_job(bool leak)
{
	void *secret = take_locked();

	workload_fork_and_wait();
	if (!leak)
		munmap(secret, SECRET_BYTES);
}

int main(int argc, char **argv)
{
	workload_raise(RLIMIT_MEMLOCK);
	return workload_loop(argc, argv, start_job);
}
