/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * reference.h - quota books as slow and as plain as can be: lists, and every sum made anew. It
 * hears what was asked of libforktally, knows by itself what the answer must be, and compares.
 * Shares no code with the library or the ledger.
 */
#ifndef TEST_DST_REFERENCE_H
#define TEST_DST_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>
#include "source/model/kernel.h"

struct node {
	struct node *next;
	struct node *parent;
	const void *who;
	bool account,
	    closed; /* a block is never closed here: it may be gone, it is not read then */
	uint64_t own[MODEL_POOLS];  /* charged to this very one */
	uint64_t left[MODEL_POOLS]; /* what closed accounts left on it */
	uint64_t peak[MODEL_POOLS], limit[MODEL_POOLS];
	uint64_t seen_peak[MODEL_POOLS]; /* as the library told it last: it never falls */
	uint64_t objects;
};

struct reference {
	struct node *nodes;
	uint32_t every; /* compare after each so many-th step */
	uint64_t steps, checks;
	char wrong[200]; /* "" as long as all is right */
};

void reference_init(struct reference *r, uint32_t every);
void reference_done(struct reference *r);

/* model_options.witness and .step; ctx is the reference. */
void reference_hear(void *ctx, const struct witness *w);
void reference_step(void *ctx, const struct kernel *k);

#endif
