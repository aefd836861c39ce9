/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "source/watch/sampler.h"

#include <errno.h>
#include <stdlib.h>
#include "source/watch/look.h"

#define TOLD_MAX 16 /* of those that grow and do not fork */

int sampler_new(const struct sampler_options *options, struct sampler **ret_sampler)
{
	struct sampler *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->options = *options;
	*ret_sampler = s;
	return 0;
}

void sampler_free(struct sampler *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++)
		free(s->member[i]);
	free(s->member);
	free(s);
}

/* It was seen to fork, and was not told of: what counts from now on is how it was a look before. */
static void begin(struct sampler *s, struct watched *w)
{
	w->told = true;
	s->cut += !!(w->flags & CENSUS_CUT);
	tell_base(s, w, w->prev, 0, s->prev_ns);
}

static void announce(struct look *l, struct watched *w)
{
	struct sampler *s = l->s;
	const struct follow_process *f;
	bool before = !s->looks;
	struct watched *parent;

	if (w->announced)
		return;
	w->announced = true;
	w->silent = before && w->flags & CENSUS_ZOMBIE;
	watched_rebase(w);
	f = look_follow(l, w->id);
	if (before && f) {
		w->forks = f->forks;
		w->execs = f->execs;
	}
	if (w->silent)
		return;
	parent = look_forker(l, w);
	if (parent)
		announce(l, parent);
	if (parent && (parent->silent || parent->exited))
		parent = NULL;
	if (parent && !before) {
		if (s->options.forks_counted && !parent->told && !parent->fresh)
			begin(s, parent);
		parent->has_forked = true;
		parent->forks++;
	}
	s->forks += !before;
	tell_fork(s, w, parent, before);
}

/* Has it a new program? What it held before is not its own. */
static bool note_exec(struct sampler *s, struct watched *w, const struct follow_process *f)
{
	if (!f || f->execs <= w->execs)
		return false;
	w->execs = f->execs;
	tell_exec(s, w);
	watched_rebase(w);
	return true;
}

static void look_at(struct look *l, struct watched *w)
{
	struct sampler *s = l->s;
	const struct follow_process *f = look_follow(l, w->id);
	uint64_t owed = f && f->forks > w->forks ? f->forks - w->forks : 0;
	bool forked = owed || w->has_forked, anew = note_exec(s, w, f) || w->fresh;

	watched_rise(w);
	w->forks += owed;
	if (forked && s->options.forks_counted && !w->told && !anew)
		begin(s, w);
	s->forks += owed;
	s->exits += owed;
	if (anew && (w->told || (forked && s->options.forks_counted))) {
		s->cut += !w->told && w->flags & CENSUS_CUT;
		w->told = true;
		tell_base(s, w, w->now, owed, s->time_ns);
		return;
	}
	if (!w->told)
		return;
	if (forked)
		tell_look(s, w, owed, w->now[WATCHED_PRIVATE].bytes);
	for (unsigned tag = 0; tag < WATCHED_PRIVATE; tag++) {
		const struct watched_level *now = &w->now[tag], *prev = &w->prev[tag];

		if (watched_tag(tag) && w->moved[tag] &&
		    (forked || now->count != prev->count || now->bytes != prev->bytes))
			tell_level(s, w, tag, now, 0);
	}
}

static void look_at_all(struct look *l)
{
	struct sampler *s = l->s;

	for (size_t i = 0; i < s->next_count; i++)
		announce(l, s->next[i]);
	for (size_t i = 0; i < s->next_count; i++) {
		struct watched *w = s->next[i];
		uint32_t at = census_find(l->c, w->id.tgid, w->id.start_ns);

		if (w->flags & CENSUS_ZOMBIE)
			tell_exit(s, w, (int32_t)l->c->process[at].exit_status);
		else if (!w->silent)
			look_at(l, w);
		w->fresh = w->has_forked = false;
	}
	for (size_t i = 0; i < s->count; i++) {
		struct watched *w = s->member[i];

		if (member_find(s->next, s->next_count, w->id.tgid) == w)
			continue;
		tell_gone(s, w);
		free(w);
	}
	free(s->member);
	s->member = s->next;
	s->count = s->next_count;
	s->next = NULL;
}

int sampler_look(struct sampler *s, const struct census *c, const struct follow_process *follow,
		 size_t follow_count)
{
	struct look l = {.s = s, .c = c, .follow = follow, .follow_count = follow_count};
	int err;

	s->prev_ns = s->time_ns;
	s->time_ns = c->time_ns;
	s->source = c->source;
	s->missing |= c->missing;
	s->outside |= c->outside;
	s->machine_last = c->machine.forks;
	if (!s->looks) {
		s->machine_first = c->machine.forks;
		tell_session(s);
	}
	err = look_gather(&l);
	if (err)
		look_undo(s);
	else
		look_at_all(&l);
	free(l.watched);
	s->looks += !err;
	return err ? err : s->err;
}

struct sampler_counts sampler_counts(const struct sampler *s)
{
	return (struct sampler_counts){.looks = s->looks, .processes = s->count, .forks = s->forks};
}

/* Of those that do not fork, as far as that is known, and grew look after look. */
static void tell_growth(struct sampler *s)
{
	size_t found = 0;

	for (size_t i = 0; i < s->count && found < TOLD_MAX; i++) {
		const struct watched *w = s->member[i];
		bool grew = false;

		for (unsigned tag = 0; !w->told && !w->exited && tag < WATCHED_TAGS; tag++) {
			if (!watched_grew(w, tag))
				continue;
			tell_level(s, w, tag, &w->base[tag], GAUGE_BEFORE);
			tell_level(s, w, tag, &w->now[tag], 0);
			grew = true;
		}
		found += grew;
	}
}

static void tell_what_was_not_seen(struct sampler *s, uint64_t lost)
{
	tell_loss(s, lost, "there was no room to count their forks");
	tell_loss(s, s->cut, "they fork, and not all that they hold may be read: root can");
	if (!s->options.forks_counted &&
	    (s->machine_first == CENSUS_UNKNOWN_COUNT || s->machine_last != s->machine_first))
		tell_loss(s,
			  s->machine_first == CENSUS_UNKNOWN_COUNT
			      ? 1
			      : s->machine_last - s->machine_first,
			  "without BPF the children that come and go between two looks are not "
			  "seen; so many processes and threads began on this machine");
	if (s->missing)
		tell_blind(
		    s,
		    "processes that are hidden from this user, or that the kernel does not list");
	if (s->outside)
		tell_blind(s, "processes outside of this pid namespace");
	tell_blind(s, "processes that came and went between two looks, and what one that ended "
		      "did after the last look at it");
	tell_blind(s, "what outlives processes (SysV IPC that nobody has attached, files in "
		      "memory) and what nothing reaches: 'forktally attach' sees both");
	tell_blind(s, "where in the program things were taken: 'forktally attach' tells the calls");
	if (s->source == SOURCE_PROC)
		tell_blind(s, "the size of kernel objects (no BPF): counts times a table of "
			      "costs; data in pipes and sockets");
}

int sampler_end(struct sampler *s, int interrupted, uint64_t lost)
{
	uint64_t alive = 0;

	tell_growth(s);
	for (size_t i = 0; i < s->count; i++) {
		const struct watched *w = s->member[i];

		if (w->told && !w->exited) /* how long it was watched */
			tell_look(s, w, 0, w->now[WATCHED_PRIVATE].bytes);
		if (w->silent)
			continue;
		alive++;
		tell_alive(s, w);
	}
	tell_what_was_not_seen(s, lost);
	tell_end(s, interrupted, alive);
	return s->err;
}
