/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * check.h - the census beside the kernel's own book of a cgroup (or of the machine).
 *
 *	held		what the processes in the group hold, their share
 *	- uncharged	of it, what the kernel charges to nobody (an eventfd's context, a VMA tree)
 *	- elsewhere	of it, what it charges to another group (made before they came here, handed
 *over)
 *	+ others	what processes outside hold, and this group is charged for
 *	+ overhead	what charging costs: a pointer for each slab object
 *	= reached
 *	kernel		what the kernel charges to the group
 *	unattributed	kernel - reached
 */
#ifndef FORKTALLY_CENSUS_CHECK_H
#define FORKTALLY_CENSUS_CHECK_H

#include <stdbool.h>
#include "census/census.h"

/* One part of unattributed, where the kernel tells. */
struct census_rest {
	char what[80]; /* "12 dentry, which can be reclaimed", one phrase */
	struct amount bytes;
};

#define CENSUS_RESTS 14

struct census_check {
	bool v2, machine;
	uint32_t processes;
	struct amount held, uncharged, elsewhere, others, overhead, reached;
	struct amount kernel;	    /* v1 memory.kmem.usage_in_bytes; v2 memory.stat "kernel" */
	struct amount unattributed; /* may be below 0 */
	struct census_rest rest[CENSUS_RESTS]; /* parts of unattributed */
	/*
	 * The part of unattributed that lies in slab caches which the kernel empties when memory is
	 * short: names, inodes and page trees of files that were read. Unknown: not looked at.
	 */
	struct amount cached;
	const uint64_t *payer; /* the group, and those below it; borrowed, only while it is made */
	size_t payer_count;
	unsigned rest_count;
	int64_t kind_bytes[CENSUS_KINDS]; /* reached, by kind */
	struct amount private;		  /* of the processes in the group, beside: */
	struct amount
	    smaps_private; /* their smaps_rollup, Anonymous + Swap; unknown: not readable */
};

/**
 * census_check_sum() - the first half of a check: held to reached, processes, private, kind_bytes.
 * @payer: census_process.payer of those in the group and in groups below; none: all processes,
 *         whoever pays. Borrowed: the check's until it is finished.
 *
 * Needs CENSUS_PAYERS.
 */
void census_check_sum(const struct census *c, const uint64_t *payer, size_t payers,
		      struct census_check *ret_check);

/* Is this one of the payers that are checked? */
bool census_check_pays(const struct census_check *k, uint64_t payer);

#endif
