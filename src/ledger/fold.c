/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rows that nobody needs any more become part of their parent's row. */
#include <stdlib.h>
#include <string.h>
#include "ledger/book.h"

#define CHAIN_MAX 64 /* folded accounts between an event and a row */

static bool note_same(const void *item, const void *key)
{
	return row_is(((const struct fold_note *)item)->id, *(const struct account_id *)key);
}

bool row_folded(const struct ledger *led, struct account_id id)
{
	return table_find(&led->folded_by_id, row_hash(id), note_same, &id);
}

struct target row_known(struct ledger *led, struct account_id id)
{
	struct target target = {.row = row_find(led, id)};
	int depth;

	for (depth = 0; !target.row && depth < CHAIN_MAX; depth++) {
		const struct fold_note *note =
		    table_find(&led->folded_by_id, row_hash(id), note_same, &id);

		if (!note)
			break;
		id = note->parent;
		target.folded = true;
		target.row = row_find(led, id);
		if (!id.tgid)
			target.row = &led->other;
	}
	if (!target.row)
		target = (struct target){.row = &led->other, .stranger = id.tgid != 0};
	return target;
}

struct target row_target(struct ledger *led, struct account_id id)
{
	struct target target = row_known(led, id);

	led->counts.strangers += target.stranger;
	return target;
}

bool note_fold(struct ledger *led, struct account_id id, struct account_id parent)
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
		table_remove(&led->folded_by_id, row_hash(note->id), note);
	else
		led->folded_used++;
	*note = (struct fold_note){.id = id, .parent = parent};
	table_put(&led->folded_by_id, row_hash(id), note);
	led->folded_next = (led->folded_next + 1) % LEDGER_FOLDED_MAX;
	return true;
}

void row_free(struct row *row)
{
	marks_release(&row->account.marks);
	levels_release(&row->account.levels);
	free(row->gauges);
	free(row);
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
	int64_t page = page_bytes(led);
	uint32_t i;

	if (row->account.forks < LEDGER_FORKS_MIN || !l->bins)
		return false;
	for (i = 0; i < l->bins && !l->at[i].samples; i++)
		;
	return l->at[l->bins - 1].bytes - l->at[i].bytes_min >= 8 * page;
}

/* It owed something at its exit, but what it was charged is told later. */
static bool sums_are_due(const struct row *row)
{
	const struct ledger_account *a = &row->account;

	return a->exit_kernel.known != KNOWN_NOT && a->exit_kernel.bytes &&
	       !a->pool[POOL_KERNEL].charged.bytes;
}

static bool row_may_fold(const struct ledger *led, const struct row *row)
{
	int pool;

	if (!row->parent || row == &led->other || row->waiting || !row->account.reaped ||
	    row->child || row->pins || sums_are_due(row) || row_grew(led, row))
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
					    .inherited =
						a->before ? amount_exact(0) : a->inherited};

		if (!note_fold(led, a->id, parent->account.id))
			break;
		memcpy(own.pool, a->pool, sizeof(own.pool));
		folded_add(&parent->account.children, &own);
		folded_add(&parent->account.children, &a->children);
		table_remove(&led->by_id, row_hash(a->id), row);
		row_unlink(led, row);
		row_free(row);
		folded = true;
		row = parent;
	}
	return folded;
}

void row_returned(struct ledger *led, struct row *row)
{
	(void)row_fold(led, row);
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

void closing_push(struct ledger *led, struct row *row)
{
	*(led->closing_last ? &led->closing_last->closing_next : &led->closing) = row;
	led->closing_last = row;
	if (++led->closing_count > LEDGER_CLOSING)
		(void)closing_pop(led);
}

bool rows_make_room(struct ledger *led)
{
	while (led->row_count >= LEDGER_ROWS_MAX && led->closing) {
		if (closing_pop(led))
			return true;
	}
	return led->row_count < LEDGER_ROWS_MAX;
}
