/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What was still there when its holder began to exit, or after the run. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ledger/book.h"

static uint64_t key_hash(const struct residue_key *k)
{
	uint64_t h = table_hash((uintptr_t)k->holder, (uintptr_t)k->below);

	h = table_hash(h, k->keeper.start_ns ^ k->keeper.tgid);
	h = table_hash(h, (uint64_t)k->tag << 32 | k->take);
	return table_hash(h, (uint64_t)k->thing << 32 | k->body << 24 | k->kind << 16 |
				 k->hold << 8 | k->pool);
}

static bool residue_same(const void *item, const void *key)
{
	const struct residue *r = item;
	const struct residue_key *k = key;

	return r->residue.kind == k->kind && r->residue.hold == k->hold && r->holder == k->holder &&
	       r->below == k->below && r->residue.pool == k->pool && r->tag == k->tag &&
	       r->residue.take == k->take && r->residue.thing == k->thing &&
	       r->residue.body == k->body && row_is(r->residue.keeper, k->keeper);
}

void residue_pin(struct row *row)
{
	if (row)
		row->pins++;
}

static struct residue *residue_add(struct ledger *led, const struct residue_key *k, bool hashed)
{
	struct residue *r;
	const struct tag *tag = tag_find(led, k->tag);

	if (list_reserve(&led->residues) || (hashed && table_reserve(&led->residues_by_key)))
		return NULL;
	r = calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	r->residue.kind = k->kind;
	r->residue.hold = k->hold;
	r->residue.pool = k->pool;
	r->residue.take = k->take;
	r->residue.thing = k->thing;
	r->residue.body = k->body;
	r->residue.keeper = k->keeper;
	r->residue.fd = -1;
	r->residue.tag = tag ? &tag->tag : NULL;
	r->tag = k->tag;
	r->holder = (struct row *)k->holder;
	r->below = (struct row *)k->below;
	r->residue.holder = k->holder ? &k->holder->account : NULL;
	if (k->holder) {
		r->forker = r->holder;
		r->residue.forker = r->residue.holder;
		r->forker_set = true;
	} else if (k->below) {
		r->residue.forker = k->below == &led->other ? NULL : &k->below->account;
		r->forker_set = true;
	}
	residue_pin(r->holder);
	residue_pin(r->below);
	r->index = led->residues.used;
	list_put(&led->residues, r);
	r->hashed = hashed;
	if (hashed) {
		r->hash = key_hash(k);
		table_put(&led->residues_by_key, r->hash, r);
	}
	return r;
}

struct residue *residue_get(struct ledger *led, const struct residue_key *key)
{
	struct residue_key k = *key;
	struct residue *r = table_find(&led->residues_by_key, key_hash(&k), residue_same, &k);

	if (r)
		return r;
	if (led->residues.used >= LEDGER_RESIDUES_MAX) {
		k = (struct residue_key){
		    .kind = RESIDUE_OBJECT, .hold = HOLD_UNKNOWN, .pool = key->pool};
		led->counts.over_bound++;
		r = table_find(&led->residues_by_key, key_hash(&k), residue_same, &k);
		if (r)
			return r;
	}
	return residue_add(led, &k, true);
}

void residue_drop(struct ledger *led, struct residue *r)
{
	struct residue *last = led->residues.at[led->residues.used - 1];
	struct row *holder = r->holder, *below = r->below;
	struct row *forker = r->forker == r->holder ? NULL : r->forker;

	if (r->hashed)
		table_remove(&led->residues_by_key, r->hash, r);
	led->residues.at[r->index] = last;
	last->index = r->index;
	led->residues.used--;
	births_release(&r->residue.births);
	levels_release(&r->residue.levels);
	free(r);
	row_unpin(led, holder);
	row_unpin(led, below);
	row_unpin(led, forker);
}

void residue_forker(struct ledger *led, struct residue *r, struct row *forker)
{
	struct row *old = r->forker;

	if (forker == &led->other)
		forker = NULL;
	if (!r->forker_set) {
		r->forker_set = true;
		r->forker = forker;
		r->residue.forker = forker ? &forker->account : NULL;
		residue_pin(forker);
	} else if (old && old != forker) {
		r->forker = NULL;
		r->residue.forker = NULL;
		row_unpin(led, old);
	}
}

struct row *residue_below(struct row *row)
{
	while (row->parent && row->account.forks < LEDGER_FORKS_MIN)
		row = row->parent;
	return row;
}

/* Whose forks brought a thing of this account about: its own, if it forks; else its parent's. */
static struct row *forker_of(struct target t)
{
	if (t.folded || !t.row->parent || t.row->account.forks >= LEDGER_FORKS_MIN)
		return t.row;
	return t.row->parent;
}

