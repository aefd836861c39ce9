// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Private memory that grows: a leak, or a record that a program keeps of its work? From outside
 * only the size of the pieces tells: doc/decision/0022-private-growth.md.
 */
#include <inttypes.h>
#include <math.h>
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
		       uint64_t forks)
{
	return judge_note(
	    j,
	    "%.*s (pid %" PRIu32 ") kept %" PRId64 " more bytes of private memory in "
	    "%" PRIu64 " forks, %" PRId64 " for each, in pieces smaller than a page: a "
	    "record of its work or a slow leak, which cannot be told apart from "
	    "outside. A heap checker can.",
	    (int)sizeof(a->comm), a->comm, a->id.tgid, bytes, forks, bytes / (int64_t)forks);
}

int finding_heap(struct judge *j, const struct ledger_account *a)
{
	const struct rule *rule = rule_named("heap");
	double page = ledger_session(j->led)->page_bytes;
	uint64_t forks = a->forks - a->levels_from;
	struct profile p;
	struct growth g;
	struct finding *f;
	int64_t bytes;
	int err;

	if (forks < LEDGER_FORKS_MIN || !a->levels.bins || !holder_may_leak(a))
		return 0;
	if (page <= 0)
		page = 4096;
	profile_bytes(&p, &a->levels, forks, false, page);
	g = growth_judge(&p, HEAP_PAGES_MIN);
	if (!g.grows)
		return 0;
	/* Levels at N forks have N - 1 ways between them. */
	bytes = llround(g.steady * page * (double)forks / (double)(forks - 1));
	if (!heap_is_leak(&p, &g))
		return note_growth(j, a, bytes, forks);
	err = finding_add(j, rule, &f);
	if (err)
		return err;
	finding_holder(f, a);
	f->forks = forks;
	f->bytes = amount_exact(bytes);
	f->count = (uint64_t)llround((double)bytes / page);
	finding_rates(f);
	return finding_part(f, "private", POOL_PRIVATE, f->count, f->bytes);
}
