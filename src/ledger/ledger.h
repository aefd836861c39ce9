/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ledger.h - the books. Events in, sums out. Pure: no I/O, no clock, no printing.
 *
 * Laws (doc/design.md)
 *   1  an account is (tgid, start time); a pid seen with a new start time is a new account
 *   2  charged - returned = live >= 0, for each account, pool and tag, after every event
 *   3  a return of more than is charged is booked as over-return: counted, shown, not hidden
 *   4  unknown is a state (struct amount); a sum with an unknown part is a lower bound
 *   5  private bytes inherited at fork are kept apart from those charged since
 *   7  what outlives its maker stays booked to the account that was charged
 *   9  tables have a bound; what does not fit goes to the row `other` and is counted
 *
 * Terms
 *   row      what the ledger keeps of one account.
 *   fold     an account that was reaped, owes nothing and has no rows below it gives up its
 *            row some time later; its sums are added to `children` of its parent's row.
 *   residue  what was still charged when its holder began to exit, or after the run;
 *            one group for each (kind, holder, tag, take, kind of thing).
 *   own forks  the forks of one process, against the tree's.
 *
 * Ownership: everything that an accessor returns belongs to the ledger and stays valid
 * until the next ledger_apply() or ledger_free().
 */
#ifndef FORKTALLY_LEDGER_H
#define FORKTALLY_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "event/event.h"
#include "event/amount.h"
#include "ledger/series.h"

/* The stated bounds (law 9). */
#define LEDGER_ROWS_MAX	    32768 /* accounts with a row of their own */
#define LEDGER_CLOSING	    2048  /* reaped accounts whose fold waits for late events */
#define LEDGER_FOLDED_MAX   65536 /* folded accounts whose parent is remembered */
#define LEDGER_RESIDUES_MAX 8192
#define LEDGER_TAGS_MAX	    4096
#define LEDGER_TAKES_MAX    65536
#define LEDGER_FRAMES_MAX   64	 /* of one take */
#define LEDGER_FORKS_MIN    8	 /* own forks below which growth cannot be judged */
#define LEDGER_GAUGES_MAX   64	 /* tags of one account */
#define LEDGER_TEXTS_MAX    1024 /* blind notes and losses with a text of their own */

struct ledger;

struct ledger_session {
	bool seen; /* a SESSION event came */
	enum event_source source;
	uint32_t cpu_count;
	uint32_t page_bytes;
	const char *command; /* "" when not known */
	uint64_t begin_ns, last_ns;
	bool complete; /* END came; false: the session was cut off */
};

struct ledger_end {
	bool seen; /* false: all below is 0 and means nothing */
	int32_t status;
	uint32_t interrupted;
	uint32_t forks, exits, alive; /* as the source counted them */
	uint32_t killed;
	uint64_t settle_ns;
};

/* What was counted here, from the events themselves. */
struct ledger_counts {
	uint64_t forks;	 /* of the tree, without the root's */
	uint64_t before; /* processes that ran before the session, the root among them */
	uint64_t trees;	 /* those without a parent, of them */
	uint64_t exits, reaps, execs, threads;
	uint64_t alive;	  /* ALIVE events, zombies among them */
	uint64_t zombies; /* ALIVE events with zombie */
	uint64_t events;
	uint64_t alive_peak; /* most accounts that lived at once */
	uint64_t strangers;  /* events for accounts that no FORK announced */
	uint64_t disorder; /* a second FORK, EXIT or REAP of one account, or a REAP without EXIT */
	uint64_t over_bound; /* accounts, residues or tags that found no room in the tables above */
	uint64_t over_text;  /* takes, frames or texts that found no room */
	uint64_t over_return; /* returns of more than was charged */
};

/* An over-return is known by the first of them. */
struct ledger_over {
	struct account_id id;
	char comm[EVENT_COMM_BYTES]; /* "" where nothing announced it */
	uint64_t fork;		     /* forks of the tree by then */
};

struct ledger_pool {
	bool seen; /* false: no event spoke of this pool, its sums are unknown */
	struct amount charged, returned, live, peak;
	struct amount inherited;    /* private only: received at forks, not part of charged */
	struct amount unattributed; /* the kernel's book minus ours: at the end, else at the peak */
	uint64_t charged_count, returned_count;
	uint64_t over_return_count;
	int64_t over_return_bytes;
	struct ledger_over first_over; /* with over_return_count */
	/* END came, and the source's own TOTALs are the sums of what its events told, to the byte.
	 */
	bool totals_agree;
	int64_t events_peak;	   /* highest level that CHARGEs and RETURNs show, one by one */
	uint64_t events_peak_fork; /* forks of the tree by then */
};

/* Two books at one moment. */
struct ledger_book {
	bool seen;
	struct amount ledger, kernel, unattributed;
	uint32_t processes;
};
enum book_moment { BOOK_PEAK, BOOK_END, BOOK_MOMENTS };

