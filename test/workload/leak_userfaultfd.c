// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_userfaultfd.c - the parent makes a userfaultfd for each child and forgets it: a descriptor
 * of no common kind.
 */
#include <fcntl.h>
#include <sys/syscall.h>
#include "workload.h"

static int take_userfaultfd(void)
{
	return (int)syscall(SYS_userfaultfd, O_CLOEXEC);
}

int main(int argc, char **argv)
{
	return workload_descriptors(argc, argv, take_userfaultfd);
}
