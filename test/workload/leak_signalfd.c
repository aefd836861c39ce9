// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_signalfd.c - the parent makes a signalfd for each child and forgets it.
 */
#include <signal.h>
#include <sys/signalfd.h>
#include "workload.h"

static int take_signalfd(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

int main(int argc, char **argv)
{
	return workload_descriptors(argc, argv, take_signalfd);
}