struct ledger_tag {
	uint32_t tag;
	enum pool pool;
	uint32_t flags;
	const char *name;
	struct amount object_bytes;
	bool total_seen; /* the source sent a TOTAL: the four sums below are its */
	uint64_t charged_count, returned_count, asked_count;
	int64_t charged_bytes, returned_bytes;
	uint64_t open_count; /* OBJECTs still open at the end */
	int64_t open_bytes;
};

struct ledger_frame {
	const char *function, *file, *module; /* "" where unknown */
	uint32_t line;
	bool kernel;
	uint64_t offset;
	bool seen; /* false: a hole, no FRAME came for this index */
};

struct ledger_take {
	uint32_t take;
	int32_t syscall_nr;
	const char *syscall; /* "" where unknown */
	struct account_id first;
	const struct ledger_frame *frames; /* [0] is the innermost */
	size_t frame_count;
};

/* Sums of one pool, of one account or of many folded ones. */
struct ledger_sums {
	struct amount charged, returned;
	int64_t live; /* charged - returned of what is known */
	struct amount peak;
	int64_t over_return;
};

struct ledger_folded {
	uint64_t accounts; /* folded rows, and rows folded into those */
	uint64_t failed;   /* of them: exit status not 0, or ended by a signal */
	uint64_t forks;	   /* made by them */
	struct ledger_sums pool[POOLS];
	struct amount inherited;
};

struct ledger_account {
	struct account_id id; /* tgid 0: the row `other`, for what has no row of its own */
	char comm[EVENT_COMM_BYTES];
	const struct ledger_account
	    *parent; /* the one that forked it; NULL: the root, or `other` */
	uint32_t birth_ordinal;
	uint32_t forked_at;		    /* take, 0: unknown */
	uint64_t fork_ns, exit_ns, reap_ns; /* 0: not seen */
	uint64_t forks;			    /* made by it */
	/*
	 * Of those it forked: ended by now, and ended when it forked last. What it holds for
	 * those that lived on by then may still be in use.
	 */
	uint64_t ended, ended_at_last_fork;
	uint32_t execs, threads; /* threads beside the first */
	uint32_t threads_peak;
	/* Where a LOOK came: levels begin with the first one, and anew with an exec. */
	bool looked;
	uint64_t first_look_ns, from_look_ns, last_look_ns; /* from: since its last exec */
	uint64_t looked_forks;				    /* its forks at the last LOOK */
	uint64_t looks; /* LOOKs since then at which it had forked since the one before */
	bool root, exited, reaped;
	bool before;		 /* it ran before the session: not forked in it */
	bool alive_seen, zombie; /* an ALIVE event: it lived, or was a zombie, at the end */
	bool stopped;
	bool orphan;	/* lives at the end, and the process that forked it is gone */
	int32_t status; /* with exited */
	struct ledger_sums pool[POOLS];
	int64_t private_level;		  /* last one known: inherited + charged - returned */
	bool private_known;		  /* false: the level was never told */
	struct amount private_peak;	  /* as told at exit */
	struct amount inherited;	  /* at its fork; with `before`: when the session began */
	int64_t inherited_live;		  /* of that, not given back yet */
	struct amount commit, page_table; /* as told at exit */
	struct amount exit_kernel;	  /* open kernel charges, as told at exit */
	struct amount alive_kernel;	  /* as told by ALIVE */
	struct amount zombie_bytes;	  /* what it held of the kernel as a zombie */
	struct marks marks;		  /* its own forks on the tree's clock */
	struct levels levels;		  /* private level at its own forks, since its last exec */
	uint64_t levels_from;		  /* own forks made before that exec, or its first LOOK */
	struct ledger_folded children;
};

enum residue_kind {
	RESIDUE_OBJECT,	 /* OBJECT events: exact things with a birth */
	RESIDUE_LEVEL,	 /* GAUGE events of one (account, tag): levels over own forks */
	RESIDUE_LEFT,	 /* LEFT events: objects that outlive processes */
	RESIDUE_ZOMBIE,	 /* children that the holder had not waited for when it began to exit */
	RESIDUE_RUNNING, /* children that ran when the holder began to exit, and were ended by that
			  */
	RESIDUE_STOPPED, /* the same, stopped by a signal */
	RESIDUE_ORPHAN,	 /* processes that live at the end, their parent gone */
};

struct ledger_residue {
	enum residue_kind kind;
	enum hold hold;
	/*
	 * HOLD_PROCESS: who held it; NULL: processes below `forker` that forked too little to be
	 * judged. The births of a residue with a holder run on the holder's own forks, else on the
	 * tree's.
	 */
	const struct ledger_account *holder;
	/*
	 * HOLD_PROCESS by another process than the one it was charged to, which forks too little
	 * for births to run on its forks, or is not of the tree: who. tgid 0: see `holder`.
	 */
	struct account_id keeper;
	char keeper_comm[EVENT_COMM_BYTES];
	/*
	 * The one process whose children made it: NULL when there are several, or when it is
	 * not known. With a holder it is the holder.
	 */
	const struct ledger_account *forker;
	const struct ledger_account *first; /* ORPHAN: the oldest of them */
	enum pool pool;
	const struct ledger_tag *tag; /* NULL: none (ZOMBIE, ORPHAN) */
	uint32_t take;		      /* 0: unknown */
	uint32_t forked_at;	      /* take, of processes: where the first of them was forked */
	enum thing thing;	      /* what these are parts of, as far as the source knows */
	bool body;		      /* one of these for each of the things */
	enum via via;		      /* through what the holder reached the first of them */
	int32_t fd;		      /* and by which descriptor, -1: none */
	bool fd_same;		      /* all of them by that one */
	uint64_t count;
	struct amount bytes; /* in `pool`; with LEVEL: at the holder's exit or the last level */
	struct amount kernel_bytes; /*
				     * LEFT, ORPHAN: what the kernel pool holds beside `bytes`.
				     * ZOMBIE: open charges as told when they began to exit.
				     */
	uint64_t open_count;	    /* of count: not returned at all */
	int64_t open_bytes;
	bool estimate;
	struct births births; /* all kinds but LEVEL */
	struct levels levels; /* LEVEL: over the holder's own forks ... */
	uint64_t levels_from; /* ... since it had made that many */
};

