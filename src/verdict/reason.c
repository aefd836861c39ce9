/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Why a verdict is inconclusive: whatever was not seen, a sentence each. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "verdict/judge.h"

static int add_text(const char ***texts, size_t *count, size_t *room, const char *format,
		    va_list args)
{
	size_t more = *room ? *room * 2 : 8;
	const char **grown;
	char *text;

	if (*count == *room) {
		grown = realloc(*texts, more * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		*texts = grown;
		*room = more;
	}
	if (vasprintf(&text, format, args) < 0)
		return -ENOMEM;
	(*texts)[(*count)++] = text;
	return 0;
}

int judge_reason(struct judge *j, const char *format, ...)
{
	struct verdict *v = j->verdict;
	va_list args;
	int err;

	va_start(args, format);
	err = add_text(&v->reasons, &v->reason_count, &j->reason_room, format, args);
	va_end(args);
	return err;
}

int judge_note(struct judge *j, const char *format, ...)
{
	struct verdict *v = j->verdict;
	va_list args;
	int err;

	va_start(args, format);
	err = add_text(&v->notes, &v->note_count, &j->note_room, format, args);
	va_end(args);
	return err;
}

static int loss_reasons(struct judge *j)
{
	static const char *const what[LOSSES] = {
	    [LOSS_RECORDS] = "records were lost on their way from the kernel",
	    [LOSS_OBJECTS] = "charges found no room in the object table",
	    [LOSS_ACCOUNTS] = "processes found no room in the account table",
	    [LOSS_UNDECIDED] = "open charges could not be told from returned ones",
	    [LOSS_TREE] = "processes of the tree could not be followed",
	};
	/* Not of one tree. */
	bool census = ledger_session(j->led)->source == SOURCE_CENSUS;
	size_t i;
	int err = 0;

	for (i = 0; !err && i < ledger_loss_count(j->led); i++) {
		const struct ledger_loss *loss = ledger_loss(j->led, i);

		if (loss->count)
			err = judge_reason(j, "%" PRIu64 " %s%s%s.", loss->count,
					   census ? "processes were not fully seen"
						  : what[loss->kind],
					   loss->text[0] ? ": " : "", loss->text);
	}
	return err;
}

/* Some part of the finding is this law, broken in this pool. */
static bool is_found(const struct judge *j, const char *cause, enum pool pool)
{
	const struct finding *f = finding_caused(j, cause);

	for (size_t i = 0; f && i < f->part_count; i++) {
		if (f->parts[i].pool == pool)
			return true;
	}
	return false;
}

static int law_reasons(struct judge *j)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < ledger_violation_count(j->led); i++) {
		const struct ledger_violation *v = ledger_violation(j->led, i);

		if ((v->law == LAW_TAG_OPEN && is_found(j, "kernel.overreturn", v->pool)) ||
		    (v->law == LAW_BOOK_PEAK && is_found(j, "kernel.peak", v->pool)))
			continue;
		if (v->law == LAW_TAG_OPEN)
			err = judge_reason(
			    j,
			    "The books of \"%s\" do not close: charged minus returned is "
			    "%" PRId64 " bytes, what is open sums up to %" PRId64 ".",
			    v->tag->name, v->left_bytes, v->right_bytes);
		else if (v->law == LAW_BOOK_PEAK || v->law == LAW_BOOK_END)
			err = judge_reason(
			    j,
			    "The kernel's own book of pool %s is wrong: its %s is %" PRId64
			    " bytes, by what was charged and returned it is %" PRId64 ".",
			    pool_name(v->pool), v->law == LAW_BOOK_PEAK ? "peak" : "usage",
			    v->left_bytes, v->right_bytes);
		else
			err = judge_reason(
			    j,
			    "The books of pool %s do not close: all processes together were "
			    "%s %" PRId64 " bytes, all kinds together %" PRId64 ".",
			    pool_name(v->pool), v->law == LAW_POOL_CHARGED ? "charged" : "returned",
			    v->left_bytes, v->right_bytes);
	}
	return err;
}

static int session_reasons(struct judge *j)
{
	const struct ledger_session *s = ledger_session(j->led);
	const struct ledger_counts *c = ledger_counts(j->led);
	const struct ledger_account *root = ledger_root(j->led);
	int err = 0;

	if (!s->seen)
		err = judge_reason(j,
				   "The session has no beginning: nothing says what was observed.");
	if (!err && !s->complete)
		err = judge_reason(j, "The session was cut off: it has no end.");
	if (!err && !root)
		err = judge_reason(j, s->source == SOURCE_CENSUS
					  ? "No process was there to be watched."
					  : "The command itself was not seen.");
	else if (!err && s->complete && !root->exited && !root->alive_seen)
		err = judge_reason(j, "How the command itself ended was not seen.");
	if (!err && s->complete && s->source != SOURCE_CENSUS && ledger_end(j->led)->status == -1 &&
	    !(root && root->before))
		err = judge_reason(j, "The command never ran.");
	if (!err && c->strangers)
		err = judge_reason(
		    j, "%" PRIu64 " events were about processes whose fork was not seen.",
		    c->strangers);
	if (!err && c->over_return && !finding_caused(j, "kernel.overreturn"))
		err = judge_reason(j,
				   "%" PRIu64
				   " returns were of more than had been charged: some charges "
				   "were not seen.",
				   c->over_return);
	if (!err && c->over_bound)
		err =
		    judge_reason(j,
				 "%" PRIu64 " processes or residues found no room in the ledger's "
				 "tables.",
				 c->over_bound);
	return err;
}

/* What is open and grows, but nobody knows who holds it. */
static int unknown_reasons(struct judge *j)
{
	size_t i, n = ledger_residue_count(j->led);
	int err = 0;

	for (i = 0; !err && i < n; i++) {
		struct candidate c = {.residue = ledger_residue(j->led, i)}, *group = &c;
		struct clock clock;
		struct profile p;

		if (c.residue->hold != HOLD_UNKNOWN || !c.residue->open_count ||
		    c.residue->pool == POOL_CACHE)
			continue;
		clock = clock_of(j, &group, 1);
		candidate_profile(&c, &clock, ledger_session(j->led)->page_bytes, &p);
		if (growth_judge(&p, 0).grows)
			err = judge_reason(j,
					   "%" PRIu64
					   " objects \"%s\" are still charged, more with each "
					   "fork, and who holds them could not be told.",
					   c.residue->open_count,
					   c.residue->tag ? c.residue->tag->name : "unknown");
	}
	return err;
}

/* A simulated kernel returns nothing late: what nothing reaches is lost, though it may not grow. */
static int lost_reasons(struct judge *j)
{
	uint64_t count = 0;
	size_t i, n = ledger_residue_count(j->led);

	if (ledger_session(j->led)->source != SOURCE_MODEL)
		return 0;
	for (i = 0; i < n; i++) {
		const struct ledger_residue *r = ledger_residue(j->led, i);

		count += r->hold == HOLD_NONE ? r->open_count : 0;
	}
	for (i = 0; i < j->verdict->finding_count; i++)
		count *= j->verdict->findings[i].where != WHERE_LOST;
	return count ? judge_reason(j,
				    "%" PRIu64
				    " objects are still charged and nothing reaches them, but "
				    "not more with each fork.",
				    count)
		     : 0;
}

int reasons_find(struct judge *j)
{
	int err = session_reasons(j);

	if (!err)
		err = lost_reasons(j);

	if (!err)
		err = loss_reasons(j);
	if (!err)
		err = law_reasons(j);
	if (!err)
		err = looks_find(j);
	return err ? err : unknown_reasons(j);
}
