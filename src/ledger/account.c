/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rows: begin, find, fold; lineage. */
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include "ledger/book.h"

#define CHAIN_MAX 64 /* folded accounts between an event and a row */

static uint64_t id_hash(struct account_id id)
{
	return table_hash(id.start_ns, id.tgid);
}

static bool id_equal(struct account_id a, struct account_id b)
{
	return a.tgid == b.tgid && a.start_ns == b.start_ns;
}

static bool row_same(const void *item, const void *key)
{
	return id_equal(((const struct row *)item)->account.id, *(const struct account_id *)key);
}

static bool note_same(const void *item, const void *key)
{
	return id_equal(((const struct fold_note *)item)->id, *(const struct account_id *)key);
}

struct row *row_find(const struct ledger *led, struct account_id id)
{
	return table_find(&led->by_id, id_hash(id), row_same, &id);
}

bool row_folded(const struct ledger *led, struct account_id id)
{
	return table_find(&led->folded_by_id, id_hash(id), note_same, &id);
}

struct target row_target(struct ledger *led, struct account_id id)
{
	struct target target = {.row = row_find(led, id)};
	int depth;

	for (depth = 0; !target.row && depth < CHAIN_MAX; depth++) {
		const struct fold_note *note =
		    table_find(&led->folded_by_id, id_hash(id), note_same, &id);

		if (!note)
			break;
		id = note->parent;
		target.folded = true;
		target.row = row_find(led, id);
		if (!id.tgid)
			target.row = &led->other;
	}
	if (!target.row) {
		target = (struct target){.row = &led->other};
		if (id.tgid)
			led->counts.strangers++;
	}
	return target;
}

/* Where a folded account's events go from now on. Without memory they go to `other`. */
static bool note_fold(struct ledger *led, struct account_id id, struct account_id parent)
{
	struct fold_note *note;

	if (!led->folded) {
		led->folded = calloc(LEDGER_FOLDED_MAX, sizeof(*led->folded));
		if (!led->folded)
			return false;
	}
	if (table_reserve(&led->folded_by_id))
		return false;
	note = &led->folded[led->folded_next];
	if (led->folded_used == LEDGER_FOLDED_MAX)
		table_remove(&led->folded_by_id, id_hash(note->id), note);
	else
		led->folded_used++;
	*note = (struct fold_note){.id = id, .parent = parent};
	table_put(&led->folded_by_id, id_hash(id), note);
	led->folded_next = (led->folded_next + 1) % LEDGER_FOLDED_MAX;
	return true;
}

static void row_free(struct row *row)
{
	marks_release(&row->account.marks);
	levels_release(&row->account.levels);
	free(row->gauges);
	free(row);
}

static void row_link(struct ledger *led, struct row *row, struct row *parent)
{
	row->prev = led->rows_last;
	if (led->rows_last)
		led->rows_last->next = row;
	else
		led->rows = row;
	led->rows_last = row;
	led->row_count++;
	row->parent = parent;
	if (!parent)
		return;
	row->account.parent = &parent->account;
	row->sibling_next = parent->child;
	if (parent->child)
		parent->child->sibling_prev = row;
	parent->child = row;
}

static void row_unlink(struct ledger *led, struct row *row)
{
	*(row->prev ? &row->prev->next : &led->rows) = row->next;
	*(row->next ? &row->next->prev : &led->rows_last) = row->prev;
	led->row_count--;
	if (!row->parent)
		return;
	*(row->sibling_prev ? &row->sibling_prev->sibling_next : &row->parent->child) =
	    row->sibling_next;
	if (row->sibling_next)
		row->sibling_next->sibling_prev = row->sibling_prev;
}

/* Could its own memory be a finding? Then its row must stay. */
static bool row_grew(const struct ledger *led, const struct row *row)
{
	const struct levels *l = &row->account.levels;
	int64_t page = led->session.page_bytes ? led->session.page_bytes : 4096;
	uint32_t i;

	if (row->account.forks < LEDGER_FORKS_MIN || !l->bins)
		return false;
	for (i = 0; i < l->bins && !l->at[i].samples; i++)
		;
	return l->at[l->bins - 1].bytes - l->at[i].bytes_min >= 8 * page;
}

static bool row_may_fold(const struct ledger *led, const struct row *row)
{
	int pool;

	if (!row->parent || row == &led->other || row->waiting || !row->account.reaped ||
	    row->child || row->pins || row_grew(led, row))
		return false;
	for (pool = 0; pool < POOLS; pool++) {
		if (row->account.pool[pool].live)
			return false;
	}
	return true;
}

static void folded_add(struct ledger_folded *into, const struct ledger_folded *from)
{
	int pool;

	into->accounts += from->accounts;
	into->failed += from->failed;
	into->forks += from->forks;
	into->inherited = amount_add(into->inherited, from->inherited);
	for (pool = 0; pool < POOLS; pool++)
		sums_fold(&into->pool[pool], &from->pool[pool]);
}

