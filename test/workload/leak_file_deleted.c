// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_file_deleted.c - the parent makes a temporary file for each child, removes its name and
 * forgets the descriptor.
 */
#include <fcntl.h>
#include "workload.h"

static int take_file_deleted(void)
{
	char path[] = "/tmp/forktally.XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);

	if (fd >= 0)
		unlink(path);
	return fd;
}

int main(int argc, char **argv)
{
	return workload_descriptors(argc, argv, take_file_deleted);
}
