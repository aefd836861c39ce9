/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* spool.h - a file without a name, of which bytes are locked. */
#ifndef SPOOL_H
#define SPOOL_H

#include <fcntl.h>
#include "workload.h"

static int spool;

static void open_spool(void)
{
	char path[] = "/tmp/forktally.XXXXXX";

	spool = mkstemp(path);
	if (spool < 0 || unlink(path))
		workload_fail(path);
}

/* Every other byte: neighbours would become one lock. */
static void set_lock(long at, short type)
{
	struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = 2 * at, .l_len = 1};

	if (fcntl(spool, F_SETLK, &lock))
		workload_fail("F_SETLK");
}

#endif
