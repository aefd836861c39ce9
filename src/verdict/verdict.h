/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * verdict.h - what the books mean. Pure: a ledger in, findings out, no I/O, no clock.
 *
 * A residue is what was still charged when its holder began to exit, or after the
 * run. It is held, left or lost (doc/design.md), and a leak only when it grows
 * with the number of forks. Anything that was not seen makes the verdict
 * inconclusive, unless a leak was found all the same.
 */
#ifndef FORKTALLY_VERDICT_H
#define FORKTALLY_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "event/event.h"
#include "event/amount.h"

struct ledger;
struct suppression;
struct suppressions;

enum judgement { JUDGEMENT_CLEAN, JUDGEMENT_LEAK, JUDGEMENT_INCONCLUSIVE };
/* WHERE_BOOKS: nowhere, only the kernel's books are wrong */
enum where { WHERE_HELD, WHERE_LEFT, WHERE_LOST, WHERE_BOOKS };

/* One kind of kernel object (or user memory) that a finding consists of. */
struct finding_part {
	const char *tag; /* borrowed from the ledger */
	enum pool pool;	 /* may be another than the finding's: not in its bytes then */
	uint64_t count;	 /* 0: not counted */
	struct amount bytes;
};

/* What of a finding was taken in one place. */
struct finding_take {
	uint32_t take;	/* 0: unknown */
	enum pool pool; /* as with parts */
	struct amount bytes;
};

struct finding {
	const char
	    *cause; /* slug: "zombie", "orphan", "fd.pipe", "ipc.shm", "heap", "kernel.lost" ... */
	enum where where;
	enum pool pool;
	uint64_t count; /* things a person would count: pipes, children, queues; not slab objects */
	struct amount bytes; /* all of them together, in `pool` */
	uint64_t forks; /* what "per fork" is measured against: the holder's own forks, else the
			   tree's */
	double count_per_fork, bytes_per_fork;
	/* Of a source that looks now and then (else 0): how long, and how many looks saw forks. */
	uint64_t watched_ns, looks;
	uint64_t at_fork;	  /* WHERE_BOOKS: forks of the tree when it was seen; else 0 */
	struct account_id holder; /* tgid 0: nobody; WHERE_BOOKS: whose books */
	char holder_comm[EVENT_COMM_BYTES];
	enum via via; /* through what it reaches the first of them */
	int32_t fd;   /* -1: none */
	struct finding_part *parts;
	size_t part_count;
	bool blocks;   /* "heap": `count` is of an allocator's blocks, `bytes` what was asked for */
	uint32_t take; /* 0: unknown; frames are in the ledger */
	struct finding_take *takes; /* those that are known one by one, in no order */
	size_t take_count;
	const char *hint; /* one or two sentences: what it means and what to do */
	const struct suppression *suppressed_by; /* NULL: none */
};

/* What a source that looks now and then could judge. */
struct verdict_watch {
	bool seen;	 /* false: another source */
	uint64_t ns;	 /* from the first look to the last */
	uint64_t forked; /* processes that were seen to fork */
	uint64_t judged; /* of them, those that forked often enough, at looks enough */
};

struct verdict {
	enum judgement judgement;
	struct verdict_watch watch;
	struct finding *findings; /* most bytes per fork first */
	size_t finding_count;
	const char **reasons; /* why it is inconclusive, one sentence each */
	size_t reason_count;
	const char **notes; /* what grows and is not called a leak, one sentence each */
	size_t note_count;
	struct finding *suppressed; /* known and accepted: no part of the judgement */
	size_t suppressed_count;
	const struct suppressions *suppressions; /* borrowed; NULL: none were asked for */
};

/**
 * verdict_new() - judge a ledger that has seen EVENT_END (or was cut off).
 * @led: borrowed, must outlive the verdict: names are borrowed from it.
 * Errors: 0 or -ENOMEM.
 */
int verdict_new(const struct ledger *led, struct verdict **ret_verdict);
void verdict_free(struct verdict *v);

const char *judgement_name(enum judgement j); /* "clean", "leak", "inconclusive" */
const char *where_name(enum where w);	      /* "held", "left", "lost", "books" */

#endif
