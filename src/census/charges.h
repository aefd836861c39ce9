/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * charges.h - what the kernel charges a cgroup for, object by object, beside what the census found
 * in the hands of processes: what is left is told by name.
 */
#ifndef FORKTALLY_CENSUS_CHARGES_H
#define FORKTALLY_CENSUS_CHARGES_H

#include <stdbool.h>
#include <stddef.h>
#include "census/check.h"

struct census_cache {
	uint64_t address;
	bool reclaimable; /* the kernel drops what is in it when memory is short */
	bool merged;	  /* several kinds of objects of one size lie in it */
	char name[32];	  /* as the kernel calls it; merged: one of the names */
};

struct census_charges {
	struct census_charged *at;
	size_t count, room;
	struct census_cache *cache;
	size_t cache_count;
};

/* NULL: not among them. */
struct census_cache *census_cache_find(const struct census_charges *c, uint64_t address);
void census_charges_done(struct census_charges *c);

/**
 * census_charges_split() - fill ret_check->rest and ->cached with what no process holds.
 * @c: each of its objects told by itself (census_source_ops.charges).
 * @payer_bytes: charged beside each object, for the pointer to who pays.
 *
 * Sorts the charges. 0 or -ENOMEM.
 */
int census_charges_split(const struct census *c, struct census_charges *charges,
			 unsigned payer_bytes, struct census_check *check);

#endif