/* Folds the row, and then the rows above that only waited for it. */
static bool row_fold(struct ledger *led, struct row *row)
{
	bool folded = false;

	while (row && row_may_fold(led, row)) {
		struct row *parent = row->parent;
		struct ledger_account *a = &row->account;
		struct ledger_folded own = {.accounts = 1,
					    .failed = a->exited && a->status != 0,
					    .forks = a->forks,
					    .inherited = a->inherited};

		if (!note_fold(led, a->id, parent->account.id))
			break;
		memcpy(own.pool, a->pool, sizeof(own.pool));
		folded_add(&parent->account.children, &own);
		folded_add(&parent->account.children, &a->children);
		table_remove(&led->by_id, id_hash(a->id), row);
		row_unlink(led, row);
		row_free(row);
		folded = true;
		row = parent;
	}
	return folded;
}

void row_unpin(struct ledger *led, struct row *row)
{
	if (row && row->pins && !--row->pins)
		(void)row_fold(led, row); /* else it folds later, or never: it has its own row */
}

/* Takes the oldest closing row; true when that made room. */
static bool closing_pop(struct ledger *led)
{
	struct row *row = led->closing;

	led->closing = row->closing_next;
	if (!led->closing)
		led->closing_last = NULL;
	led->closing_count--;
	row->closing_next = NULL;
	row->waiting = false;
	return row_fold(led, row);
}

static void closing_push(struct ledger *led, struct row *row)
{
	*(led->closing_last ? &led->closing_last->closing_next : &led->closing) = row;
	led->closing_last = row;
	if (++led->closing_count > LEDGER_CLOSING)
		(void)closing_pop(led);
}

static bool rows_make_room(struct ledger *led)
{
	while (led->row_count >= LEDGER_ROWS_MAX && led->closing) {
		if (closing_pop(led))
			return true;
	}
	return led->row_count < LEDGER_ROWS_MAX;
}

/* The parent's side of a fork. */
static int fork_from(struct ledger *led, struct target parent, const struct event_fork *f)
{
	struct ledger_account *a = &parent.row->account;
	int err;

	if (parent.folded) {
		a->children.forks++;
		return 0;
	}
	if (parent.row == &led->other) {
		a->forks++;
		return 0;
	}
	err = marks_add(&a->marks, f->ordinal);
	if (err)
		return err;
	if (f->parent_private_bytes != EVENT_UNKNOWN_BYTES) {
		err =
		    levels_add(&a->levels, a->forks - a->levels_from, f->parent_private_bytes, -1);
		if (err)
			return err;
		charge_private_level(led, parent.row, f->parent_private_bytes);
	}
	a->forks++;
	a->ended_at_last_fork = a->ended;
	return 0;
}

int row_begin(struct ledger *led, const struct event *ev)
{
	const struct event_fork *f = &ev->u.fork;
	bool root = !f->parent.tgid && !led->root;
	struct target parent = {0};
	struct row *row;
	int err;

	if (!ev->account.tgid)
		return -EINVAL;
	if (row_find(led, ev->account) || row_folded(led, ev->account)) {
		led->counts.disorder++;
		return 0;
	}
	if (f->parent_private_bytes > 0 && !charge_fits(led, POOL_PRIVATE, f->parent_private_bytes))
		return -EINVAL;
	if (f->inherited_bytes > LEDGER_BYTES_MAX - led->pool[POOL_PRIVATE].inherited_bytes)
		return -EINVAL;
	row = calloc(1, sizeof(*row));
	if (!row || table_reserve(&led->by_id)) {
		free(row);
		return -ENOMEM;
	}
	if (!root)
		parent = row_target(led, f->parent);
	err = root ? 0 : fork_from(led, parent, f);
	if (err) {
		free(row);
		return err;
	}
	led->counts.forks += !root;
	if (++led->alive_now > led->counts.alive_peak)
		led->counts.alive_peak = led->alive_now;
	if (!rows_make_room(led)) {
		free(row);
		led->counts.over_bound++;
		(void)note_fold(led, ev->account, f->parent); /* else its events are strangers' */
		return 0;
	}
	/* Folding may have taken the parent's row. It had no live child, but now it has one. */
	if (!root)
		parent = row_target(led, f->parent);
	row->account.id = ev->account;
	row->account.id.pad = 0;
	row->account.birth_ordinal = f->ordinal;
	row->account.fork_ns = ev->time_ns;
	row->account.root = root;
	row->account.commit = row->account.page_table = row->account.exit_kernel =
	    row->account.alive_kernel = row->account.zombie_bytes = row->account.private_peak =
		(struct amount){.known = KNOWN_NOT};
	memcpy(row->account.comm, f->comm, EVENT_COMM_BYTES);
	row->account.comm[EVENT_COMM_BYTES - 1] = '\0';
	row_link(led, row, parent.row);
	table_put(&led->by_id, id_hash(ev->account), row);
	if (root)
		led->root = row;
	charge_inherit(led, row, f->flags & FORK_SHARES_MM ? 0 : f->inherited_bytes);
	return 0;
}

/* The row of an event that speaks of a live account; NULL: counted. */
static struct row *row_expected(struct ledger *led, const struct event *ev)
{
	struct row *row = row_find(led, ev->account);

