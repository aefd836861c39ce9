/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Charges, returns, levels and the sums of each pool. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ledger/book.h"

/* Every row's charged sum is part of its pool's, so one check bounds them all. */
bool charge_fits(const struct ledger *led, enum pool pool, int64_t bytes)
{
	return bytes <= LEDGER_BYTES_MAX - led->pool[pool].pool.charged.bytes;
}

static struct ledger_sums *target_sums(struct target t, enum pool pool)
{
	return t.folded ? &t.row->account.children.pool[pool] : &t.row->account.pool[pool];
}

static void charge(struct ledger *led, struct target t, enum pool pool, struct amount bytes,
		   uint64_t count)
{
	struct pool_book *p = &led->pool[pool];
	struct ledger_sums *s = target_sums(t, pool);

	p->pool.seen = true;
	s->charged = amount_add(s->charged, bytes);
	s->live += bytes.bytes;
	p->pool.charged = amount_add(p->pool.charged, bytes);
	p->pool.charged_count += count;
	p->live += bytes.bytes;
}

/* What is returned beyond what is charged is over-return: a sum of its own (law 3). */
static int64_t give_back(struct ledger *led, struct target t, enum pool pool, struct amount bytes,
			 uint64_t count)
{
	struct pool_book *p = &led->pool[pool];
	struct ledger_sums *s = target_sums(t, pool);
	struct amount covered = bytes;
	int64_t over = 0;

	if (covered.bytes > s->live) {
		over = covered.bytes - s->live;
		covered.bytes = s->live;
	}
	p->pool.seen = true;
	s->returned = amount_add(s->returned, covered);
	s->live -= covered.bytes;
	s->over_return += over;
	p->pool.returned = amount_add(p->pool.returned, covered);
	p->pool.returned_count += count;
	p->live -= covered.bytes;
	if (over) {
		if (!p->pool.over_return_count)
			p->pool.first_over.fork = led->counts.forks;
		p->pool.over_return_count++;
		p->pool.over_return_bytes += over;
		led->counts.over_return++;
	}
	return over;
}

/* A level that was seen as it changed: the sums' own peaks follow it. */
static void note_peak(struct ledger *led, struct target t, enum pool pool)
{
	struct pool_book *p = &led->pool[pool];
	struct ledger_sums *s = target_sums(t, pool);

	if (s->live > s->peak.bytes)
		s->peak.bytes = s->live;
	if (p->live > p->live_peak) {
		p->live_peak = p->live;
		p->pool.events_peak_fork = led->counts.forks;
	}
}

static void over_name(struct ledger_over *over, struct account_id id, struct target t)
{
	over->id = id;
	if (!t.folded && !t.stranger)
		memcpy(over->comm, t.row->account.comm, sizeof(over->comm));
}

