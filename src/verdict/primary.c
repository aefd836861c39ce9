/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What of some candidates is counted, and does it grow? */
#include <math.h>
#include <string.h>
#include "verdict/judge.h"

bool runs_on_holder(const struct ledger_residue *r)
{
	return r->hold == HOLD_PROCESS && r->holder;
}

struct clock clock_of(const struct judge *j, struct candidate *const *c, size_t n)
{
	struct clock clock = {.forks = ledger_counts(j->led)->forks};
	const struct ledger_account *forker = c[0]->residue->forker;
	size_t i;

	if (runs_on_holder(c[0]->residue)) {
		clock.forks = c[0]->residue->holder->forks - c[0]->residue->levels_from;
		return clock;
	}
	for (i = 1; i < n; i++) {
		if (c[i]->residue->forker != forker)
			return clock;
	}
	if (forker && forker->forks >= LEDGER_FORKS_MIN) {
		clock.forks = forker->forks;
		clock.marks = &forker->marks;
	}
	return clock;
}

void candidate_profile(const struct candidate *c, const struct clock *clock, uint32_t page_bytes,
		       struct profile *p)
{
	const struct ledger_residue *r = c->residue;
	uint32_t last = r->levels.bins;

	if (r->kind != RESIDUE_LEVEL) {
		if (clock->marks)
			profile_tree_births(p, &r->births, clock->marks);
		else
			profile_births(p, &r->births, clock->forks);
	} else if (r->holder && r->holder->looked) {
		bool counted = last && r->levels.at[last - 1].count >= 0;

		profile_looks(p, &r->levels, clock->forks, true,
			      counted	   ? 0
			      : page_bytes ? page_bytes
					   : 4096);
	} else if (last && r->levels.at[last - 1].count >= 0) {
		profile_counts(p, &r->levels, clock->forks, true);
	} else {
		profile_bytes(p, &r->levels, clock->forks, true, page_bytes ? page_bytes : 4096);
	}
}

const char *residue_tag(const struct ledger_residue *r)
{
	if (r->kind == RESIDUE_ZOMBIE)
		return "zombie";
	if (r->kind == RESIDUE_RUNNING)
		return "child.running";
	if (r->kind == RESIDUE_STOPPED)
		return "child.stopped";
	if (r->kind == RESIDUE_ORPHAN)
		return "orphan";
	return r->tag ? r->tag->name : "";
}

const struct candidate *primary_of(struct candidate *const *c, size_t n, size_t *ret_counts)
{
	const struct candidate *best = NULL;
	size_t i, best_counts = RULE_NAMES;

	for (i = 0; i < n; i++) {
		size_t counts = rule_counts(c[i]->rule, c[i]->residue);

		if (counts < best_counts ||
		    (best && counts == best_counts && counts < RULE_NAMES &&
		     c[i]->residue->count > best->residue->count)) {
			best = c[i];
			best_counts = counts;
		}
	}
	for (i = 0; !best || (best_counts == RULE_NAMES && i < n); i++) {
		const struct ledger_residue *r = c[i]->residue;

		if (!best || (c[i]->rule->divide ? r->count > best->residue->count
						 : r->bytes.bytes > best->residue->bytes.bytes))
			best = c[i];
	}
	*ret_counts = best_counts;
	return best;
}

bool same_count(const struct candidate *primary, size_t counts, const struct candidate *c)
{
	if (counts == RULE_NAMES)
		return residue_tag(c->residue) == residue_tag(primary->residue);
	return rule_counts(c->rule, c->residue) == counts;
}

struct growth judge_counted(const struct judge *j, struct candidate *const *c, size_t n,
			    const struct clock *clock, const struct candidate *primary,
			    size_t counts)
{
	struct profile sum = {.bins = 0}, one;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!same_count(primary, counts, c[i]))
			continue;
		candidate_profile(c[i], clock, ledger_session(j->led)->page_bytes, &one);
		profile_add(&sum, &one);
	}
	return growth_judge(&sum, 0);
}

const struct candidate *other_primary(const struct judge *j, struct candidate *const *c, size_t n,
				      const struct clock *clock)
{
	const struct candidate *best = NULL;
	double fewest = INFINITY;
	size_t i, k;

	for (i = 0; i < n; i++) {
		struct growth g;

		for (k = 0; k < i && !same_count(c[i], RULE_NAMES, c[k]); k++)
			;
		if (k < i || c[i]->residue->kind != RESIDUE_OBJECT)
			continue;
		g = judge_counted(j, c, n, clock, c[i], RULE_NAMES);
		if (g.grows && g.steady < fewest) {
			fewest = g.steady;
			best = c[i];
		}
	}
	return best;
}
