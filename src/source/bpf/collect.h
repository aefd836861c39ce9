/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * collect.h - turns what the kernel programs wrote into events.
 *
 *   collect.c   the collector itself: records, tags, sums and losses
 *   accounts.c  slots of the account table, from the end of a process until a slot is free again
 *   objects.c   entries of the object table: tombstones, and what is open at the end
 *   takes.c     where objects were taken
 *   grown.c     where private memory was taken
 *
 * A slot of the account table is closed, and free for another process, once its process was
 * reaped, its kernel charges have come back, and its tombstones were collected. Slab objects that
 * the kernel drops on demand (dentries, inodes of files) may stay for long: they are moved to a
 * shelf of the whole tree's then.
 *
 * Units: bytes; times are CLOCK_BOOTTIME ns. Errors: the first one of emit stays in the collector,
 * and nothing is told from then on. Source: the tables of event/table.h, mapped by tables.h.
 */
#ifndef FORKTALLY_COLLECT_H
#define FORKTALLY_COLLECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "event/event.h"
#include "event/walk.h"
#include "source/bpf/tables.h"

#define MOMENTS (1u << 20)

struct reach;
struct ring_buffer;
struct symbolizer;
struct take_maps;

/* Tags that stand for no cache. */
enum { TAG_ZOMBIE = TAG_MAX + LEVELS, TAG_BRK, TAG_MMAP, TAG_OWN_END };
#define TAG_THINGS 1024 /* + enum thing: what is left by a name */

/* An open charge that another process than its own reached when the run was over. */
struct handed {
	uint64_t key;
	uint32_t position; /* in the object table */
	struct object_entry entry;
	struct walk_record reached;
};

struct collector {
	struct tables *t;
	const struct reach *reach;
	struct handed *handed;
	size_t handed_count;
	uint8_t *things; /* by hash of (take, birth): enum thing, where a name keeps it */
	event_fn emit;
	void *emit_ctx;
	struct ring_buffer *ring;
	int err; /* first one of emit; events are dropped from then on */

	struct account_shadow {
		uint32_t aliases; /* threads' slots that are not folded yet */
		uint64_t thread_bytes; /* what its last thread took */
		uint32_t forked_at;    /* take, 0: unknown */
		bool waits, moves;
	} * shadow;
	uint32_t *waiting; /* slots that wait to be closed */
	size_t waiting_count;
	uint32_t *slot_of; /* tgid -> slot + 1 of the last process with it */
	uint32_t pid_max;
	uint64_t moved_ns, swept_ns, aborted_seen;
	uint64_t seen_ns; /* all records up to then were read: who died since may be unknown yet */
	uint64_t swept;	  /* tombstones collected */
	uint8_t moments[MOMENTS / 8]; /* hashes of (take, birth) of what a holder kept */
	uint8_t kept[MOMENTS / 8];    /* the same of (holder, birth) */
	int64_t other_charged[BOOKS], other_returned[BOOKS];
	uint64_t asked[TAG_MAX];
	uint64_t text_half; /* upper half of addresses in the kernel's text: sites are kept as lower
			       ones */
	uint64_t time_wait; /* sockets that wait for their minute */
	uint32_t ipc_left;  /* System V IPC objects that the tree left */

	bool tag_told[TAG_OWN_END];
	bool take_told[TABLE_TAKES];
	struct take_maps *maps;
	uint16_t maps_of[TABLE_TAKES]; /* index into maps + 1, 0: none */
	uint64_t
	    *unwound[TABLE_TAKES]; /* addresses, a 0 ends them; NULL: frame pointers are better */
	struct symbolizer *symbolizer;
	struct account_id root;
	bool root_exited;
	int32_t root_status;
	bool run_is_over; /* ALIVE was told: what ends now was ended by us, and is not told */
};

#define SHELF_SLOT 1u /* takes no process: open cache charges of closed accounts */

int collector_open(struct collector *c, struct tables *t, event_fn emit, void *ctx);

/* Reads all records, closes what can be closed. Call every few ten ms. 0 or the first error of
 * emit. */
int collector_tick(struct collector *c);

/* Only the records; for when their order against something else matters. */
int collector_records(struct collector *c);

/* Emits one event with the time of now. */
void collector_emit(struct collector *c, struct event *ev);

void collector_tag_name(const struct collector *c, uint32_t tag, char *name, size_t size);

/* Tells the place where the process of the slot was forked. */
void collector_forked_at(struct collector *c, uint32_t slot);

/* Emits what was lost; nothing where count is 0. */
void collector_loss(struct collector *c, uint32_t kind, uint64_t count, const char *what);

/* Tells the tag's name before its number is used. */
void collector_tag(struct collector *c, uint32_t tag);

/**
 * collector_finish() - after tables_detach(): all that is still open, all sums, all losses.
 * @oracle: the kernel could be asked: what is open after all is alive.
 */
int collector_finish(struct collector *c, bool oracle);

void collector_close(struct collector *c);

uint64_t collector_now_ns(void);

static inline uint32_t collector_pool(uint32_t book)
{
	return book == BOOK_CACHE ? POOL_CACHE : POOL_KERNEL;
}

/*
 * accounts.c
 */

/* The slot of a process of the tree, or -1. */
int64_t collector_slot(const struct collector *c, uint32_t tgid);

/* Open bytes, kernel book, of accounts whose process is gone. */
int64_t collector_open_bytes(const struct collector *c);

/* Its process was reaped, or it is a thread's: close the slot as soon as it can be. */
void collector_account_waits(struct collector *c, uint32_t slot);

/* Closes those that wait and can be closed. */
void collector_accounts_close(struct collector *c);

/* At the end: the sums of all accounts, whatever is open in them. */
void collector_accounts_finish(struct collector *c);

/*
 * objects.c
 */

/*
 * May a live object of a process that is gone still come back by itself, in some seconds? Batches
 * of kvfree_rcu may; pages, pids, and what TIME_WAIT or System V IPC holds, do not.
 */
bool collector_may_return(struct collector *c, const struct object_entry *e, uint64_t key);

/* Was it found to be there when the exit of its holder began? */
bool collector_found_at_exit(const struct collector *c, const struct object_entry *e);
/* Counts a tombstone that stands for @e. */
void collector_tombstone(struct collector *c, const struct object_entry *e);
/* Tells and removes the tombstones: what went only with the exit of its holder. */
void collector_sweep(struct collector *c);

/* At the end: all that is open, and of what the kernel could not be asked whether it lives. */
void collector_objects_finish(struct collector *c, bool oracle);

/*
 * Before processes are ended: notes what each of them holds of others. After: tells what of that
 * came back with it.
 */
void collector_note_handed(struct collector *c);
void collector_tell_handed(struct collector *c);

/*
 * grown.c: tells the pages of private memory that the process of the slot has, and when it took
 * them. Nothing where there are too few to speak of.
 * @returned_ns: when its exit began, 0: it lives.
 */
void collector_grown(struct collector *c, uint32_t slot, uint64_t returned_ns);
/* At the end: of all that live. */
void collector_grown_finish(struct collector *c);

/*
 * takes.c, in two halves: note a new take's maps while its process lives, and unwind the copy of
 * its stack (NULL: none) at once, for it is not kept; tell the take with its frames.
 */
void collector_take_seen(struct collector *c, uint32_t take, const struct account_id *id,
			 const struct take_copy *copy);
void collector_take(struct collector *c, uint32_t take);
void collector_takes_close(struct collector *c);

#endif