int charge_amount(struct ledger *led, const struct event *ev)
{
	const struct event_amount *e = &ev->u.amount;
	struct amount bytes = amount_from_event(e->bytes);
	bool is_charge = ev->type == EVENT_CHARGE, single = e->count == 1;
	struct target t;
	struct ledger_sums *s;
	struct pool_book *p;
	struct tag *tag;
	bool first_over;

	if (e->pool >= POOLS || !tag_usable(led, e->tag))
		return -EINVAL;
	/* Over-returns are bounded like charges. */
	if (bytes.bytes > LEDGER_BYTES_MAX - led->pool[e->pool].pool.over_return_bytes ||
	    (is_charge && !charge_fits(led, e->pool, bytes.bytes)))
		return -EINVAL;
	tag = tag_find(led, e->tag);
	if (tag && !tag->tag.total_seen &&
	    bytes.bytes >
		LEDGER_BYTES_MAX - (is_charge ? tag->tag.charged_bytes : tag->tag.returned_bytes))
		return -EINVAL;
	if (tag && tag->tag.flags & TAG_ESTIMATE && bytes.known == KNOWN_EXACT)
		bytes.known = KNOWN_ESTIMATE;
	p = &led->pool[e->pool];
	first_over = !p->pool.over_return_count;
	t = row_target(led, ev->account);
	s = target_sums(t, e->pool);
	if (tag && !tag->tag.total_seen) {
		*(is_charge ? &tag->tag.charged_bytes : &tag->tag.returned_bytes) += bytes.bytes;
		*(is_charge ? &tag->tag.charged_count : &tag->tag.returned_count) += e->count;
	}
	if (is_charge)
		charge(led, t, e->pool, bytes, e->count);
	else if (give_back(led, t, e->pool, bytes, e->count) && first_over)
		over_name(&p->pool.first_over, ev->account, t);
	if (e->pool == POOL_PRIVATE && !t.folded) {
		t.row->account.private_level = t.row->account.inherited_live + s->live;
		t.row->account.private_known = true;
	}
	if (!is_charge) {
		row_returned(led, t.row); /* last: it may be gone then */
		return 0;
	}
	if (single) {
		note_peak(led, t, e->pool);
		return 0;
	}
	/* A sum over a life: its highest moment is not the sum. */
	p->peak_bound = true;
	if (e->peak_bytes == EVENT_UNKNOWN_BYTES) {
		s->peak.known = KNOWN_AT_LEAST;
		return 0;
	}
	if (e->peak_bytes > s->peak.bytes)
		s->peak.bytes = e->peak_bytes;
	if (t.folded || t.row == &led->other)
		s->peak.known = KNOWN_AT_LEAST; /* several accounts */
	if (e->peak_bytes > p->peak_told)
		p->peak_told = e->peak_bytes;
	return 0;
}

void charge_inherit(struct ledger *led, struct row *row, int64_t bytes)
{
	struct pool_book *p = &led->pool[POOL_PRIVATE];
	struct amount *sum = row->account.before ? &led->before_private : &p->pool.inherited;

	row->account.inherited = amount_from_event(bytes);
	*sum = amount_add(*sum, row->account.inherited);
	if (bytes == EVENT_UNKNOWN_BYTES)
		return;
	p->pool.seen = true;
	p->inherited_bytes += bytes;
	row->account.inherited_live = bytes;
	row->account.private_level = bytes;
	row->account.private_known = true;
}

/*
 * Books the way from the last level to this one. What goes down was charged last: inherited
 * bytes go only when nothing charged is left, and are no return of a charge (law 5).
 */
void charge_private_level(struct ledger *led, struct row *row, int64_t bytes)
{
	struct ledger_account *a = &row->account;
	struct ledger_sums *s = &a->pool[POOL_PRIVATE];
	struct target t = {.row = row};
	int64_t level = a->inherited_live + s->live, down;

	led->pool[POOL_PRIVATE].peak_bound = true;
	if (bytes == EVENT_UNKNOWN_BYTES) {
		s->charged = amount_add(s->charged, amount_from_event(bytes));
		led->pool[POOL_PRIVATE].pool.charged =
		    amount_add(led->pool[POOL_PRIVATE].pool.charged, amount_from_event(bytes));
		return;
	}
	a->private_known = true;
	led->pool[POOL_PRIVATE].pool.seen = true;
	if (bytes > level) {
		charge(led, t, POOL_PRIVATE, amount_exact(bytes - level), 0);
		note_peak(led, t, POOL_PRIVATE);
	} else if (bytes < level) {
		down = level - bytes < s->live ? level - bytes : s->live;
		(void)give_back(led, t, POOL_PRIVATE, amount_exact(down), 0);
		a->inherited_live -= level - bytes - down;
	}
	a->private_level = bytes;
}

/* The memory map is gone, by exec or exit. */
void charge_private_end(struct ledger *led, struct row *row)
{
	struct ledger_account *a = &row->account;

	if (a->pool[POOL_PRIVATE].live)
		(void)give_back(led, (struct target){.row = row}, POOL_PRIVATE,
				amount_exact(a->pool[POOL_PRIVATE].live), 0);
	a->inherited_live = 0;
	a->private_level = 0;
}