	if (row)
		return row;
	if (row_folded(led, ev->account))
		led->counts.disorder++;
	else
		led->counts.strangers++;
	return NULL;
}

static void set_comm(struct row *row, const char *comm)
{
	if (!comm[0])
		return;
	memcpy(row->account.comm, comm, EVENT_COMM_BYTES);
	row->account.comm[EVENT_COMM_BYTES - 1] = '\0';
}

int row_thread(struct ledger *led, const struct event *ev)
{
	struct row *row = row_expected(led, ev);

	led->counts.threads++;
	if (row)
		row->account.threads++;
	return 0;
}

int row_exec(struct ledger *led, const struct event *ev)
{
	const struct event_exec *x = &ev->u.exec;
	struct row *row;

	if (x->dropped_bytes > 0 && !charge_fits(led, POOL_PRIVATE, x->dropped_bytes))
		return -EINVAL;
	led->counts.execs++;
	row = row_expected(led, ev);
	if (!row)
		return 0;
	row->account.execs++;
	set_comm(row, x->comm);
	if (x->dropped_bytes != EVENT_UNKNOWN_BYTES)
		charge_private_level(led, row, x->dropped_bytes);
	charge_private_end(led, row);
	levels_release(&row->account.levels);
	row->account.levels_from = row->account.forks;
	return 0;
}

int row_exit(struct ledger *led, const struct event *ev)
{
	const struct event_exit *x = &ev->u.exit;
	struct row *row;
	struct ledger_account *a;
	int err;

	if (x->private_bytes > 0 && !charge_fits(led, POOL_PRIVATE, x->private_bytes))
		return -EINVAL;
	row = row_expected(led, ev);
	if (row && row->account.exited) {
		led->counts.disorder++;
		return 0;
	}
	if (row) {
		err = residue_zombies(led, row);
		if (err)
			return err;
	}
	led->counts.exits++;
	if (led->alive_now)
		led->alive_now--;
	if (!row)
		return 0;
	a = &row->account;
	a->exited = true;
	if (row->parent)
		row->parent->account.ended++;
	a->exit_ns = ev->time_ns;
	a->status = x->status;
	a->threads_peak = x->threads_peak;
	a->private_peak = amount_from_event(x->private_peak_bytes);
	a->commit = amount_from_event(x->commit_bytes);
	a->page_table = amount_from_event(x->page_table_bytes);
	a->exit_kernel = amount_from_event(x->kernel_live_bytes);
	set_comm(row, x->comm);
	charge_private_level(led, row, x->private_bytes);
	charge_private_end(led, row);
	charge_gauges_end(led, row, false);
	return 0;
}

int row_reap(struct ledger *led, const struct event *ev)
{
	struct row *row = row_expected(led, ev);
	uint32_t i;

	led->counts.reaps++;
	if (!row)
		return 0;
	if (row->account.reaped || !row->account.exited)
		led->counts.disorder++;
	if (row->account.reaped)
		return 0;
	row->account.reaped = true;
	row->account.reap_ns = ev->time_ns;
	row->waiting = true; /* dropping a residue must not fold it right here */
	charge_private_end(led, row);
	charge_gauges_end(led, row, true);
	/* A level that cannot be a finding does not keep its room. */
	for (i = 0; i < row->gauge_count; i++) {
		struct residue *r = row->gauges[i].residue;
		const struct levels *l = r ? &r->residue.levels : NULL;

		if (!r)
			continue;
		if (row->account.forks < LEDGER_FORKS_MIN || !l->bins ||
		    (l->at[l->bins - 1].bytes <= l->at[0].bytes_min &&
		     l->at[l->bins - 1].count <= l->at[0].count_min)) {
			row->gauges[i].residue = NULL;
			residue_drop(led, r);
		}
	}
	closing_push(led, row);
	return 0;
}

int row_alive(struct ledger *led, const struct event *ev)
{
	const struct event_alive *e = &ev->u.alive;
	struct row *row;

	if (e->private_bytes > 0 && !charge_fits(led, POOL_PRIVATE, e->private_bytes))
		return -EINVAL;
	led->counts.alive++;
	led->counts.zombies += !!e->zombie;
	row = row_expected(led, ev);
	if (!row)
		return 0;
	row->account.alive_seen = true;
	row->account.zombie = e->zombie;
	row->account.stopped = e->stopped;
	row->account.alive_kernel = amount_from_event(e->kernel_bytes);
	set_comm(row, e->comm);
	if (e->zombie && !row->zombie_gauged)
		residue_zombie_bytes(row, row->account.alive_kernel);
	if (!e->zombie && e->private_bytes != EVENT_UNKNOWN_BYTES && !row->account.exited)
		charge_private_level(led, row, e->private_bytes);
	return 0;
}

void rows_release(struct ledger *led)
{
	struct row *row, *next;

	for (row = led->rows; row; row = next) {
		next = row->next;
		row_free(row);
	}
	marks_release(&led->other.account.marks);
	levels_release(&led->other.account.levels);
	free(led->other.gauges);
	free(led->folded);
	table_release(&led->by_id);
	table_release(&led->folded_by_id);
}
