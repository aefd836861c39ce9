/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ps_check.h - "forktally ps --check": the census beside the kernel's own books. */
#ifndef FORKTALLY_PS_CHECK_H
#define FORKTALLY_PS_CHECK_H

#include "cmd/census_session.h"
#include "out/census.h"

/**
 * ps_check() - compare and print.
 * @cgroup: a path below the mount point; NULL: the machine and every group that a process is in.
 * Returns the exit status; what is wrong was said.
 */
int ps_check(struct census_session *s, const char *cgroup, const struct census_print *look,
	     bool json);

#endif
