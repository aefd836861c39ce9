// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_epoll.c - the parent makes an epoll set for each child and forgets it.
 */
#include <sys/epoll.h>
#include "workload.h"

static int take_epoll(void)
{
	return epoll_create1(EPOLL_CLOEXEC);
}

int main(int argc, char **argv)
{
	return workload_descriptors(argc, argv, take_epoll);
}