void residue_sum(struct amount *sum, uint64_t count_before, int64_t bytes, bool estimate)
{
	struct amount b = amount_from_event(bytes);

	if (estimate && b.known == KNOWN_EXACT)
		b.known = KNOWN_ESTIMATE;
	*sum = count_before ? amount_add(*sum, b) : b;
}

static int object_check(const struct ledger *led, const struct event_object *e)
{
	const struct tag *tag = tag_find(led, e->tag);

	if (e->pool >= POOLS || e->hold > HOLD_NONE || e->thing >= THING_KINDS ||
	    e->via >= VIA_KINDS || !tag_usable(led, e->tag) ||
	    (e->bytes < 0 && e->bytes != EVENT_UNKNOWN_BYTES))
		return -EINVAL;
	if (tag && e->bytes > LEDGER_BYTES_MAX - tag->tag.open_bytes)
		return -EINVAL;
	return 0;
}

static void set_keeper_comm(struct residue *r, struct target keeper, const char *text)
{
	char *comm = r->residue.keeper_comm;

	if (!keeper.folded && keeper.row->account.id.tgid)
		memcpy(comm, keeper.row->account.comm, EVENT_COMM_BYTES);
	else if (text)
		strncpy(comm, text, EVENT_COMM_BYTES - 1);
}

static uint32_t birth_of(const struct residue *r, const struct event_object *e)
{
	return r->holder && !(e->flags & OBJECT_OWN_FORKS)
		   ? marks_own(&r->holder->account.marks, e->birth_ordinal)
		   : e->birth_ordinal;
}

int residue_object(struct ledger *led, const struct event *ev)
{
	const struct event_object *e = &ev->u.object;
	struct residue_key k = {.kind = RESIDUE_OBJECT,
				.hold = e->hold,
				.pool = e->pool,
				.tag = e->tag,
				.take = e->take,
				.thing = e->thing,
				.body = e->flags & OBJECT_BODY};
	struct target made, held = {0};
	struct row *forker;
	struct residue *r;
	struct tag *tag;
	int err = object_check(led, e);

	if (err)
		return err;
	/* Places of private memory are told beside its level: they leave room for what is not. */
	if (e->pool == POOL_PRIVATE && led->residues.used >= LEDGER_RESIDUES_MAX / 2) {
		led->counts.over_text++;
		return 0;
	}
	made = row_target(led, ev->account);
	forker = forker_of(made);
	if (e->hold == HOLD_PROCESS) {
		/* One with a name is told not to be of the tree. */
		held = ev->text && ev->text[0] ? row_known(led, e->holder)
					       : row_target(led, e->holder);
		if (!row_is(e->holder, ev->account) && (held.folded || held.row == &led->other ||
							held.row->account.forks < LEDGER_FORKS_MIN))
			k.keeper = e->holder;
		else if (held.folded || held.row == &led->other ||
			 held.row->account.forks < LEDGER_FORKS_MIN)
			k.below = residue_below(held.row);
		else
			k.holder = held.row;
	} else if (e->hold == HOLD_UNKNOWN && !made.folded && made.row != &led->other &&
		   made.row->account.forks >= LEDGER_FORKS_MIN &&
		   (e->returned_ns || !made.row->account.exited)) {
		/* Came back when the one it was charged to began to exit, or it lives and has it.
		 */
		k.hold = HOLD_PROCESS;
		k.holder = made.row;
	}
	r = residue_get(led, &k);
	if (!r)
		return -ENOMEM;
	if (r->residue.bytes.bytes > LEDGER_BYTES_MAX - (e->bytes > 0 ? e->bytes : 0))
		return -EINVAL;
	err = births_add(&r->residue.births, birth_of(r, e), e->count);
	if (err)
		return err;
	led->pool[e->pool].pool.seen = true;
	if (!r->residue.count && k.keeper.tgid)
		set_keeper_comm(r, held, ev->text);
	if (!r->residue.count) {
		r->residue.via = e->via;
		r->residue.fd = e->via ? e->fd : -1;
		r->residue.fd_same = true;
	}
	/* What nothing reaches was taken by the kernel for a process: its fork is the nearest. */
	if (!r->residue.count && !e->take && e->hold == HOLD_NONE && !made.folded)
		r->residue.forked_at = made.row->account.forked_at;
	r->residue.fd_same &= e->via && e->fd == r->residue.fd;
	residue_sum(&r->residue.bytes, r->residue.count, e->bytes, e->flags & OBJECT_ESTIMATE);
	r->residue.estimate |= !!(e->flags & OBJECT_ESTIMATE);
	r->residue.count += e->count;
	if (!e->returned_ns) {
		tag = tag_find(led, e->tag);
		r->residue.open_count += e->count;
		r->residue.open_bytes += e->bytes > 0 ? e->bytes : 0;
		if (tag) {
			tag->tag.open_count += e->count;
			tag->tag.open_bytes += e->bytes > 0 ? e->bytes : 0;
			tag->open_unknown |= e->bytes == EVENT_UNKNOWN_BYTES;
		}
	}
	if (!r->holder && !r->below)
		residue_forker(led, r, forker); /* last: it may fold a row */
	return 0;
}

