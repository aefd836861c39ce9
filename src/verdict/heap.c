// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Private memory that grows: a leak, or a record that a program keeps of its work? From outside
 * only the size of the pieces tells: doc/decision/0022-private-growth.md.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include "verdict/judge.h"

#define PAGE_EACH 0.9 /* pages for each fork: as good as one */
#define LARGE_MIN 0.5 /* of the growth, in pieces of more than a page */

bool holder_may_leak(const struct ledger_account *holder)
{
	return holder->ended_at_last_fork >= holder->forks / 2;
}

bool heap_is_leak(const struct profile *p, const struct growth *g)
{
	return g->grows && (g->steady >= PAGE_EACH * (double)p->forks || g->large >= LARGE_MIN);
}

static int note_growth(struct judge *j, const struct ledger_account *a, int64_t bytes,
		       uint64_t forks, bool blocks_seen)
{
	return judge_note(
	    j,
	    "%.*s (pid %" PRIu32 ") kept %" PRId64 " more bytes of private memory in "
	    "%" PRIu64 " forks, %" PRId64 " for each, in pieces smaller than a page: a "
	    "record of its work or a slow leak, which cannot be told apart from outside. %s",
	    (int)sizeof(a->comm), a->comm, a->id.tgid, bytes, forks, bytes / (int64_t)forks,
	    blocks_seen ? "It is not in blocks of malloc() that stay."
			: "With --heap, 'forktally run' names the lines that allocate it.");
}

/* The pages of one place, or of all: do they grow with the forks of their holder? */
static bool places_grow(const struct judge *j, const struct ledger_account *a, uint32_t take)
{
	struct profile sum = {.bins = 0}, one;
	size_t i;

	for (i = 0; i < ledger_residue_count(j->led); i++) {
		const struct ledger_residue *r = ledger_residue(j->led, i);

		if (!is_place(r) || is_block(r) || r->holder != a || (take && r->take != take))
			continue;
		profile_births(&one, &r->births, a->forks);
		profile_add(&sum, &one);
	}
	return sum.bins && growth_judge(&sum, 0).grows;
}

/*
 * What of the growth was taken where, as far as the source knows: all places that grow by
 * themselves, or all there are where only their sum does.
 */
static int add_places(struct judge *j, struct finding *f, const struct ledger_account *a,
		      int64_t page)
{
	const struct ledger_residue **r;
	size_t i, n = 0, one_by_one = 0, all = ledger_residue_count(j->led);
	int64_t known = 0, most = 0, left = f->bytes.bytes;
	int err = 0;

	r = calloc(all ? all : 1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	for (i = 0; i < all; i++) {
		const struct ledger_residue *p = ledger_residue(j->led, i);

		if (is_place(p) && !is_block(p) && p->holder == a)
			r[n++] = p;
	}
	for (i = 0; i < n; i++) {
		if (r[i]->take && places_grow(j, a, r[i]->take)) {
			const struct ledger_residue *p = r[i];

			r[i] = r[one_by_one];
			r[one_by_one++] = p;
		}
	}
	if (one_by_one || !places_grow(j, a, 0))
		n = one_by_one;
	for (i = 0; i < n; i++)
		known += r[i]->bytes.bytes;
	for (i = 0; !err && i < n; i++) {
		/* More pages than the level grew by: some replaced others. */
		int64_t bytes = known > f->bytes.bytes
				    ? llround((double)r[i]->bytes.bytes * (double)f->bytes.bytes /
					      (double)known)
				    : r[i]->bytes.bytes;

		bytes = bytes < left ? bytes : left;
		left -= bytes;
		err = finding_part(f, residue_tag(r[i]), POOL_PRIVATE, (uint64_t)(bytes / page),
				   amount_exact(bytes));
		if (!err && r[i]->take)
			err = finding_place(f, r[i]->take, POOL_PRIVATE, amount_exact(bytes));
	}
	for (i = 0; i < f->take_count; i++) {
		if (f->takes[i].bytes.bytes > most) {
			most = f->takes[i].bytes.bytes;
			f->take = f->takes[i].take;
		}
	}
	free(r);
	if (!err && left > 0)
		err = finding_part(f, "private", POOL_PRIVATE, (uint64_t)(left / page),
				   amount_exact(left));
	return err;
}

int finding_heap(struct judge *j, const struct ledger_account *a)
{
	const struct rule *rule = rule_named("heap");
	double page = ledger_session(j->led)->page_bytes;
	uint64_t forks = a->forks - a->levels_from;
	struct profile p;
	struct growth g;
	struct finding *f;
	struct blocks_sum blocks;
	int64_t bytes;
	int err;

	if (forks < LEDGER_FORKS_MIN || !holder_may_leak(a))
		return 0;
	err = finding_blocks(j, a, forks, &blocks);
	if (err || !a->levels.bins)
		return err;
	if (page <= 0)
		page = 4096;
	if (a->looked)
		profile_looks(&p, &a->levels, forks, false, page);
	else
		profile_bytes(&p, &a->levels, forks, false, page);
	g = growth_judge(&p, HEAP_PAGES_MIN);
	if (!g.grows)
		return 0;
	/* Levels at N forks have N - 1 ways between them; looks begin before the first. */
	bytes = llround(g.steady * page * (double)forks / (double)(a->looked ? forks : forks - 1));
	if (blocks.most >= bytes)
		return 0;
	bytes -= blocks.bytes;
	/* What blocks do not explain must be large by itself. */
	if (!heap_is_leak(&p, &g) ||
	    (blocks.bytes && (double)bytes < PAGE_EACH * page * (double)forks))
		return note_growth(j, a, bytes, forks, blocks.seen);
	err = finding_add(j, rule, &f);
	if (err)
		return err;
	finding_holder(f, a);
	f->forks = forks;
	f->bytes = amount_exact(bytes);
	f->count = (uint64_t)llround((double)bytes / page);
	finding_rates(f);
	return add_places(j, f, a, (int64_t)page);
}
