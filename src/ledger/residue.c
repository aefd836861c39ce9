/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What was still there when its holder began to exit, or after the run. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ledger/book.h"

struct residue_key {
	enum residue_kind kind;
	enum hold hold;
	const struct row *holder, *below;
	enum pool pool;
	uint32_t tag, take;
};

static uint64_t key_hash(const struct residue_key *k)
{
	uint64_t h = table_hash((uintptr_t)k->holder, (uintptr_t)k->below);

	h = table_hash(h, (uint64_t)k->tag << 32 | k->take);
	return table_hash(h, k->kind << 16 | k->hold << 8 | k->pool);
}

static bool residue_same(const void *item, const void *key)
{
	const struct residue *r = item;
	const struct residue_key *k = key;

	return r->residue.kind == k->kind && r->residue.hold == k->hold && r->holder == k->holder &&
	       r->below == k->below && r->residue.pool == k->pool && r->tag == k->tag &&
	       r->residue.take == k->take;
}

static void pin(struct row *row)
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
	pin(r->holder);
	pin(r->below);
	r->index = led->residues.used;
	list_put(&led->residues, r);
	r->hashed = hashed;
	if (hashed) {
		r->hash = key_hash(k);
		table_put(&led->residues_by_key, r->hash, r);
	}
	return r;
}

/* Finds or makes the group. When there are too many: one catch-all for each pool. */
static struct residue *residue_get(struct ledger *led, const struct residue_key *key)
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

/* Its children made it: one process, or several. May fold the row it lets go. */
static void residue_forker(struct ledger *led, struct residue *r, struct row *forker)
{
	struct row *old = r->forker;

	if (forker == &led->other)
		forker = NULL;
	if (!r->forker_set) {
		r->forker_set = true;
		r->forker = forker;
		r->residue.forker = forker ? &forker->account : NULL;
		pin(forker);
	} else if (old && old != forker) {
		r->forker = NULL;
		r->residue.forker = NULL;
		row_unpin(led, old);
	}
}

/* The nearest one above that forks, for a holder that does not fork enough to be judged. */
static struct row *below_of(struct row *row)
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

static void add_bytes(struct amount *sum, uint64_t count_before, int64_t bytes, bool estimate)
{
	struct amount b = amount_from_event(bytes);

	if (estimate && b.known == KNOWN_EXACT)
		b.known = KNOWN_ESTIMATE;
	*sum = count_before ? amount_add(*sum, b) : b;
}

static int object_check(const struct ledger *led, const struct event_object *e)
{
	const struct tag *tag = tag_find(led, e->tag);

	if (e->pool >= POOLS || e->hold > HOLD_NONE || !tag_usable(led, e->tag) ||
	    (e->bytes < 0 && e->bytes != EVENT_UNKNOWN_BYTES))
		return -EINVAL;
	if (tag && e->bytes > LEDGER_BYTES_MAX - tag->tag.open_bytes)
		return -EINVAL;
	return 0;
}