static bool tag_is_zombie(const struct ledger *led, uint32_t tag)
{
	const struct tag *t = tag_find(led, tag);

	return t && !strcmp(t->tag.name, "zombie");
}

static struct gauge *gauge_find(struct row *row, uint32_t tag, enum pool pool)
{
	uint32_t i;

	for (i = 0; i < row->gauge_count; i++) {
		if (row->gauges[i].tag == tag && row->gauges[i].pool == pool)
			return &row->gauges[i];
	}
	return NULL;
}

static struct gauge *gauge_new(struct row *row, uint32_t tag, enum pool pool)
{
	struct gauge *g;
	uint32_t room;

	if (row->gauge_count == row->gauge_room) {
		room = row->gauge_room ? row->gauge_room * 2 : 4;
		g = realloc(row->gauges, room * sizeof(*g));
		if (!g)
			return NULL;
		row->gauges = g;
		row->gauge_room = room;
	}
	g = &row->gauges[row->gauge_count++];
	*g = (struct gauge){.tag = tag, .pool = pool};
	return g;
}

static void gauge_book(struct ledger *led, struct row *row, struct gauge *g, int64_t bytes,
		       bool estimate)
{
	struct target t = {.row = row};
	struct amount diff = amount_exact(bytes - g->bytes);

	if (estimate)
		diff.known = KNOWN_ESTIMATE;
	led->pool[g->pool].peak_bound = true; /* seen now and then only */
	led->pool[g->pool].pool.seen = true;
	if (diff.bytes > 0) {
		charge(led, t, g->pool, diff, 0);
		note_peak(led, t, g->pool);
	} else if (diff.bytes < 0) {
		diff.bytes = -diff.bytes;
		(void)give_back(led, t, g->pool, diff, 0);
	}
	g->bytes = bytes;
}

/* Exit gives back what the gauges saw; only a zombie's own bytes stay until its reap. */
void charge_gauges_end(struct ledger *led, struct row *row, bool zombie_too)
{
	uint32_t i;

	for (i = 0; i < row->gauge_count; i++) {
		struct gauge *g = &row->gauges[i];

		if (g->bytes && (zombie_too || !tag_is_zombie(led, g->tag)))
			gauge_book(led, row, g, 0,
				   led->pool[g->pool].pool.charged.known == KNOWN_ESTIMATE);
	}
}

/* Of a level, what came in the session: what was there before goes last, and is no return. */
static int64_t since(int64_t *before, int64_t level)
{
	if (level < 0) /* unknown */
		return level;
	if (level < *before)
		*before = level;
	return level - *before;
}

