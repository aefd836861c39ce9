// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_aio.c - the parent sets up an asynchronous I/O context for each child and never destroys it.
 */
#include <linux/aio_abi.h>
#include <sys/syscall.h>
#include "workload.h"

static aio_context_t take_aio(void)
{
	aio_context_t context = 0;

	if (syscall(SYS_io_setup, 1, &context))
		workload_fail("io_setup");
	return context;
}

static void start_job(bool leak)
{
	aio_context_t context = take_aio();

	workload_fork_and_wait();
	if (!leak)
		syscall(SYS_io_destroy, context);
}

int main(int argc, char **argv)
{
	return workload_loop(argc, argv, start_job);
}
