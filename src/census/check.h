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
	const char *what; /* "per-CPU memory of the group itself", one phrase (static) */
	struct amount bytes;
};

#define CENSUS_RESTS 8

struct census_check {
	bool v2, machine;
	uint32_t processes;
	struct amount held, uncharged, elsewhere, others, overhead, reached;
	struct amount kernel;	    /* v1 memory.kmem.usage_in_bytes; v2 memory.stat "kernel" */
	struct amount unattributed; /* may be below 0 */
	struct census_rest rest[CENSUS_RESTS]; /* parts of unattributed */
	unsigned rest_count;
	int64_t kind_bytes[CENSUS_KINDS]; /* reached, by kind */
	struct amount private;		  /* of the processes in the group, beside: */
	struct amount
	    smaps_private; /* their smaps_rollup, Anonymous + Swap; unknown: not readable */
};

/**
 * census_check_sum() - the first half of a check: held to reached, processes, private, kind_bytes.
 * @payer: census_process.payer of those in the group; 0: all processes, whoever pays.
 *
 * Needs CENSUS_PAYERS.
 */
void census_check_sum(const struct census *c, uint64_t payer, struct census_check *ret_check);

#endif
