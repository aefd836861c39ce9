/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * book.h - the inside of struct ledger, for the files of src/ledger/ alone.
 *
 *   ledger.c   new, free, apply: checks an event and hands it to one of the others
 *   account.c  rows: begin, find, exec, exit, reap; lineage
 *   fold.c     rows that nobody needs any more become part of their parent's
 *   charge.c   charges, returns, private levels, gauges, pool sums
 *   residue.c  what was still there: objects, levels, left things
 *   kin.c      zombies and orphans
 *   name.c     tags, takes, frames, texts
 *   law.c      the laws that the source's own totals must keep
 *   read.c     the accessors of ledger.h
 *   table.c series.c amount.c   what those are made of
 */
#ifndef FORKTALLY_LEDGER_BOOK_H
#define FORKTALLY_LEDGER_BOOK_H

#include "ledger/ledger.h"
#include "ledger/table.h"

/* No sum may pass this: an event that would make it is not of this world (-EINVAL). */
#define LEDGER_BYTES_MAX (INT64_C(1) << 60)

struct residue;

struct gauge {
	uint32_t tag;
	enum pool pool;
	int64_t bytes; /* booked as charged now */
	int64_t before_bytes,
	    before_count;	 /* there before the session, and still: not part of it */
	struct residue *residue; /* its levels; NULL: a zombie's, or no room */
};

struct row {
	struct ledger_account account; /* first: the public face */
	struct row *prev, *next;       /* in order of forks */
	struct row *parent;
	struct row *child, *sibling_prev, *sibling_next;
	struct row *waiter; /* whose zombie it is, where that is not `parent`; an ancestor of it */
	struct row *closing_next;
	struct residue *zombie_in; /* it is counted there */
	struct gauge *gauges;
	uint32_t gauge_count, gauge_room;
	uint32_t pins; /* residues that point here: no fold */
	bool waiting;  /* in the closing queue */
	bool zombie_gauged;
};

struct residue {
	struct ledger_residue residue; /* first */
	struct row *holder, *forker, *first;
	struct row *below; /* HOLD_PROCESS without a row: the row it is folded into */
	uint32_t tag;
	uint64_t hash;
	size_t index; /* in ledger.residues */
	bool hashed;
	bool forker_set;	/* forker was decided once; NULL now means several */
	uint64_t unknown_count; /* ZOMBIE: of how many the bytes are not known */
	int64_t known_bytes;
};

struct fold_note {
	struct account_id id, parent;
};

struct tag {
	struct ledger_tag tag; /* first */
	bool open_unknown;     /* an open OBJECT did not tell its bytes */
};

struct take {
	struct ledger_take take; /* first */
	struct ledger_frame *frames;
	bool announced;
};

struct list {
	void **at;
	size_t used, room;
};

struct pool_book {
	struct ledger_pool pool;
	int64_t live, live_peak;
	bool peak_bound; /* something was only seen as a sum or now and then */
	int64_t peak_told;
	int64_t inherited_bytes;
	struct amount left; /* LEFT objects: all that is known of a pool that is not seen else */
	bool totals; /* TOTAL events came */
	int64_t total_charged, total_returned;
	struct ledger_book book[BOOK_MOMENTS];
};

struct ledger {
	struct ledger_session session;
	struct ledger_end end;
	struct ledger_counts counts;
	struct pool_book pool[POOLS];
	struct ledger_pool shown[POOLS]; /* derived from it after each event */
	struct row *rows, *rows_last, *root;
	size_t row_count;
	struct row other;
	uint64_t alive_now;
	uint64_t waited_elsewhere; /* rows with a waiter, exited and not reaped */
	struct amount before_private;
	struct table by_id;
	struct row *closing, *closing_last;
	size_t closing_count;
	struct fold_note *folded; /* ring */
	size_t folded_used, folded_next, folded_room;
	struct table folded_by_id;
	struct table tags_by_number, takes_by_number;
	struct list tags, takes, texts, losses, blinds, violations;
	struct list residues;
	struct table residues_by_key;
	uint64_t lost;
	char *command;
};

/* Where an event of an account goes: its row, or the sums of those folded into a row. */
struct target {
	struct row *row;
	bool folded;   /* into row->account.children */
	bool stranger; /* nobody announced it: row is `other` */
};

/* list */
int list_reserve(struct list *l);
void list_put(struct list *l, void *item);

