/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * lost.h - of what forks took for processes that are gone: to which does nothing lead any more?
 *
 * Such a charge should have come back with its process. One that the walk of the living did not
 * reach may still be kept by another object that stays: a socket keeps who is at its other end. So
 * all that is open is read, word by word; what a word of it leads to is kept, and may itself keep
 * more. What is left over is lost. A word that only looks like an address errs towards kept.
 */
#ifndef FORKTALLY_BPF_LOST_H
#define FORKTALLY_BPF_LOST_H

#include <stdbool.h>
#include <stdint.h>
#include "source/bpf/tables.h"

#define LOST_FEW 8 /* of which growth cannot be told: nothing is read for those */

struct lost {
	const struct tables *t;
	uint8_t *state; /* for each place of the table of objects */
	uint64_t count;
};

/* Calls lost_pointed() for each address that a word of the object at address leads to. */
typedef int (*lost_read_fn)(void *ctx, uint64_t address, uint32_t bytes);

/**
 * lost_begin() - note the candidates.
 * @reached: did the walk reach it?
 * Returns how many there are; below LOST_FEW there is nothing to do. -ENOMEM.
 */
int64_t lost_begin(struct lost *l, const struct tables *t,
		   bool (*reached)(void *ctx, uint64_t address), void *ctx);

/* Calls each() with the address of every candidate. */
void lost_each(const struct lost *l, void (*each)(void *ctx, uint64_t address), void *ctx);

/* Errors: that of read(). Then nothing is lost. */
int lost_find(struct lost *l, lost_read_fn read, void *ctx);

void lost_pointed(struct lost *l, uint64_t address);

/* At place bucket * BUCKET_SLOTS + slot. */
bool lost_is(const struct lost *l, uint64_t place);

void lost_forget(struct lost *l);

#endif