int charge_gauge(struct ledger *led, const struct event *ev)
{
	struct event_gauge level = ev->u.gauge;
	const struct event_gauge *e = &level;
	struct gauge *g;
	struct row *row;
	bool estimate = e->flags & OBJECT_ESTIMATE, zombie;
	int err;

	if (e->pool >= POOLS || !tag_usable(led, e->tag) ||
	    (e->count < 0 && e->count != EVENT_UNKNOWN_BYTES) ||
	    (e->bytes > 0 && !charge_fits(led, e->pool, e->bytes)))
		return -EINVAL;
	row = row_find(led, ev->account);
	if (!row) {
		led->counts.strangers++; /* a level of nobody says nothing */
		return 0;
	}
	zombie = tag_is_zombie(led, e->tag);
	if (zombie) {
		row->zombie_gauged = true;
		residue_zombie_bytes(row, estimate && e->bytes != EVENT_UNKNOWN_BYTES
					      ? (struct amount){e->bytes, KNOWN_ESTIMATE}
					      : amount_from_event(e->bytes));
	}
	if (e->pool == POOL_PRIVATE && !(e->flags & GAUGE_PART)) {
		if (!row->account.exited)
			charge_private_level(led, row, e->bytes);
		return 0;
	}
	g = gauge_find(row, e->tag, e->pool);
	if (!g && row->gauge_count >= LEDGER_GAUGES_MAX) {
		led->counts.over_bound++;
		return 0;
	}
	if (!g)
		g = gauge_new(row, e->tag, e->pool);
	if (!g)
		return -ENOMEM;
	if (e->flags & GAUGE_BEFORE) {
		g->before_bytes = e->bytes > 0 ? e->bytes : 0;
		g->before_count = e->count > 0 ? e->count : 0;
		return 0;
	}
	level.bytes = since(&g->before_bytes, e->bytes);
	level.count = since(&g->before_count, e->count);
	if (!zombie && !row->account.reaped) {
		err = residue_level(led, row, e, &g->residue);
		if (err)
			return err;
	}
	/* A source that charges each allocation has these bytes in its charges already. */
	if (led->session.source == SOURCE_BPF || e->flags & GAUGE_PART)
		return 0;
	if (e->bytes == EVENT_UNKNOWN_BYTES) {
		charge(led, (struct target){.row = row}, e->pool, amount_from_event(e->bytes), 0);
		return 0;
	}
	if (row->account.reaped)
		return 0;
	gauge_book(led, row, g, e->bytes, estimate);
	if (row->account.exited && !zombie)
		gauge_book(led, row, g, 0, estimate); /* read at its exit, gone by now */
	return 0;
}

int charge_total(struct ledger *led, const struct event *ev)
{
	const struct event_total *e = &ev->u.total;
	struct tag *tag;
	struct pool_book *p;

	if (e->pool >= POOLS || !tag_usable(led, e->tag) || e->charged_bytes < 0 ||
	    e->returned_bytes < 0)
		return -EINVAL;
	p = &led->pool[e->pool];
	if (e->charged_bytes > LEDGER_BYTES_MAX - p->total_charged ||
	    e->returned_bytes > LEDGER_BYTES_MAX - p->total_returned)
		return -EINVAL;
	p->totals = true;
	p->pool.seen = true;
	p->total_charged += e->charged_bytes;
	p->total_returned += e->returned_bytes;
	tag = tag_find(led, e->tag);
	if (!tag)
		return 0;
	if (!tag->tag.total_seen) {
		tag->tag.charged_bytes = tag->tag.returned_bytes = 0;
		tag->tag.charged_count = tag->tag.returned_count = 0;
	}
	tag->tag.total_seen = true;
	tag->tag.charged_bytes += e->charged_bytes;
	tag->tag.returned_bytes += e->returned_bytes;
	tag->tag.charged_count += e->charged_count;
	tag->tag.returned_count += e->returned_count;
	tag->tag.asked_count += e->asked_count;
	return 0;
}

int charge_book(struct ledger *led, const struct event *ev)
{
	const struct event_book *e = &ev->u.book;
	struct ledger_book *b;

	if (e->pool >= POOLS || e->moment >= BOOK_MOMENTS)
		return -EINVAL;
	b = &led->pool[e->pool].book[e->moment];
	b->seen = true;
	b->ledger = amount_from_event(e->ledger_bytes);
	b->kernel = amount_from_event(e->kernel_bytes);
	b->unattributed = amount_sub(b->kernel, b->ledger);
	b->processes = e->processes;
	return 0;
}

void sums_fold(struct ledger_sums *into, const struct ledger_sums *from)
{
	into->charged = amount_add(into->charged, from->charged);
	into->returned = amount_add(into->returned, from->returned);
	into->live += from->live;
	into->over_return += from->over_return;
	/* The highest of one of them: all together may have stood higher. */
	if (from->peak.bytes > into->peak.bytes)
		into->peak.bytes = from->peak.bytes;
	into->peak.known = KNOWN_AT_LEAST;
}
