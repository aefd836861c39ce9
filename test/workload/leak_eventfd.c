// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_eventfd.c - the parent makes an eventfd for each child and forgets it.
 */
#include <sys/eventfd.h>
#include "workload.h"

static int take_eventfd(void)
{
	return eventfd(0, EFD_CLOEXEC);
}

int main(int argc, char **argv)
{
	return workload_descriptors(argc, argv, take_eventfd);
}
