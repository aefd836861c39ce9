// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_memfd.c - the parent makes a memfd of one page for each child and forgets it.
 */
#include <sys/mman.h>
#include "workload.h"

static int take_memfd(void)
{
	int fd = memfd_create("job", MFD_CLOEXEC);

	if (fd >= 0 && write(fd, "x", 1) != 1)
		workload_fail("write");
	return fd;
}

int main(int argc, char **argv)
{
	return workload_descriptors(argc, argv, take_memfd);
}
