// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_ns_fd.c - the parent opens its UTS namespace for each child, to come back to it, and forgets
 * the descriptor.
 */
#include <fcntl.h>
#include "workload.h"

static int take_ns_fd(void)
{
	return open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
}

int main(int argc, char **argv)
{
	return workload_descriptors(argc, argv, take_ns_fd);
}
