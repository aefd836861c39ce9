/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * shared.h - what several processes may hold: each object once, and who holds it.
 * Private to src/census.
 */
#ifndef FORKTALLY_CENSUS_SHARED_H
#define FORKTALLY_CENSUS_SHARED_H

#include "census/census.h"

struct shared_object {
	uint64_t address, bytes, charged, payer;
	uint32_t kind, count;
	uint32_t holders; /* processes of the snapshot */
	uint32_t last;	  /* tgid that told it last */
};

struct shared_hold {
	uint32_t object;
	uint32_t process; /* a tgid until the snapshot is finished, then an index, CENSUS_NONE */
};

struct census_shared {
	struct shared_object *object;
	struct shared_hold *hold;
	size_t object_count, object_room, hold_count, hold_room;
	uint32_t *slot; /* open addressing: 1 + index of the object, 0 free */
	size_t slots;	/* a power of two */
};

/* 0 or -ENOMEM. */
int shared_add(struct census_shared *s, const struct census_hold *h);
void shared_done(struct census_shared *s);

/* The i-th of n equal parts, remainders first: parts of all i sum up to the whole. */
static inline int64_t shared_part(int64_t whole, uint32_t i, uint32_t n)
{
	return whole / n + (i < whole % n);
}

#endif
