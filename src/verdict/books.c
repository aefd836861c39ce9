/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Broken laws of the books that are findings: the kernel itself is wrong, not what was seen of it.
 *
 * That takes two witnesses: what its events told one by one, and what it says of itself (TOTAL,
 * BOOK), which agree on everything else. Whatever may have been missed leaves the verdict to
 * reason.c. The rule: doc/decision/0140-broken-books.md.
 */
#include <string.h>
#include "verdict/judge.h"

/* Of a real kernel's events some are always seen late or not at all. (Laws are checked at END.) */
static bool seen_whole(const struct ledger *led)
{
	const struct ledger_counts *c = ledger_counts(led);

	return ledger_session(led)->source == SOURCE_MODEL && !ledger_lost_events(led) &&
	       !c->strangers && !c->disorder && !c->over_bound;
}

/* By how much more came back than was charged and is not open. */
static int64_t excess(const struct ledger_violation *v)
{
	return v->law == LAW_TAG_OPEN ? v->right_bytes - v->left_bytes : 0;
}

/* The same by both: the returns that found nothing, and the tags whose books do not close. */
static bool over_proved(const struct judge *j, enum pool pool)
{
	const struct ledger_pool *p = ledger_pool(j->led, pool);
	int64_t sum = 0;

	for (size_t i = 0; i < ledger_violation_count(j->led); i++) {
		const struct ledger_violation *v = ledger_violation(j->led, i);

		if (v->pool == pool && excess(v) < 0)
			return false; /* what is still charged was not all told */
		if (v->pool == pool)
			sum += excess(v);
	}
	return p->totals_agree && sum && sum == p->over_return_bytes;
}

static void say_whose(struct finding *f, struct account_id id, const char *comm, uint64_t fork)
{
	f->where = WHERE_BOOKS;
	f->holder = id;
	memcpy(f->holder_comm, comm, EVENT_COMM_BYTES);
	f->at_fork = fork;
}

static int add_over(struct judge *j, struct finding *f, enum pool pool)
{
	const struct ledger_over *first = &ledger_pool(j->led, pool)->first_over;
	int err = 0;

	if (!f->holder.tgid || first->fork < f->at_fork)
		say_whose(f, first->id, first->comm, first->fork);
	for (size_t i = 0; !err && i < ledger_violation_count(j->led); i++) {
		const struct ledger_violation *v = ledger_violation(j->led, i);
		const struct ledger_tag *t = v->tag;
		uint64_t count;

		if (v->pool != pool || excess(v) <= 0)
			continue;
		count = t->returned_count + t->open_count - t->charged_count;
		err = finding_part(f, t->name, pool, count, amount_exact(excess(v)));
		f->count += count;
		if (pool == f->pool)
			f->bytes.bytes += excess(v);
	}
	return err;
}

static int find_over_returns(struct judge *j)
{
	struct finding *f = NULL;
	int err = 0;

	for (int pool = 0; !err && pool < POOLS; pool++) {
		if (!over_proved(j, (enum pool)pool))
			continue;
		if (!f)
			err = finding_add(j, rule_named("kernel.overreturn"), &f);
		if (!err)
			err = add_over(j, f, (enum pool)pool);
	}
	if (err || !f)
		return err;
	f->forks = ledger_counts(j->led)->forks;
	finding_choose_pool(f);
	finding_rates(f);
	return 0;
}

/*
 * The kernel's two sums differ, and the events alone, which tell of a charge when it is made or
 * later, show a higher level than its peak.
 */
static bool peak_proved(const struct judge *j, const struct ledger_violation *v)
{
	const struct ledger_pool *p = ledger_pool(j->led, v->pool);

	return v->law == LAW_BOOK_PEAK && p->totals_agree && v->left_bytes < v->right_bytes &&
	       v->left_bytes < p->events_peak && p->events_peak <= v->right_bytes;
}

static int find_peaks(struct judge *j)
{
	const struct ledger_account *root = ledger_root(j->led);
	struct finding *f = NULL;
	int err = 0;

	for (size_t i = 0; root && !err && i < ledger_violation_count(j->led); i++) {
		const struct ledger_violation *v = ledger_violation(j->led, i);
		struct amount missing = amount_exact(v->right_bytes - v->left_bytes);

		if (!peak_proved(j, v))
			continue;
		if (!f)
			err = finding_add(j, rule_named("kernel.peak"), &f);
		if (err)
			break;
		say_whose(f, root->id, root->comm, ledger_pool(j->led, v->pool)->events_peak_fork);
		err = finding_part(f, "peak", v->pool, 0, missing);
		if (v->pool == f->pool)
			f->bytes = missing;
	}
	if (err || !f)
		return err;
	f->forks = ledger_counts(j->led)->forks; /* but it does not grow with them: no rates */
	finding_choose_pool(f);
	return 0;
}

struct finding *finding_caused(const struct judge *j, const char *cause)
{
	for (size_t i = 0; i < j->verdict->finding_count; i++) {
		if (!strcmp(j->verdict->findings[i].cause, cause))
			return &j->verdict->findings[i];
	}
	return NULL;
}

int finding_books(struct judge *j)
{
	int err;

	if (!seen_whole(j->led))
		return 0;
	err = find_over_returns(j);
	return err ? err : find_peaks(j);
}
