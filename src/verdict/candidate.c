/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which residues may become findings, and by which row of the catalogue. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "verdict/judge.h"

/* By what never differs from run to run: no addresses. */
static int by_cluster(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	const struct ledger_residue *p = x->residue, *q = y->residue;
	struct account_id none = {0}, i = p->holder ? p->holder->id : none,
			  k = q->holder ? q->holder->id : none;
	int d = order(i.start_ns, k.start_ns);

	d = d ? d : order(i.tgid, k.tgid);
	d = d ? d : order(p->keeper.start_ns, q->keeper.start_ns);
	d = d ? d : order(p->keeper.tgid, q->keeper.tgid);
	d = d ? d : strcmp(x->rule->cause, y->rule->cause);
	d = d ? d : order(p->kind, q->kind);
	d = d ? d : order(p->hold, q->hold);
	d = d ? d : order(p->take, q->take);
	d = d ? d : order(p->tag ? p->tag->tag : 0, q->tag ? q->tag->tag : 0);
	d = d ? d : order(p->thing, q->thing);
	d = d ? d : order(p->body, q->body);
	return d ? d : order(p->pool, q->pool);
}

bool same_keeper(const struct ledger_residue *x, const struct ledger_residue *y)
{
	return x->keeper.tgid == y->keeper.tgid && x->keeper.start_ns == y->keeper.start_ns;
}

bool same_cause(const struct candidate *x, const struct candidate *y)
{
	return x->residue->holder == y->residue->holder && x->rule == y->rule &&
	       same_keeper(x->residue, y->residue) && x->residue->kind == y->residue->kind &&
	       x->residue->hold == y->residue->hold;
}

bool same_take(const struct candidate *x, const struct candidate *y)
{
	return same_cause(x, y) && x->residue->take == y->residue->take;
}

static bool is_candidate(const struct ledger *led, const struct ledger_residue *r)
{
	/* Held by processes that forked too little to be judged. */
	if (r->hold == HOLD_PROCESS && !r->holder && !r->keeper.tgid && r->kind != RESIDUE_ORPHAN)
		return false;
	if (is_place(r))
		return false;
	/* Of a whole machine: nothing says that they were not meant to stay. */
	if (r->kind == RESIDUE_ORPHAN && ledger_counts(led)->trees > 1)
		return false;
	return r->hold != HOLD_UNKNOWN;
}

/* Kinds that one thing may be now and then: a socket whose other side closes, a file removed. */
static bool same_family(enum thing a, enum thing b)
{
	return a == b || (a == THING_FD_SOCKET_INET && b == THING_SOCKET_CLOSEWAIT) ||
	       (a == THING_SOCKET_CLOSEWAIT && b == THING_FD_SOCKET_INET) ||
	       (a == THING_FD_FILE && b == THING_FD_FILE_DELETED) ||
	       (a == THING_FD_FILE_DELETED && b == THING_FD_FILE);
}

/*
 * What was taken at one place for one holder belongs together: where the source knows what some of
 * it is, that is what the rest is. Of two kinds in a family the one with more things counts.
 */
static enum thing thing_beside(const struct judge *j, const struct ledger_residue *r)
{
	enum thing thing = r->thing;
	uint64_t most = r->body ? r->count : 0;
	size_t i;

	for (i = 0; i < j->count; i++) {
		const struct ledger_residue *s = j->candidates[i].residue;

		if (s == r || s->take != r->take || s->holder != r->holder || s->hold != r->hold ||
		    !same_keeper(s, r) || s->thing <= THING_PROCESS || s->kind != r->kind)
			continue;
		if (r->thing ? !s->body || !same_family(r->thing, s->thing)
			     : s->count * 4 < r->count)
			continue;
		if (s->count > most || (s->count == most && s->thing < thing)) {
			most = s->count;
			thing = s->thing;
		}
	}
	return thing;
}

static const struct rule *rule_beside(const struct judge *j, const struct candidate *c)
{
	const struct ledger_residue *r = c->residue;
	const struct rule *rule = NULL;

	if (r->kind == RESIDUE_OBJECT && r->take && r->hold == HOLD_PROCESS &&
	    (!c->rule || c->rule->role != RULE_MEMORY))
		rule = rule_of_thing(thing_beside(j, r));
	return rule ? rule : c->rule ? c->rule : rule_named("kernel.held");
}

int candidates_collect(struct judge *j)
{
	size_t i, n = ledger_residue_count(j->led);

	j->candidates = calloc(n ? n : 1, sizeof(*j->candidates));
	if (!j->candidates)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		const struct ledger_residue *r = ledger_residue(j->led, i);

		if (is_candidate(j->led, r))
			j->candidates[j->count++] =
			    (struct candidate){.residue = r, .rule = rule_of(j->led, r)};
	}
	for (i = 0; i < j->count; i++)
		j->candidates[i].rule = rule_beside(j, &j->candidates[i]);
	qsort(j->candidates, j->count, sizeof(*j->candidates), by_cluster);
	return 0;
}
