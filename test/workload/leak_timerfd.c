// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_timerfd.c - the parent makes a timerfd for each child, as for a timeout, and forgets it.
 */
#include <sys/timerfd.h>
#include "workload.h"

static int take_timerfd(void)
{
	return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
}

int main(int argc, char **argv)
{
	return workload_descriptors(argc, argv, take_timerfd);
}