int residue_object(struct ledger *led, const struct event *ev)
{
	const struct event_object *e = &ev->u.object;
	struct residue_key k = {.kind = RESIDUE_OBJECT,
				.hold = e->hold,
				.pool = e->pool,
				.tag = e->tag,
				.take = e->take};
	struct target made, held;
	struct row *forker;
	struct residue *r;
	struct tag *tag;
	int err = object_check(led, e);

	if (err)
		return err;
	made = row_target(led, ev->account);
	forker = forker_of(made);
	if (e->hold == HOLD_PROCESS) {
		held = row_target(led, e->holder);
		if (held.folded || held.row == &led->other ||
		    held.row->account.forks < LEDGER_FORKS_MIN)
			k.below = below_of(held.row);
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
	err = births_add(&r->residue.births,
			 r->holder ? marks_own(&r->holder->account.marks, e->birth_ordinal)
				   : e->birth_ordinal,
			 e->count);
	if (err)
		return err;
	led->pool[e->pool].pool.seen = true;
	add_bytes(&r->residue.bytes, r->residue.count, e->bytes, e->flags & OBJECT_ESTIMATE);
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

int residue_left(struct ledger *led, const struct event *ev)
{
	const struct event_left *e = &ev->u.left;
	struct residue_key k = {
	    .kind = RESIDUE_LEFT, .hold = HOLD_LEFT, .pool = e->pool, .tag = e->tag};
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
	led->pool[e->pool].pool.seen = true;
	add_bytes(&r->residue.bytes, r->residue.count, e->bytes, false);
	add_bytes(&r->residue.kernel_bytes, r->residue.count, e->kernel_bytes,
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
	}
	err = levels_add(&(*r)->residue.levels, row->account.forks, bytes, count);
	if (err)
		return err;
	(*r)->residue.bytes = amount_from_event(g->bytes);
	if (g->flags & OBJECT_ESTIMATE && g->bytes != EVENT_UNKNOWN_BYTES)
		(*r)->residue.bytes.known = KNOWN_ESTIMATE;
	(*r)->residue.estimate = g->flags & OBJECT_ESTIMATE;
	(*r)->residue.count = count < 0 ? 0 : (uint64_t)count;
	return 0;
}

static void zombie_sum(struct residue *r)
{
	struct amount *b = &r->residue.bytes;

	b->bytes = r->known_bytes;
	b->known = !r->unknown_count ? r->residue.estimate ? KNOWN_ESTIMATE : KNOWN_EXACT
		   : r->unknown_count < r->residue.count ? KNOWN_AT_LEAST
							 : KNOWN_NOT;
}

/* What the zombie holds, told by a gauge or ALIVE, may come before or after its parent's exit. */
void residue_zombie_bytes(struct row *row, struct amount bytes)
{
	struct amount *old = &row->account.zombie_bytes;
	struct residue *r = row->zombie_in;

	if (bytes.known == KNOWN_NOT || bytes.bytes < 0 || bytes.bytes > LEDGER_BYTES_MAX)
		return;
	if (r) {
		if (old->known == KNOWN_NOT)
			r->unknown_count--;
		if (r->known_bytes - old->bytes > LEDGER_BYTES_MAX - bytes.bytes)
			return;
		r->known_bytes += bytes.bytes - old->bytes;
		r->residue.estimate |= bytes.known == KNOWN_ESTIMATE;
	}
	*old = bytes;
	if (r)
		zombie_sum(r);
}

/* @parent begins to exit, or the run is over: whom of its children did it not wait for? */
int residue_zombies(struct ledger *led, struct row *parent)
{
	struct residue_key k = {
	    .kind = RESIDUE_ZOMBIE, .hold = HOLD_PROCESS, .holder = parent, .pool = POOL_KERNEL};
	struct residue *r = NULL;
	struct row *row;
	int err;

	if (parent->account.forks < LEDGER_FORKS_MIN) {
		k.holder = NULL;
		k.below = below_of(parent);
	}
	for (row = parent->child; row; row = row->sibling_next) {
		struct ledger_account *a = &row->account;

		if ((!a->exited && !a->zombie) || a->reaped || row->zombie_in)
			continue;
		if (!r)
			r = residue_get(led, &k);
		if (!r)
			return -ENOMEM;
		err = births_add(&r->residue.births,
				 r->holder ? marks_own(&parent->account.marks, a->birth_ordinal)
					   : a->birth_ordinal,
				 1);
		if (err)
			return err;
		row->zombie_in = r;
		/* A source that charges as it goes knows what is left of it by now. */
		if (a->zombie_bytes.known == KNOWN_NOT && a->pool[POOL_KERNEL].live)
			a->zombie_bytes = (struct amount){a->pool[POOL_KERNEL].live,
							  a->pool[POOL_KERNEL].charged.known};
		add_bytes(&r->residue.kernel_bytes, r->residue.count,
			  a->exit_kernel.known == KNOWN_NOT ? EVENT_UNKNOWN_BYTES
							    : a->exit_kernel.bytes,
			  false);
		r->residue.count++;
		r->unknown_count += a->zombie_bytes.known == KNOWN_NOT;
		if (a->zombie_bytes.bytes <= LEDGER_BYTES_MAX - r->known_bytes)
			r->known_bytes += a->zombie_bytes.bytes;
		r->residue.estimate |= a->zombie_bytes.known == KNOWN_ESTIMATE;
		zombie_sum(r);
	}
	return 0;
}

/* At the end of the run. */
int residue_orphans(struct ledger *led)
{
	struct residue_key k = {.kind = RESIDUE_ORPHAN, .hold = HOLD_PROCESS, .pool = POOL_PRIVATE};
	struct residue *r = NULL;
	struct row *row;
	int err;

	for (row = led->rows; row; row = row->next) {
		struct ledger_account *a = &row->account;
		struct amount since;

		if (!a->alive_seen || a->zombie || a->exited || !row->parent ||
		    row->parent == &led->other || !row->parent->account.exited)
			continue;
		if (!r)
			r = residue_get(led, &k);
		if (!r)
			return -ENOMEM;
		err = births_add(&r->residue.births, a->birth_ordinal, 1);
		if (err)
			return err;
		a->orphan = true;
		if (!r->residue.count) {
			r->first = row;
			r->residue.first = a;
			pin(row);
		}
		/* What it shares with the process that forked it is counted once at most. */
		since = a->private_known ? amount_exact(a->pool[POOL_PRIVATE].live)
					 : amount_from_event(EVENT_UNKNOWN_BYTES);
		r->residue.bytes = r->residue.count ? amount_add(r->residue.bytes, since) : since;
		r->residue.kernel_bytes = r->residue.count
					      ? amount_add(r->residue.kernel_bytes, a->alive_kernel)
					      : a->alive_kernel;
		r->residue.count++;
		residue_forker(led, r, row->parent); /* no fold: the parent has this child */
	}
	return 0;
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
