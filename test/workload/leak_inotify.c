// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_inotify.c - the parent makes an inotify instance for each child and forgets it.
 */
#include <sys/inotify.h>
#include "workload.h"

static int take_inotify(void)
{
	return inotify_init1(IN_CLOEXEC);
}

int main(int argc, char **argv)
{
	return workload_descriptors(argc, argv, take_inotify);
}
