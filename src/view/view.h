/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * view.h - one immutable snapshot of everything a report prints. Every face (text, JSON,
 * later HTML and metrics) prints this and computes nothing of its own, so two faces
 * cannot disagree.
 *
 * Made from a ledger and its verdict; afterwards it owns all of its strings and neither of the
 * two is needed any more. It holds no clock, no environment and no address of ours: the same
 * events give the same view, on any machine.
 *
 * Units: bytes in struct amount (unknown is a state, not 0); forks and processes are counts.
 * Strings are as the source gave them: they may hold any byte but NUL, a face escapes them.
 */
#ifndef FORKTALLY_VIEW_H
#define FORKTALLY_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "event/event.h"
#include "event/amount.h"
#include "verdict/verdict.h"

struct ledger;

/* The same columns for each pool; what has no meaning for a pool is KNOWN_NOT. */
struct view_pool {
	struct amount charged;
	struct amount returned;
	struct amount peak; /* the highest level of the whole tree */
	struct amount live; /* charged - returned, at the end of the run */
	struct amount
	    unattributed; /* the kernel's own book minus ours: at the end, else at the peak */
	struct amount inherited;    /* at fork, not charged since; POOL_PRIVATE only */
	uint64_t over_return_count; /* returns of more than was charged */
	int64_t over_return_bytes;
};

/* The command's own process, as told at its exit. */
struct view_root {
	bool seen;
	uint32_t pid;
	const char *comm;
	uint32_t threads_peak; /* 0: not told */
	struct amount private_peak, page_table, commit;
};

/* What ran before forktally attached; it is no part of what was charged since. */
struct view_before {
	uint64_t processes; /* 0: nothing, the command was started by the run */
	struct amount private_bytes;
};

/* What a source that looks now and then saw of its processes. */
struct view_watch {
	bool seen; /* false: another source */
	double seconds;
	uint64_t forked; /* processes that were seen to fork */
	uint64_t judged; /* of them, those that forked often enough, at looks enough */
};

/* One kind of object of one pool, over the whole run. Counts 0: not counted. */
struct view_tag {
	const char *tag;
	enum pool pool;
	uint64_t charged_count, returned_count;
	struct amount charged, returned, live;
	uint64_t asked_count; /* of the returned: found dead only by asking the kernel */
	bool unaccounted;     /* the kernel charges this to nobody */
};

struct view_frame {
	const char *function; /* "" unknown */
	const char *file;     /* "" unknown */
	const char *module;   /* "" unknown */
	uint32_t line;	      /* 0 unknown */
	uint64_t offset;      /* in the module, where the function is unknown */
	bool kernel;
};

struct view_part {
	const char *tag;
	enum pool pool; /* where it is not the finding's, it is not in its bytes */
	uint64_t count; /* 0: not counted */
	struct amount bytes;
};

/* Bytes of a finding that were taken in one place. */
struct view_stack {
	const char *syscall;	   /* "" unknown; "page fault" for memory that was touched */
	struct view_frame *frames; /* innermost first */
	size_t frame_count;
	struct amount bytes;
};

struct view_finding {
	const char *title; /* in plain words, one line, no full stop */
	const char
	    *thing; /* what `count` counts: "pipe", "child"; "": nothing that a person counts */
	const char *things;
	const char *cause; /* slug */
	const char *hint;
	enum where where;
	enum pool pool;
	uint64_t count;
	struct amount bytes;
	uint64_t forks; /* what "per fork" is measured against */
	double count_per_fork, bytes_per_fork;
	/* Of a source that looks now and then; 0: another source. */
	double watched_seconds;
	double count_per_minute, bytes_per_minute;
	uint64_t looks;
	uint64_t at_fork; /* where books: forks of the tree when it was seen; else 0 */
	uint32_t holder_pid; /* 0: nobody holds it, or unknown */
	const char *holder_comm;
	const char *through; /* "fd 17"; "" where not known */
	struct view_part *parts;
	size_t part_count;
	const char *syscall;	   /* "" unknown; "page fault" for memory that was touched */
	struct view_frame *frames; /* innermost first */
	size_t frame_count;
	struct view_stack *stacks; /* all places, most bytes first; together they are `bytes` */
	size_t stack_count;
	const char *suppression;   /* a block for --suppress that matches it: lines of ASCII */
	const char *suppressed_by; /* name of the suppression that matched it; "" none did */
};

/* What --suppress was given; all of them, used or not. */
struct view_suppression {
	const char *name;
	const char *file; /* where it stands, as it was given */
	uint64_t line;
	uint64_t used; /* findings that it has suppressed */
	struct amount bytes;
};

/* Two books at one moment: how far our figure is from the kernel's. */
struct view_book {
	enum pool pool;
	bool at_end; /* false: at the tree's highest sampled level */
	struct amount ledger, kernel;
	uint32_t processes; /* alive at that moment */
};

struct view_loss {
	enum loss kind;
	uint64_t count;
	const char *what; /* one line, from the source */
};

struct view {
	/* The run */
	const char *command;
	const char *source; /* "bpf", "proc", "model", "census" */
	enum judgement judgement;
	const char *headline; /* the verdict in one line of words, without the judgement's name */
	uint64_t forks;	      /* of the tree, without the command itself */
	uint64_t exits;	      /* with the command itself */
	uint64_t alive;
	uint64_t zombies; /* of alive */
	uint64_t threads, execs;
	int exit_status; /* as a shell says it; -1: the command never ran, or lives on */
	int signal;	 /* that ended the command; 0: none */
	int interrupted; /* the signal that ended the run early; 0: none */
	uint64_t killed; /* processes that the run had to kill */
	/*
	 * The session has no END: what stands here goes up to the cut, and alive, zombies, killed,
	 * settle_seconds and lost_events are not known.
	 */
	bool cut_off;
	double settle_seconds;
	uint64_t lost_events;

	struct view_pool pools[POOLS];
	struct view_root root;
	struct view_before before;
	struct view_watch watch;

	struct view_tag *tags; /* by pool, most live bytes first, then most charged */
	size_t tag_count;
	struct view_finding *findings; /* most bytes per fork first */
	size_t finding_count;
	struct view_finding *suppressed; /* the same, but known and no leak */
	size_t suppressed_count;
	struct view_suppression *suppressions;
	size_t suppression_count;
	struct view_book *books;
	size_t book_count;
	struct view_loss *losses;
	size_t loss_count;
	const char **not_seen; /* what this source cannot see on this machine */
	size_t not_seen_count;
	const char **reasons; /* why it is inconclusive */
	size_t reason_count;
	const char **notes; /* what grows and is not called a leak */
	size_t note_count;

	struct view_arena *arena; /* owns all of the above */
};

/**
 * view_new() - take the snapshot.
 * @led: a ledger that has seen all of its events. Borrowed for the call.
 * @v:   its verdict. Borrowed for the call.
 * Errors: 0 or -ENOMEM.
 */
int view_new(const struct ledger *led, const struct verdict *v, struct view **ret_view);
void view_free(struct view *view);

/* The innermost frame of the program; 0 where there are only the kernel's. */
size_t view_user_frame(const struct view_frame *frames, size_t count);

/* N where one fork in N leaves one thing behind and the others none; else 0. */
uint64_t view_finding_one_in(const struct view_finding *f);

/* The kernel's figure minus ours; KNOWN_NOT where either is unknown. */
struct amount view_book_difference(const struct view_book *b);

#endif
