// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_io_uring.c - the parent makes an io_uring of 8 entries for each child and forgets it.
 */
#include <linux/io_uring.h>
#include <sys/syscall.h>
#include "workload.h"

static int take_io_uring(void)
{
	struct io_uring_params params = {0};

	return (int)syscall(SYS_io_uring_setup, 8, &params);
}

int main(int argc, char **argv)
{
	return workload_descriptors(argc, argv, take_io_uring);
}
