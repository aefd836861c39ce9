// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_dir.c - the parent opens a directory for each child and forgets it.
 */
#include <fcntl.h>
#include "workload.h"

static int take_dir(void)
{
	return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int main(int argc, char **argv)
{
	return workload_descriptors(argc, argv, take_dir);
}
