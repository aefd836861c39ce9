/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * series.h - what happened over a run of unknown length, in bounded room.
 *
 * The clock is a number of forks (a process's own, or the whole tree's), never time.
 *
 *   births   how many objects of a residue were taken at each reading of the clock
 *   levels   how much was held at each reading: the last and the lowest in each bin
 *   marks    the tree's ordinal at each of a process's own forks: turns one clock
 *            into the other
 *
 * All three begin with bins one fork wide; when the SERIES_BINS are full, neighbours
 * are joined and the bins become twice as wide. Nothing is dropped, only the place
 * in the run gets coarser: by 1/64 of the run at worst.
 *
 * Shape:  at most SERIES_BINS bins; memory grows with the bins in use.
 * Errors: -ENOMEM leaves the series as it was.
 */
#ifndef FORKTALLY_LEDGER_SERIES_H
#define FORKTALLY_LEDGER_SERIES_H

#include <stdint.h>

#define SERIES_BINS 128 /* even */

struct births {
	uint32_t stride; /* forks a bin; bin i covers [i * stride, (i + 1) * stride) */
	uint32_t bins;	 /* in use */
	uint32_t room;
	uint64_t *count;
};

struct level {
	int64_t bytes, bytes_min; /* last in the bin, lowest in the bin */
	int64_t large;		  /* of its rises, those of two pages and more, added up */
	int32_t count, count_min; /* -1: not counted */
	uint32_t samples;	  /* 0: nothing was read in this bin */
};

struct levels {
	uint32_t stride, bins, room;
	struct level *at;
	uint64_t last_clock; /* of the last reading */
	int64_t last_bytes;
};

struct marks {
	uint32_t stride; /* at[i] is the tree's ordinal at own fork 1 + i * stride */
	uint32_t used, room;
	uint32_t forks; /* how many were put */
	uint32_t last;	/* the tree's ordinal at the last of them */
	uint32_t *at;
};

int births_add(struct births *b, uint64_t clock, uint64_t count);
void births_release(struct births *b);

/*
 * A rise since the last reading is large when it is of two @page and more; where forks were left
 * out between, of a page for each of them.
 */
int levels_add(struct levels *l, uint64_t clock, int64_t bytes, int64_t count, int64_t page);
void levels_release(struct levels *l);

int marks_add(struct marks *m, uint32_t ordinal);
/* @count of them, one after the other, the last at @last. */
int marks_add_all(struct marks *m, uint32_t last, uint32_t count);
/* How many own forks had been made when the tree's ordinal stood at @ordinal. */
uint32_t marks_own(const struct marks *m, uint32_t ordinal);
void marks_release(struct marks *m);

#endif
