/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rows: begin, find, fold; lineage. */
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include "ledger/book.h"

#define LEVEL_COUNT_MIN 5 /* births that make a growth, at least */

uint64_t row_hash(struct account_id id)
{
	return table_hash(id.start_ns, id.tgid);
}

bool row_is(struct account_id a, struct account_id b)
{
	return a.tgid == b.tgid && a.start_ns == b.start_ns;
}

static bool row_same(const void *item, const void *key)
{
	return row_is(((const struct row *)item)->account.id, *(const struct account_id *)key);
}

struct row *row_find(const struct ledger *led, struct account_id id)
{
	return table_find(&led->by_id, row_hash(id), row_same, &id);
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
		err = levels_add(&a->levels, a->forks - a->levels_from, f->parent_private_bytes, -1,
				 page_bytes(led));
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
	bool root = !f->parent.tgid && !led->root, before = f->flags & FORK_BEFORE;
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
	err = root || before ? 0 : fork_from(led, parent, f);
	if (err) {
		free(row);
		return err;
	}
	led->counts.forks += !root && !before;
	led->counts.before += before;
	led->counts.trees += !f->parent.tgid;
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
	row->account.forked_at = f->take;
	row->account.fork_ns = ev->time_ns;
	row->account.root = root;
	row->account.before = before;
	row->account.commit = row->account.page_table = row->account.exit_kernel =
	    row->account.alive_kernel = row->account.zombie_bytes = row->account.private_peak =
		(struct amount){.known = KNOWN_NOT};
	memcpy(row->account.comm, f->comm, EVENT_COMM_BYTES);
	row->account.comm[EVENT_COMM_BYTES - 1] = '\0';
	row_link(led, row, parent.row);
	table_put(&led->by_id, row_hash(ev->account), row);
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

/* What was not seen one by one, and the private level of now. */
int row_look(struct ledger *led, const struct event *ev)
{
	const struct event_look *e = &ev->u.look;
	struct row *row = row_expected(led, ev);
	struct ledger_account *a;
	int err;

	if (!row)
		return 0;
	a = &row->account;
	err = marks_add_all(&a->marks, e->ordinal, (uint32_t)e->forks);
	if (err)
		return err;
	led->counts.forks += e->forks;
	led->counts.exits += e->forks;
	a->forks += e->forks;
	a->ended += e->forks;
	if (!a->from_look_ns) {
		a->levels_from = a->forks;
		a->from_look_ns = ev->time_ns;
		if (!a->looked)
			a->first_look_ns = ev->time_ns;
	} else if (a->forks != a->looked_forks) {
		a->looks++;
		a->ended_at_last_fork = a->ended;
	}
	a->looked = true;
	a->last_look_ns = ev->time_ns;
	a->looked_forks = a->forks;
	if (e->private_bytes == EVENT_UNKNOWN_BYTES)
		return 0;
	return levels_add(&a->levels, a->forks - a->levels_from, e->private_bytes, -1,
			  page_bytes(led));
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
	if (row->account.looked) {
		row->account.from_look_ns = row->account.looks = 0;
		residue_levels_reset(row);
	}
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
		if (!err)
			err = residue_child(led, row, x);
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
	row_find_waiter(row, x->parent_tgid);
	led->waited_elsewhere += !!row->waiter;
	if (row->parent && !a->before)
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

/* Too few things to be a finding, whatever their course (verdict/growth.c). */
static bool level_is_small(const struct levels *l)
{
	const struct level *last = &l->at[l->bins - 1];

	return last->count >= 0 && last->count < LEVEL_COUNT_MIN;
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
	led->waited_elsewhere -= !!row->waiter;
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
		if (row->account.forks < LEDGER_FORKS_MIN || !l->bins || level_is_small(l) ||
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
