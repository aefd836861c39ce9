/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a source that looks now and then leaves open: who was looked at too seldom to be judged,
 * and what grew with time and not with forks.
 */
#include <inttypes.h>
#include <stdio.h>
#include "verdict/judge.h"

#define LOOKS_MIN  12 /* between which it forked: the middle three quarters are 9 of them */
#define THINGS_MIN 5  /* less is no growth, whatever its course: growth.c */
#define NAME(a)	   (int)sizeof((a)->comm), (a)->comm, (a)->id.tgid

static uint64_t forks_watched(const struct ledger_account *a)
{
	return a->forks - a->levels_from;
}

static bool is_judged(const struct ledger_account *a)
{
	return forks_watched(a) >= LEDGER_FORKS_MIN && a->looks >= LOOKS_MIN;
}

static bool is_found(const struct judge *j, const struct ledger_account *a)
{
	size_t i;

	for (i = 0; i < j->verdict->finding_count; i++) {
		const struct finding *f = &j->verdict->findings[i];

		if (f->holder.tgid == a->id.tgid && f->holder.start_ns == a->id.start_ns)
			return true;
	}
	return false;
}

static const struct level *last_level(const struct levels *l)
{
	return l->bins ? &l->at[l->bins - 1] : NULL;
}

/* What of it rose by so much that it may be a leak; NULL: nothing. */
static const char *risen(const struct judge *j, const struct ledger_account *a)
{
	int64_t page = ledger_session(j->led)->page_bytes ?: 4096;
	const struct level *last = last_level(&a->levels);
	int64_t pages = last ? (last->bytes - a->levels.at[0].bytes_min) / page : 0;
	size_t i;

	if (pages >= HEAP_PAGES_MIN && (uint64_t)pages >= forks_watched(a))
		return "private";
	for (i = 0; i < ledger_residue_count(j->led); i++) {
		const struct ledger_residue *r = ledger_residue(j->led, i);

		last = last_level(&r->levels);
		if (r->kind == RESIDUE_LEVEL && r->holder == a && last && last->count >= THINGS_MIN)
			return r->tag->name;
	}
	return NULL;
}

/* It lives, it may leak, and nobody can tell. */
static int few_looks(struct judge *j, const struct ledger_account *a)
{
	const char *what;

	if (is_judged(a) || forks_watched(a) < LEDGER_FORKS_MIN || a->exited || is_found(j, a))
		return 0;
	what = risen(j, a);
	if (!what)
		return 0;
	return judge_reason(
	    j,
	    "%.*s (pid %" PRIu32 ") forked %" PRIu64 " times between %" PRIu64
	    " looks and holds more of \"%s\": too few looks to tell a leak from a "
	    "pool that filled up. Watch it longer, or look more often (--interval).",
	    NAME(a), forks_watched(a), a->looks, what);
}

static int nobody_judged(struct judge *j, const struct ledger_account *most)
{
	double seconds = (double)j->verdict->watch.ns / 1e9;

	if (!most)
		return judge_reason(j, "In %.1f s nobody was seen to fork: nothing can be said.",
				    seconds);
	return judge_reason(
	    j,
	    "In %.1f s nobody forked often enough to be judged: %d forks at %d looks "
	    "are needed, and %.*s (pid %" PRIu32 ") made %" PRIu64 " at %" PRIu64
	    "%s. Watch longer, or look more often (--interval).",
	    seconds, LEDGER_FORKS_MIN, LOOKS_MIN, NAME(most), forks_watched(most), most->looks,
	    most->execs ? " since its last exec" : "");
}

/* Of who forks too little for "per fork" to mean anything. */
static int grew_without(struct judge *j, const struct ledger_residue *r)
{
	const struct ledger_account *a = r->holder;
	const struct level *last = last_level(&r->levels);
	char things[32] = "";

	if (r->kind != RESIDUE_LEVEL || !a || a->exited || !last ||
	    forks_watched(a) >= LEDGER_FORKS_MIN ||
	    (last->count >= 0 ? last->count < THINGS_MIN : last->bytes <= 0 || a->looked))
		return 0;
	if (last->count >= 0)
		(void)snprintf(things, sizeof(things), "%" PRIi32 " in ", last->count);
	return judge_note(j,
			  "%.*s (pid %" PRIu32 ") holds more of \"%s\", %s%" PRId64
			  " bytes, and was seen to fork %" PRIu64
			  " times: that grows with time, not with forks.",
			  NAME(a), r->tag->name, things, last->bytes, forks_watched(a));
}

int looks_find(struct judge *j)
{
	const struct ledger_session *session = ledger_session(j->led);
	const struct ledger_account *a = NULL, *most = NULL;
	struct verdict_watch *watch = &j->verdict->watch;
	size_t i;
	int err = 0;

	if (session->source != SOURCE_CENSUS)
		return 0;
	watch->seen = true;
	watch->ns = session->last_ns - session->begin_ns;
	while (!err && (a = ledger_account_next(j->led, a))) {
		watch->forked += a->forks > 0;
		watch->judged += is_judged(a) || is_found(j, a);
		if (a->looked && (!most || a->forks > most->forks))
			most = a;
		err = few_looks(j, a);
	}
	if (!err && !watch->judged)
		err = nobody_judged(j, most);
	for (i = 0; !err && i < ledger_residue_count(j->led); i++)
		err = grew_without(j, ledger_residue(j->led, i));
	return err;
}