/* What is not known is left out: the sum is a lower bound all the same. */
static void left_sum(struct amount *sum, int64_t bytes)
{
	sum->known = KNOWN_AT_LEAST;
	if (bytes > 0 && bytes <= LEDGER_BYTES_MAX - sum->bytes)
		sum->bytes += bytes;
}

int residue_left(struct ledger *led, const struct event *ev)
{
	const struct event_left *e = &ev->u.left;
	struct residue_key k = {.kind = RESIDUE_LEFT,
				.hold = HOLD_LEFT,
				.pool = e->pool,
				.tag = e->tag,
				.take = e->take};
	struct row *forker;
	struct residue *r;
	int err;

	if (e->pool >= POOLS || !tag_usable(led, e->tag) || e->bytes > LEDGER_BYTES_MAX ||
	    e->kernel_bytes > LEDGER_BYTES_MAX ||
	    (e->bytes < 0 && e->bytes != EVENT_UNKNOWN_BYTES) ||
	    (e->kernel_bytes < 0 && e->kernel_bytes != EVENT_UNKNOWN_BYTES))
		return -EINVAL;
	forker = ev->account.tgid ? forker_of(row_target(led, ev->account)) : &led->other;
	r = residue_get(led, &k);
	if (!r)
		return -ENOMEM;
	err = births_add(&r->residue.births, e->birth_ordinal, 1);
	if (err)
		return err;
	left_sum(&led->pool[e->pool].left, e->bytes);
	residue_sum(&r->residue.bytes, r->residue.count, e->bytes, false);
	residue_sum(&r->residue.kernel_bytes, r->residue.count, e->kernel_bytes,
		    r->residue.tag && r->residue.tag->flags & TAG_ESTIMATE);
	r->residue.count++;
	r->residue.open_count++;
	r->residue.open_bytes += e->bytes > 0 ? e->bytes : 0;
	residue_forker(led, r, forker);
	return 0;
}

int residue_level(struct ledger *led, struct row *row, const struct event_gauge *g,
		  struct residue **r)
{
	struct residue_key k = {.kind = RESIDUE_LEVEL,
				.hold = HOLD_PROCESS,
				.holder = row,
				.pool = g->pool,
				.tag = g->tag};
	int64_t bytes = g->bytes < 0 ? 0 : g->bytes;
	int64_t count = g->count < 0 ? -1 : g->count;
	int err;

	if (!*r) {
		if (led->residues.used >= LEDGER_RESIDUES_MAX) {
			led->counts.over_bound++;
			return 0;
		}
		*r = residue_add(led, &k, false);
		if (!*r)
			return -ENOMEM;
		(*r)->residue.levels_from = row->account.looked ? row->account.levels_from : 0;
	}
	err = levels_add(&(*r)->residue.levels, row->account.forks - (*r)->residue.levels_from,
			 bytes, count, page_bytes(led));
	if (err)
		return err;
	(*r)->residue.bytes = amount_from_event(g->bytes);
	if (g->flags & OBJECT_ESTIMATE && g->bytes != EVENT_UNKNOWN_BYTES)
		(*r)->residue.bytes.known = KNOWN_ESTIMATE;
	(*r)->residue.estimate = g->flags & OBJECT_ESTIMATE;
	(*r)->residue.count = count < 0 ? 0 : (uint64_t)count;
	return 0;
}

void residue_levels_reset(struct row *row)
{
	uint32_t i;

	for (i = 0; i < row->gauge_count; i++) {
		struct residue *r = row->gauges[i].residue;

		row->gauges[i].before_bytes = row->gauges[i].before_count = 0;
		if (!r)
			continue;
		levels_release(&r->residue.levels);
		r->residue.levels_from = row->account.levels_from;
		r->residue.bytes = amount_exact(0);
		r->residue.count = 0;
	}
}

void residues_release(struct ledger *led)
{
	size_t i;

	for (i = 0; i < led->residues.used; i++) {
		struct residue *r = led->residues.at[i];

		births_release(&r->residue.births);
		levels_release(&r->residue.levels);
		free(r);
	}
	free(led->residues.at);
	table_release(&led->residues_by_key);
}
