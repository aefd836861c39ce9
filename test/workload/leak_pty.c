// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_pty.c - the parent makes a pseudo terminal for each child, as script(1) does, and forgets
 * it.
 */
#include <fcntl.h>
#include "workload.h"

static int take_pty(void)
{
	return posix_openpt(O_RDWR | O_NOCTTY);
}

int main(int argc, char **argv)
{
	return workload_descriptors(argc, argv, take_pty);
}
