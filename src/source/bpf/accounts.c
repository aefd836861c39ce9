// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * accounts.c - the slots of the account table: when one can be closed, its sums told, and the slot
 * given to another process.
 */
#include <string.h>

#include "source/bpf/collect.h"

#define MOVE_NS	  1000000000ull
#define PINNED_NS 2000000000ull

void collector_account_waits(struct collector *c, uint32_t slot)
{
	if (c->shadow[slot].waits)
		return;
	c->shadow[slot].waits = true;
	c->waiting[c->waiting_count++] = slot;
}

int64_t collector_slot(const struct collector *c, uint32_t tgid)
{
	if (tgid >= c->pid_max || !c->slot_of[tgid])
		return -1;
	if (c->t->accounts[c->slot_of[tgid] - 1].tgid != tgid)
		return -1;
	return c->slot_of[tgid] - 1;
}

static void tell_sums(struct collector *c, const struct account_id *id, uint32_t book,
		      int64_t charged, int64_t returned, int64_t peak)
{
	struct event ev = {
	    .type = EVENT_CHARGE,
	    .account = *id,
	    .u.amount = {.pool = collector_pool(book), .bytes = charged, .peak_bytes = peak}};

	if (!charged && !returned)
		return;
	collector_emit(c, &ev);
	ev.type = EVENT_RETURN;
	ev.u.amount.bytes = returned;
	ev.u.amount.peak_bytes = EVENT_UNKNOWN_BYTES;
	if (returned)
		collector_emit(c, &ev);
}

static void slot_free(struct collector *c, uint32_t slot)
{
	struct account_slot *a = &c->t->accounts[slot];

	c->shadow[slot] = (struct account_shadow){};
	memset(a, 0, offsetof(struct account_slot, tgid));
	memset((char *)a + offsetof(struct account_slot, alias), 0,
	       sizeof(*a) - offsetof(struct account_slot, alias));
	a->tgid = 0;
	__atomic_store_n(&a->state, ACCOUNT_FREE, __ATOMIC_RELEASE);
}

static bool book_closed(const struct account_slot *a, int book)
{
	return __atomic_load_n(&a->charged[book], __ATOMIC_ACQUIRE) ==
	       __atomic_load_n(&a->returned[book], __ATOMIC_ACQUIRE);
}

/* A thread's charges are its process's. Only when all came back, so that none is booked later. */
static void fold_thread(struct collector *c, uint32_t slot, bool even_open)
{
	struct account_slot *a = &c->t->accounts[slot];
	struct account_slot *process = &c->t->accounts[a->alias & (TABLE_ACCOUNTS - 1)];

	if (!even_open && (!book_closed(a, BOOK_KERNEL) || !book_closed(a, BOOK_CACHE)))
		return;
	for (int b = 0; b < BOOKS; b++) {
		__atomic_add_fetch(&process->charged[b], a->charged[b], __ATOMIC_RELAXED);
		__atomic_add_fetch(&process->returned[b], a->returned[b], __ATOMIC_RELAXED);
	}
	c->shadow[a->alias & (TABLE_ACCOUNTS - 1)].aliases--;
	if (!even_open)
		slot_free(c, slot);
}

static void close_account(struct collector *c, uint32_t slot)
{
	struct account_slot *a = &c->t->accounts[slot];
	struct account_id id = {.start_ns = a->start_ns, .tgid = a->tgid};

	tell_sums(c, &id, BOOK_KERNEL, (int64_t)a->charged[BOOK_KERNEL],
		  (int64_t)a->returned[BOOK_KERNEL], (int64_t)a->peak);
	tell_sums(c, &id, BOOK_CACHE, (int64_t)a->charged[BOOK_CACHE],
		  (int64_t)a->returned[BOOK_CACHE], EVENT_UNKNOWN_BYTES);
}

static bool can_close(const struct collector *c, uint32_t slot)
{
	const struct account_slot *a = &c->t->accounts[slot];

	return a->state == ACCOUNT_REAPED && !c->shadow[slot].aliases && !a->tombstones &&
	       book_closed(a, BOOK_KERNEL) && !__atomic_load_n(&a->uncharged, __ATOMIC_ACQUIRE);
}

/*
 * Moves open cache charges of accounts that could be closed to the shelf, in one pass over the
 * table. A return that races with the move is booked to the old account: what the account then
 * still lacks, or has too much, is what the shelf is charged.
 */
