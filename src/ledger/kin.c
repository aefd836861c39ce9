/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Children that were not waited for, and those that outlive who forked them. */
#include <errno.h>
#include <string.h>
#include "ledger/book.h"

static void zombie_sum(struct residue *r)
{
	struct amount *b = &r->residue.bytes;

	b->bytes = r->known_bytes;
	b->known = !r->unknown_count ? r->residue.estimate ? KNOWN_ESTIMATE : KNOWN_EXACT
		   : r->unknown_count < r->residue.count ? KNOWN_AT_LEAST
							 : KNOWN_NOT;
}

/* One more process in it. */
static void residue_process(struct residue *r, const struct ledger_account *a)
{
	if (!r->residue.count++)
		r->residue.forked_at = a->forked_at;
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

static bool is_zombie(const struct row *row)
{
	const struct ledger_account *a = &row->account;

	return (a->exited || a->zombie) && !a->reaped && !a->before && !row->zombie_in;
}

static int zombie_add(struct ledger *led, const struct residue_key *k, struct row *row,
		      const struct marks *marks, struct residue **ret_residue)
{
	struct ledger_account *a = &row->account;
	struct residue *r = residue_get(led, k);
	int err;

	if (!r)
		return -ENOMEM;
	err = births_add(&r->residue.births,
			 marks ? marks_own(marks, a->birth_ordinal) : a->birth_ordinal, 1);
	if (err)
		return err;
	row->zombie_in = r;
	/* A source that charges as it goes knows what is left of it by now. */
	if (a->zombie_bytes.known == KNOWN_NOT && a->pool[POOL_KERNEL].live)
		a->zombie_bytes =
		    (struct amount){a->pool[POOL_KERNEL].live, a->pool[POOL_KERNEL].charged.known};
	residue_sum(&r->residue.kernel_bytes, r->residue.count,
		    a->exit_kernel.known == KNOWN_NOT ? EVENT_UNKNOWN_BYTES : a->exit_kernel.bytes,
		    false);
	residue_process(r, a);
	r->unknown_count += a->zombie_bytes.known == KNOWN_NOT;
	if (a->zombie_bytes.bytes <= LEDGER_BYTES_MAX - r->known_bytes)
		r->known_bytes += a->zombie_bytes.bytes;
	r->residue.estimate |= a->zombie_bytes.known == KNOWN_ESTIMATE;
	zombie_sum(r);
	*ret_residue = r;
	return 0;
}

void row_find_waiter(struct row *row, uint32_t tgid)
{
	struct row *q = row->parent;

	if (!tgid || !q || q->account.id.tgid == tgid)
		return;
	while (q && (q->account.id.tgid != tgid || q->account.exited))
		q = q->parent;
	row->waiter = q;
}

/* Those that others made for it (CLONE_PARENT): told by their makers' forks, as for any keeper. */
static int residue_zombies_of_others(struct ledger *led, struct row *parent)
{
	struct residue_key k = {.kind = RESIDUE_ZOMBIE,
				.hold = HOLD_PROCESS,
				.keeper = parent->account.id,
				.pool = POOL_KERNEL};
	struct residue *r;
	struct row *row;
	int err;

	for (row = led->rows; led->waited_elsewhere && row; row = row->next) {
		if (row->waiter != parent || !is_zombie(row))
			continue;
		err = zombie_add(led, &k, row, NULL, &r);
		if (err)
			return err;
		memcpy(r->residue.keeper_comm, parent->account.comm, EVENT_COMM_BYTES);
		residue_forker(led, r, row->parent); /* no fold: the parent has this child */
	}
	return 0;
}

/* @parent begins to exit, or the run is over: whom of its children did it not wait for? */
int residue_zombies(struct ledger *led, struct row *parent)
{
	struct residue_key k = {
	    .kind = RESIDUE_ZOMBIE, .hold = HOLD_PROCESS, .holder = parent, .pool = POOL_KERNEL};
	struct residue *r;
	struct row *row;
	int err;

	if (parent->account.forks < LEDGER_FORKS_MIN) {
		k.holder = NULL;
		k.below = residue_below(parent);
	}
	for (row = parent->child; row; row = row->sibling_next) {
		if (row->waiter || !is_zombie(row))
			continue;
		err = zombie_add(led, &k, row, k.holder ? &parent->account.marks : NULL, &r);
		if (err)
			return err;
	}
	return residue_zombies_of_others(led, parent);
}

/*
 * A child that lived when the one that forked it began to exit, and soon was ended by a signal: it
 * would have gone on. One that ends by itself was a job that takes longer.
 */
int residue_child(struct ledger *led, struct row *row, const struct event_exit *x)
{
	struct residue_key k = {.hold = HOLD_PROCESS, .holder = row->parent, .pool = POOL_KERNEL};
	const struct ledger_sums *kernel = &row->account.pool[POOL_KERNEL];
	struct residue *r;
	bool estimate;
	int err;

	if (!x->outlived || !(x->status & 0x7f) || row->account.before || !row->parent ||
	    row->parent == &led->other || !row->parent->account.exited ||
	    row->parent->account.forks < LEDGER_FORKS_MIN)
		return 0;
	k.kind = x->outlived == OUTLIVED_STOPPED ? RESIDUE_STOPPED : RESIDUE_RUNNING;
	r = residue_get(led, &k);
	if (!r)
		return -ENOMEM;
	err = births_add(&r->residue.births,
			 marks_own(&row->parent->account.marks, row->account.birth_ordinal), 1);
	if (err)
		return err;
	/* A source that does not tell has charged as it went. */
	estimate = x->kernel_live_bytes == EVENT_UNKNOWN_BYTES &&
		   kernel->charged.known == KNOWN_ESTIMATE && kernel->live > 0;
	residue_sum(&r->residue.bytes, r->residue.count,
		    estimate ? kernel->live : x->kernel_live_bytes, estimate);
	r->residue.estimate |= estimate;
	residue_process(r, &row->account);
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

		if (!a->alive_seen || a->zombie || a->exited || a->before || !row->parent ||
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
			residue_pin(row);
		}
		/* What it shares with the process that forked it is counted once at most. */
		since = a->private_known ? amount_exact(a->pool[POOL_PRIVATE].live)
					 : amount_from_event(EVENT_UNKNOWN_BYTES);
		r->residue.bytes = r->residue.count ? amount_add(r->residue.bytes, since) : since;
		r->residue.kernel_bytes = r->residue.count
					      ? amount_add(r->residue.kernel_bytes, a->alive_kernel)
					      : a->alive_kernel;
		residue_process(r, a);
		residue_forker(led, r, row->parent); /* no fold: the parent has this child */
	}
	return 0;
}
