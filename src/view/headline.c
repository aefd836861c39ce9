/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdio.h>
#include <string.h>
#include "view/arena.h"
#include "view/headline.h"
#include "view/quantity.h"

/* Books that are wrong leave nothing. */
static bool leaves(const struct view_finding *f)
{
	return f->where != WHERE_BOOKS;
}

/* What all findings together leave for each fork; the tree's forks where theirs differ. */
static struct amount per_fork(const struct view *v)
{
	struct amount all = amount_exact(0);
	bool same = true;
	double sum = 0;

	for (size_t i = 0; i < v->finding_count; i++) {
		if (!leaves(&v->findings[i]))
			continue;
		all = amount_add(all, v->findings[i].bytes);
		same &= v->findings[i].forks == v->findings[0].forks;
		if (v->findings[i].bytes.known != KNOWN_NOT)
			sum += v->findings[i].bytes_per_fork;
	}
	if (!same && v->forks)
		sum = (double)all.bytes / (double)v->forks;
	all.bytes = (int64_t)(sum + 0.5);
	return all;
}

/* "200 forks, source bpf", and what else the reader must know at once. */
static const char *brackets(const struct view *v)
{
	/* An inconclusive verdict says it in its reason. */
	bool cut_off = v->cut_off && v->judgement != JUDGEMENT_INCONCLUSIVE;
	char forks[QUANTITY_BYTES];

	const char *suppressed =
	    v->suppressed_count
		? view_arena_format(v->arena, ", %zu finding%s suppressed", v->suppressed_count,
				    v->suppressed_count == 1 ? "" : "s")
		: "";

	return view_arena_format(v->arena, "(%s fork%s, source %s%s%s%s)",
				 quantity_count(forks, v->forks), v->forks == 1 ? "" : "s",
				 v->source, v->interrupted ? ", interrupted" : "",
				 cut_off ? ", session cut off" : "", suppressed);
}

/* Many programs, each with forks of its own: a sum over all says little. */
static const char *watch_leak(const struct view *v)
{
	const struct view_finding *f = v->findings;
	char bytes[QUANTITY_BYTES], minute[QUANTITY_BYTES + 16] = "";
	struct amount each = {.bytes = (int64_t)(f->bytes_per_fork + 0.5), .known = f->bytes.known};
	struct amount rate = {.bytes = (int64_t)(f->bytes_per_minute + 0.5),
			      .known = f->bytes.known};
	size_t holders = 0, i, k;

	for (i = 0; i < v->finding_count; i++) {
		for (k = 0; k < i && v->findings[k].holder_pid != v->findings[i].holder_pid; k++)
			;
		holders += k == i;
	}
	if (f->watched_seconds > 0) {
		quantity_amount(bytes, rate);
		snprintf(minute, sizeof(minute), " and %s a minute", bytes);
	}
	quantity_amount(bytes, each);
	if (holders == 1)
		return view_arena_format(v->arena,
					 "%s (pid %u) grows with its forks, by %s for each%s %s",
					 f->holder_comm, f->holder_pid, bytes, minute, brackets(v));
	return view_arena_format(v->arena,
				 "%zu processes grow with their forks, most %s (pid %u): by %s for "
				 "each%s %s",
				 holders, f->holder_comm, f->holder_pid, bytes, minute,
				 brackets(v));
}

static const char *watch_clean(const struct view *v)
{
	char n[QUANTITY_BYTES];

	if (v->watch.judged == 1)
		return view_arena_format(v->arena,
					 "the one process that forked often enough to be judged "
					 "does not grow with its forks %s",
					 brackets(v));
	return view_arena_format(v->arena,
				 "none of %s processes that forked often enough to be judged "
				 "grows with its forks %s",
				 quantity_count(n, v->watch.judged), brackets(v));
}

static const char *leak(const struct view *v)
{
	char bytes[QUANTITY_BYTES], n[QUANTITY_BYTES];
	struct amount each = per_fork(v);
	const char *who = "every fork leaves";
	bool rare = true; /* no finding comes with every fork */
	uint64_t one_in = 0;
	size_t count = 0;

	if (v->watch.seen)
		return watch_leak(v);
	for (size_t i = 0; i < v->finding_count; i++) {
		const struct view_finding *f = &v->findings[i];

		if (!leaves(f))
			continue;
		count++;
		one_in = view_finding_one_in(f);
		rare = rare && *f->thing && f->count_per_fork > 0 && f->count_per_fork < 0.95;
	}
	if (!count)
		return view_arena_format(
		    v->arena, "the kernel's own books are wrong: %zu finding%s %s",
		    v->finding_count, v->finding_count == 1 ? "" : "s", brackets(v));
	if (count == 1 && one_in) {
		/* That one fork leaves all that is left by n. */
		each.bytes *= (int64_t)one_in;
		who = view_arena_format(v->arena, "1 fork in %s leaves", quantity_count(n, one_in));
	} else if (rare) {
		who = "a fork leaves, on average,";
	}
	return view_arena_format(
	    v->arena, "%s %s behind: %zu finding%s %s", who,
	    each.known == KNOWN_NOT || !each.bytes ? "something" : quantity_amount(bytes, each),
	    v->finding_count, v->finding_count == 1 ? "" : "s", brackets(v));
}

static const char *clean(const struct view *v)
{
	struct amount live = amount_add(v->pools[POOL_KERNEL].live, v->pools[POOL_SHARED].live);
	char bytes[QUANTITY_BYTES];

	if (v->watch.seen)
		return watch_clean(v);
	if (!v->forks)
		return view_arena_format(v->arena, "nothing was forked %s", brackets(v));
	if (v->suppressed_count)
		return view_arena_format(v->arena, "nothing else grows with the forks %s",
					 brackets(v));
	if (v->before.processes && v->exit_status < 0)
		return view_arena_format(v->arena, "nothing grew with the forks in this time %s",
					 brackets(v));
	if (v->alive)
		return view_arena_format(v->arena,
					 "nothing grows with the forks; %s still lived %s",
					 quantity_count(bytes, v->alive), brackets(v));
	if (live.known != KNOWN_NOT && live.bytes > 0)
		return view_arena_format(v->arena, "nothing grows with the forks; %s stays %s",
					 quantity_amount(bytes, live), brackets(v));
	return view_arena_format(v->arena, "what every fork took came back %s", brackets(v));
}

static const char *inconclusive(const struct view *v)
{
	const char *reason = v->reason_count ? v->reasons[0] : "not everything was seen";
	size_t len = strlen(reason);

	while (len && reason[len - 1] == '.')
		len--;
	return view_arena_format(v->arena, "%.*s%s %s", (int)len, reason,
				 v->reason_count > 1 ? ", and more" : "", brackets(v));
}

const char *headline_make(const struct view *v)
{
	switch (v->judgement) {
	case JUDGEMENT_LEAK:
		return leak(v);
	case JUDGEMENT_CLEAN:
		return clean(v);
	case JUDGEMENT_INCONCLUSIVE:
		break;
	}
	return inconclusive(v);
}