static void move_to_shelf(struct collector *c)
{
	struct account_slot *shelf = &c->t->accounts[SHELF_SLOT];

	for (uint32_t b = 0; b < c->t->object_buckets; b++) {
		struct object_bucket *bucket = &c->t->objects[b];

		for (int i = 0; i < BUCKET_SLOTS; i++) {
			struct object_entry *e = &bucket->entry[i];

			if (bucket->key[i] && !KEY_IS_TOMBSTONE(bucket->key[i]) &&
			    c->shadow[e->account & (TABLE_ACCOUNTS - 1)].moves)
				e->account = SHELF_SLOT;
		}
	}
	for (uint32_t slot = 0; slot < TABLE_ACCOUNTS; slot++) {
		struct account_slot *a = &c->t->accounts[slot];
		uint64_t open;

		if (!c->shadow[slot].moves)
			continue;
		open = a->charged[BOOK_CACHE] - a->returned[BOOK_CACHE];
		a->charged[BOOK_CACHE] -= open;
		__atomic_add_fetch(&shelf->charged[BOOK_CACHE], open, __ATOMIC_RELAXED);
		c->shadow[slot].moves = false;
	}
}

void collector_accounts_close(struct collector *c)
{
	uint64_t now = collector_now_ns();
	bool move = now - c->moved_ns > MOVE_NS, any = false;
	size_t kept = 0;

	for (size_t i = 0; i < c->waiting_count; i++) {
		uint32_t slot = c->waiting[i];
		struct account_slot *a = &c->t->accounts[slot];

		if (a->state == ACCOUNT_ALIAS) {
			fold_thread(c, slot, false);
			if (a->state == ACCOUNT_FREE)
				continue;
		} else if (can_close(c, slot) && !book_closed(a, BOOK_CACHE)) {
			/* What it pinned may still be on its way: that is told as its own. */
			if (a->forks < JUDGE_FORKS || now - a->reap_ns > PINNED_NS)
				any |= c->shadow[slot].moves = move;
		} else if (can_close(c, slot)) {
			close_account(c, slot);
			slot_free(c, slot);
			continue;
		}
		c->waiting[kept++] = slot;
	}
	c->waiting_count = kept;
	if (any)
		move_to_shelf(c);
	if (move)
		c->moved_ns = now;
	if (c->t->tree->aborted != c->aborted_seen) {
		c->aborted_seen = c->t->tree->aborted;
		for (uint32_t slot = 2; slot < TABLE_ACCOUNTS; slot++) {
			struct account_slot *a = &c->t->accounts[slot];

			if (a->state != ACCOUNT_ABORTED)
				continue;
			if (!book_closed(a, BOOK_KERNEL) || !book_closed(a, BOOK_CACHE)) {
				c->aborted_seen--; /* look again */
				continue;
			}
			for (int b = 0; b < BOOKS; b++) {
				c->other_charged[b] += (int64_t)a->charged[b];
				c->other_returned[b] += (int64_t)a->returned[b];
			}
			slot_free(c, slot);
		}
	}
}

int64_t collector_open_bytes(const struct collector *c)
{
	int64_t open = 0;

	for (uint32_t slot = 0; slot < TABLE_ACCOUNTS; slot++) {
		const struct account_slot *a = &c->t->accounts[slot];
		const struct account_slot *p = a;

		if (a->state == ACCOUNT_ALIAS)
			p = &c->t->accounts[a->alias & (TABLE_ACCOUNTS - 1)];
		if (p->state == ACCOUNT_REAPED || p->state == ACCOUNT_EXITED ||
		    p->state == ACCOUNT_ABORTED)
			open += (int64_t)(a->charged[BOOK_KERNEL] - a->returned[BOOK_KERNEL]);
	}
	return open;
}

void collector_accounts_finish(struct collector *c)
{
	const struct account_id nobody = {};

	for (uint32_t slot = 0; slot < TABLE_ACCOUNTS; slot++) {
		if (c->t->accounts[slot].state == ACCOUNT_ALIAS)
			fold_thread(c, slot, true);
	}
	for (uint32_t slot = 0; slot < TABLE_ACCOUNTS; slot++) {
		struct account_slot *a = &c->t->accounts[slot];

		if (slot == SHELF_SLOT || a->state == ACCOUNT_PENDING ||
		    a->state == ACCOUNT_ABORTED) {
			for (int b = 0; b < BOOKS; b++) {
				c->other_charged[b] += (int64_t)a->charged[b];
				c->other_returned[b] += (int64_t)a->returned[b];
			}
		} else if (a->state != ACCOUNT_FREE && a->state != ACCOUNT_ALIAS) {
			close_account(c, slot);
		}
	}
	for (int b = 0; b < BOOKS; b++)
		tell_sums(c, &nobody, (uint32_t)b, c->other_charged[b], c->other_returned[b],
			  EVENT_UNKNOWN_BYTES);
}
