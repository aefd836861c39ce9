/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * follow.h - who forks, execs and exits, from now on: on the whole machine, or below some
 * processes. Kernel programs on the scheduler's tracepoints tell; nothing is stopped.
 *
 *	struct follow *f;
 *	err = follow_open(&(struct follow_options){.records = true}, &f, &why);
 *	err = follow_add(f, tgid);		only with .chosen: whose trees are followed
 *	poll() on follow_fd(f), then follow_drain(f, fn, ctx)
 *	follow_totals(f, &totals); follow_each(f, fn, ctx);	the counters, at any time
 *	follow_close(f);
 *
 * Two costs: counters are kept in the kernel (about 1 us for each process that lives and ends);
 * records, when asked for, pass a ring of fixed size. What finds no room there is counted
 * (follow_totals.lost_records) and the counters know it all the same. A record wakes a poll() only
 * when the ring is half full: who wants to know sooner polls with a timeout and drains.
 *
 * For Linux 5.17 and later, with the rights that the census needs.
 */
#ifndef FORKTALLY_SOURCE_FOLLOW_H
#define FORKTALLY_SOURCE_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "event/follow.h"

struct follow;

struct follow_options {
	bool chosen;	      /* only the trees of follow_add(); else whoever forks */
	bool records;	      /* also one by one, not only counted */
	uint32_t process_max; /* room for processes that live at one time; 0: 32768 */
	uint32_t ring_bytes;  /* a power of 2; 0: 4 MiB */
};

/**
 * follow_open() - load and attach; from now on nothing is missed.
 * Errors: -errno; *ret_why: one sentence (static). -ENOTSUP: not on this kernel.
 */
int follow_open(const struct follow_options *options, struct follow **ret_follow,
		const char **ret_why);
void follow_close(struct follow *f); /* NULL is fine */

/**
 * follow_add() - follow these processes too, and what they fork from now on; not the children that
 * they have already: list those after the first call, and add them as well.
 * @ids: start_ns 0: whatever process has this tgid.
 * Returns how many of them are followed now: one may have ended. Errors: -errno.
 */
int follow_add(struct follow *f, const struct account_id *ids, size_t count);

int follow_fd(const struct follow *f); /* for poll(2); owned by f */

/* Borrowed for the call. Not 0: ends the drain, and is returned. */
typedef int (*follow_fn)(void *ctx, const struct follow_record *record);
/* Hands over all records that wait, in their order. 0, what fn returned, or -errno. */
int follow_drain(struct follow *f, follow_fn fn, void *ctx);

void follow_totals(const struct follow *f, struct follow_totals *ret_totals);

/*
 * The counters of each process that is followed, in no order; those that come or go meanwhile may
 * be missing. What never forked, execed or was forked since follow_open() has none, unless it was
 * added.
 */
int follow_each(struct follow *f, int (*fn)(void *ctx, const struct follow_process *process),
		void *ctx);

#endif
