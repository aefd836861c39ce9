/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * top_history.h - what `forktally top` remembers of each process between two looks: how much it
 * held at first and lately, and its names, which are dear to ask for. Pure.
 *
 * A process is (pid, start time). One that a look does not show is forgotten: a pid that is used
 * again begins anew.
 *
 * What grows is held memory: private, and kernel memory in full: a share of what others hold too
 * would change when they come and go. Shared memory has no single owner. Of what is known in part
 * (>=, ~) the known parts are compared, and the change is an estimate.
 *
 * Units: bytes; times CLOCK_BOOTTIME ns.
 */
#ifndef FORKTALLY_TOP_HISTORY_H
#define FORKTALLY_TOP_HISTORY_H

#include <stdbool.h>
#include "census/census.h"

#define TOP_SAMPLES 64

struct top_past {
	uint32_t tgid;
	uint64_t start_ns;
	uint64_t look;		     /* the last that showed it */
	uint64_t samples;	     /* taken since it was seen first, without a gap */
	int64_t first;		     /* bytes at the first of them */
	int64_t held[TOP_SAMPLES];   /* bytes at the last of them: a ring, as the history's times */
	bool doubt;		     /* one of them was known in part */
	char *command, *cgroup;	     /* NULL: not asked yet */
	char comm[EVENT_COMM_BYTES]; /* when command was asked */
	uint64_t asked;		     /* the look at which that was */
};

struct top_history;

/* NULL: out of memory. */
struct top_history *top_history_new(void);
void top_history_free(struct top_history *h);

/* Which processes there are now: new ones begin, those that are gone are forgotten. -ENOMEM. */
int top_history_see(struct top_history *h, const struct census *c);

/* Samples what each process holds now. Of censuses of one depth only: others know less. */
void top_history_sample(struct top_history *h, const struct census *c);

/* NULL: it was not seen. */
struct top_past *top_history_find(const struct top_history *h, uint32_t tgid, uint64_t start_ns);

/* Since it was seen first. KNOWN_NOT: fewer than two samples. */
struct amount top_history_growth(const struct top_history *h, const struct top_past *p);

/* Per minute, over the last minute or what was seen of it. KNOWN_NOT: fewer than two samples. */
struct amount top_history_rate(const struct top_history *h, const struct top_past *p);

/**
 * top_history_trend() - the last n samples, oldest first, as heights of 0 to 7 between the least
 * and the most of them; all 0 where they are equal. Returns how many there are, at most n.
 */
unsigned top_history_trend(const struct top_history *h, const struct top_past *p, unsigned n,
			   unsigned char *ret_height);

#endif
