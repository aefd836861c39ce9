/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cgroup.h - a memory cgroup of the run's own, v1 or v2: the kernel's book beside ours.
 *
 * v1: a child of our own group. v2: a group beside ours, below the nearest ancestor that hands the
 * memory controller down, so that the limits above stay in force.
 */
#ifndef FORKTALLY_CGROUP_H
#define FORKTALLY_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct run_cgroup {
	bool exists, v2;
	char path[PATH_MAX];   /* the group's directory */
	char origin[PATH_MAX]; /* where its processes came from */
};

/**
 * run_cgroup_open() - make the group.
 * Errors: -errno; *ret_why says what was tried (static), untouched on success.
 */
int run_cgroup_open(struct run_cgroup *ret_group, const char **ret_why);

/* Moves a process into the group. 0 or -errno. */
int run_cgroup_add(const struct run_cgroup *cg, pid_t pid);

/* What the kernel charges the group for kernel memory; EVENT_UNKNOWN_BYTES where it cannot be read.
 */
int64_t run_cgroup_kernel_bytes(const struct run_cgroup *cg);

/* Calls fn for each process in the group. Returns how many there were. */
int run_cgroup_each(const struct run_cgroup *cg, void (*fn)(void *ctx, pid_t pid), void *ctx);

/* Sends what still lives in it back to where we are, and removes it. 0 or -errno of rmdir. */
int run_cgroup_close(struct run_cgroup *cg);

#endif