/* A law that does not hold in what the source said. */
enum law {
	LAW_TAG_OPEN,	  /* charged - returned of a tag is not what its open OBJECTs sum up to */
	LAW_POOL_CHARGED, /* charged over accounts is not charged over tags */
	LAW_POOL_RETURNED,
	LAW_BOOK_PEAK, /* source model: the peak in the kernel's books is not that of its charges */
	LAW_BOOK_END,  /* source model: nor is what they say is still charged */
	LAWS
};

struct ledger_violation {
	enum law law;
	enum pool pool;
	const struct ledger_tag *tag; /* LAW_TAG_OPEN */
	int64_t left_bytes, right_bytes;
};

struct ledger *ledger_new(void); /* NULL: no memory */
void ledger_free(struct ledger *led);

/**
 * ledger_apply() - book one event.
 * @led: the book. Borrowed.
 * @ev:  one event, in its source's order. Borrowed for the call, nothing in it is kept.
 *
 * Shape:   touches at most two accounts, but for EXIT and END, which look at children.
 * Units:   bytes, signed in events, never negative in accounts; times CLOCK_BOOTTIME ns.
 * Errors:  0; -EINVAL this is not an event of the contract (type, pool, negative bytes, a tag
 *          number that no TAG announced), book unchanged; -ENOMEM, book unchanged but for
 *          the count of events. Events that come in an impossible order are not errors:
 *          they are counted (disorder, strangers).
 * Unknown: bytes of EVENT_UNKNOWN_BYTES make every sum they enter a lower bound.
 * Source:  the charge and return rules in doc/design.md, laws 1 to 7.
 */
int ledger_apply(struct ledger *led, const struct event *ev);

const struct ledger_session *ledger_session(const struct ledger *led);
const struct ledger_end *ledger_end(const struct ledger *led);
const struct ledger_counts *ledger_counts(const struct ledger *led);
const struct ledger_pool *ledger_pool(const struct ledger *led, enum pool pool);
const struct ledger_book *ledger_book(const struct ledger *led, enum pool pool,
				      enum book_moment moment);
/* Private bytes of the processes that ran before the session, when it began. */
struct amount ledger_before_private(const struct ledger *led);

/* Losses, one row for each (kind, text), in the order in which they were first told. */
struct ledger_loss {
	enum loss kind;
	uint64_t count;
	const char *text;
};
size_t ledger_loss_count(const struct ledger *led);
const struct ledger_loss *ledger_loss(const struct ledger *led, size_t i);
uint64_t ledger_lost_events(const struct ledger *led); /* all kinds together */

size_t ledger_blind_count(const struct ledger *led);
const char *ledger_blind(const struct ledger *led, size_t i);

size_t ledger_violation_count(const struct ledger *led);
const struct ledger_violation *ledger_violation(const struct ledger *led, size_t i);

/* NULL: no such number. The _at forms walk all of them, i from 0, NULL at the end. */
const struct ledger_tag *ledger_tag(const struct ledger *led, uint32_t tag);
const struct ledger_tag *ledger_tag_at(const struct ledger *led, size_t i);
const struct ledger_take *ledger_take(const struct ledger *led, uint32_t take);
const struct ledger_take *ledger_take_at(const struct ledger *led, size_t i);

/*
 * Rows in the order of their forks, the root first, `other` last (only if something was
 * booked there). @prev NULL: the first one. Returns NULL after the last.
 */
const struct ledger_account *ledger_account_next(const struct ledger *led,
						 const struct ledger_account *prev);
const struct ledger_account *ledger_root(const struct ledger *led); /* NULL: no FORK came */
/* NULL: no row (never seen, or folded). */
const struct ledger_account *ledger_account(const struct ledger *led, struct account_id id);

size_t ledger_residue_count(const struct ledger *led);
const struct ledger_residue *ledger_residue(const struct ledger *led, size_t i);

const char *pool_name(enum pool pool); /* "private", "kernel", "shared", "cache" */
const char *loss_name(enum loss kind); /* "records", "objects", "accounts", "undecided", "tree" */
const char *source_name(enum event_source source); /* "bpf" ..., "unknown" */

#endif
