/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * growth.h - does a residue grow with the number of forks, or did a pool fill up?
 *
 * A profile says at which of a process's own forks that which is still there was taken. A leak
 * has births over the whole run; a pool that filled up at its beginning, a ring of the last
 * few at its end, a random cache more and more of them. Where only levels are known, what was
 * held at fork f and never went below afterwards counts as born by f.
 *
 * The rule, and how often it errs: doc/decision/0020-growth-or-plateau.md.
 */
#ifndef FORKTALLY_VERDICT_GROWTH_H
#define FORKTALLY_VERDICT_GROWTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ledger/series.h"

struct profile {
	double weight[SERIES_BINS]; /* births in the bin, or rise of the level */
	double large[SERIES_BINS];  /* of its rise, what came in two pages and more (bytes only) */
	bool joined[SERIES_BINS];   /* one look told of it and of the bin before it */
	size_t bins;
	uint32_t stride; /* forks a bin */
	uint64_t forks;	 /* of the whole run */
	double base;	 /* what was there at the first fork already (levels only) */
};

struct growth {
	bool grows;
	double effective; /* births in the middle, as if all were alike; looks that told of them */
	double distance;  /* of their course from a straight line, 0 to 1 */
	double usual;	  /* the median bin of those in the middle that have births */
	double large;	  /* share of the middle that came in two pages and more: 0 to 1, or so */
	/*
	 * Weight of the whole run at its steady rate: jumps, and what the first and last eighth
	 * have beyond the middle's rate, left out.
	 */
	double steady;
	bool trimmed; /* an edge had more than that */
};

/* Births on the clock of the one who forked @forks times. */
void profile_births(struct profile *p, const struct births *b, uint64_t forks);
/* Births on the tree's clock, told by the forks of one process. */
void profile_tree_births(struct profile *p, const struct births *b, const struct marks *own);
/* Levels: of the counts, or of the bytes in units of @unit. @zero_before: not held until seen. */
void profile_counts(struct profile *p, const struct levels *l, uint64_t forks, bool zero_before);
void profile_bytes(struct profile *p, const struct levels *l, uint64_t forks, bool zero_before,
		   double unit);
/*
 * Levels that were looked at now and then: a rise between two looks is spread over the forks
 * between them, and is one birth, whatever their number. @unit 0: of the counts.
 */
void profile_looks(struct profile *p, const struct levels *l, uint64_t forks, bool zero_before,
		   double unit);
/* Both have the same clock. */
void profile_add(struct profile *into, const struct profile *from);

/* @least: weight in the middle that is too little to speak of, whatever its course. */
struct growth growth_judge(const struct profile *p, double least);

#endif
