/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * calibrate.h - measure the cost table of this machine: make many objects of a kind inside of a
 * memory cgroup of our own and see what the kernel charges the group for them.
 *
 * One kind at a time, each in a process of its own that ends afterwards; nothing is left behind,
 * no cgroup, no process, no System V object, also when it is interrupted.
 */
#ifndef FORKTALLY_PROC_CALIBRATE_H
#define FORKTALLY_PROC_CALIBRATE_H

#include "source/proc/cost.h"

struct calibration {
	struct cost_table table; /* kinds that were not measured keep their shipped figure */
	int objects[COSTS];	 /* how many were made; 0: not measured */
	int err[COSTS];		 /* why not, -errno */
	bool v2;		 /* which kind of cgroup */
};

/**
 * calibrate() - measure all kinds.
 * @progress: called before each kind; may be NULL.
 * @ret_why:  on error, one sentence (static).
 * Errors:    no memory cgroup can be made, -errno of that; -EINTR a signal asked to end.
 *            A kind that cannot be made here (a limit, a missing system call) is no error.
 * Shape:     about 25 s with cgroup v1, 2 min with v2, whose counters lag by 2 s.
 */
int calibrate(void (*progress)(void *ctx, enum cost kind), void *ctx,
	      struct calibration *ret_calibration, const char **ret_why);

#endif