/* fold.c */
struct target row_known(struct ledger *led, struct account_id id);
struct target row_target(struct ledger *led, struct account_id id); /* counts a stranger */
bool row_folded(const struct ledger *led, struct account_id id);
/* Where a folded account's events go from now on. false: no memory, they go to `other`. */
bool note_fold(struct ledger *led, struct account_id id, struct account_id parent);
void closing_push(struct ledger *led, struct row *row);
bool rows_make_room(struct ledger *led);
void row_unpin(struct ledger *led, struct row *row);
/* Something came back to it: the row is gone if that was the last. */
void row_returned(struct ledger *led, struct row *row);
void row_free(struct row *row);

/* account.c */
uint64_t row_hash(struct account_id id);
bool row_is(struct account_id a, struct account_id b);
struct row *row_find(const struct ledger *led, struct account_id id);
int row_begin(struct ledger *led, const struct event *ev);
int row_exec(struct ledger *led, const struct event *ev);
int row_exit(struct ledger *led, const struct event *ev);
int row_reap(struct ledger *led, const struct event *ev);
int row_alive(struct ledger *led, const struct event *ev);
int row_look(struct ledger *led, const struct event *ev);
int row_thread(struct ledger *led, const struct event *ev);
void rows_release(struct ledger *led);

/* charge.c */
int charge_amount(struct ledger *led, const struct event *ev);
int charge_gauge(struct ledger *led, const struct event *ev);
int charge_total(struct ledger *led, const struct event *ev);
int charge_book(struct ledger *led, const struct event *ev);
bool charge_fits(const struct ledger *led, enum pool pool, int64_t bytes);
void charge_inherit(struct ledger *led, struct row *row, int64_t bytes);
void charge_private_level(struct ledger *led, struct row *row, int64_t bytes);
void charge_private_end(struct ledger *led, struct row *row);
void charge_gauges_end(struct ledger *led, struct row *row, bool zombie_too);
void sums_fold(struct ledger_sums *into, const struct ledger_sums *from);

/* residue.c */
struct residue_key {
	enum residue_kind kind;
	enum hold hold;
	const struct row *holder, *below;
	enum pool pool;
	uint32_t tag, take;
	enum thing thing;
	bool body;
	struct account_id keeper;
};
/* Finds or makes the group. When there are too many: one catch-all for each pool. NULL: no memory.
 */
struct residue *residue_get(struct ledger *led, const struct residue_key *key);
/* The nearest one above that forks, for a holder that does not fork enough to be judged. */
struct row *residue_below(struct row *row);
/* Its children made it: one process, or several. May fold the row it lets go. */
void residue_forker(struct ledger *led, struct residue *r, struct row *forker);
void residue_pin(struct row *row);
void residue_sum(struct amount *sum, uint64_t count_before, int64_t bytes, bool estimate);
int residue_object(struct ledger *led, const struct event *ev);
int residue_left(struct ledger *led, const struct event *ev);
int residue_level(struct ledger *led, struct row *row, const struct event_gauge *g,
		  struct residue **ret_residue);
/* An exec: what its levels told was another program's. */
void residue_levels_reset(struct row *row);
void residue_drop(struct ledger *led, struct residue *r);
void residues_release(struct ledger *led);

/* kin.c */
int residue_zombies(struct ledger *led, struct row *parent);
/* Its parent at exit was @tgid: sets row->waiter where that is another than the one that forked it. */
void row_find_waiter(struct row *row, uint32_t tgid);
int residue_child(struct ledger *led, struct row *row, const struct event_exit *x);
int residue_orphans(struct ledger *led);
void residue_zombie_bytes(struct row *row, struct amount bytes);

/* name.c */
int name_tag(struct ledger *led, const struct event *ev);
int name_take(struct ledger *led, const struct event *ev);
int name_frame(struct ledger *led, const struct event *ev);
int name_loss(struct ledger *led, const struct event *ev);
int name_blind(struct ledger *led, const struct event *ev);
struct tag *tag_find(const struct ledger *led, uint32_t tag);
/* 0 or a number that was announced, or one that may have found no room. */
bool tag_usable(const struct ledger *led, uint32_t tag);
struct take *take_find(const struct ledger *led, uint32_t take);
void names_release(struct ledger *led);

/* read.c */
void pools_show(struct ledger *led);

/* law.c */
int law_check(struct ledger *led);

static inline int64_t page_bytes(const struct ledger *led)
{
	return led->session.page_bytes ? led->session.page_bytes : 4096;
}

#endif
