/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the sampler saw, as events. */
#include <string.h>
#include <unistd.h>
#include "source/watch/look.h"

#define UNKNOWN EVENT_UNKNOWN_BYTES

static uint32_t at_most(uint64_t n)
{
	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

static void tell_at(struct sampler *s, struct event ev, uint64_t time_ns)
{
	ev.time_ns = time_ns;
	if (!s->err)
		s->err = s->options.emit(s->options.emit_ctx, &ev);
}

static void tell(struct sampler *s, struct event ev)
{
	tell_at(s, ev, s->time_ns);
}

void tell_session(struct sampler *s)
{
	tell(s, (struct event){.type = EVENT_SESSION,
			       .u.session = {.source = SOURCE_CENSUS,
					     .cpu_count = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN),
					     .page_bytes = (uint32_t)sysconf(_SC_PAGESIZE),
					     .version = EVENT_VERSION},
			       .text = s->options.what});
}

void tell_fork(struct sampler *s, const struct watched *w, const struct watched *parent,
	       bool before)
{
	struct event ev = {
	    .type = EVENT_FORK,
	    .account = w->id,
	    .u.fork = {.parent_private_bytes = UNKNOWN,
		       .inherited_bytes = before ? w->now[WATCHED_PRIVATE].bytes : UNKNOWN,
		       .flags = before ? FORK_BEFORE : 0,
		       .ordinal = at_most(s->forks)}};

	if (parent)
		ev.u.fork.parent = parent->id;
	memcpy(ev.u.fork.comm, w->comm, sizeof(ev.u.fork.comm));
	tell(s, ev);
}

void tell_exec(struct sampler *s, const struct watched *w)
{
	struct event ev = {
	    .type = EVENT_EXEC, .account = w->id, .u.exec = {.dropped_bytes = UNKNOWN}};

	memcpy(ev.u.exec.comm, w->comm, sizeof(ev.u.exec.comm));
	tell(s, ev);
}

static void tell_tag(struct sampler *s, unsigned tag)
{
	if (s->tag_told[tag])
		return;
	s->tag_told[tag] = true;
	tell(s, (struct event){.type = EVENT_TAG,
			       .u.tag = {.tag = tag + 1,
					 .pool = watched_pool(tag),
					 .flags = s->source == SOURCE_PROC ? TAG_ESTIMATE : 0,
					 .object_bytes = UNKNOWN},
			       .text = watched_tag(tag)});
}

void tell_level(struct sampler *s, const struct watched *w, unsigned tag,
		const struct watched_level *level, uint32_t flags)
{
	flags |= GAUGE_PART; /* what several hold is told of each */
	if (s->source == SOURCE_PROC && tag != WATCHED_PRIVATE)
		flags |= OBJECT_ESTIMATE;
	tell_tag(s, tag);
	tell(s, (struct event){.type = EVENT_GAUGE,
			       .account = w->id,
			       .u.gauge = {.pool = watched_pool(tag),
					   .tag = tag + 1,
					   .ordinal = at_most(s->forks),
					   .flags = flags,
					   .count = level->count < 0 ? UNKNOWN : level->count,
					   .bytes = level->bytes}});
}

static void tell_look_at(struct sampler *s, const struct watched *w, uint64_t forks, int64_t bytes,
			 uint64_t at_ns)
{
	struct event ev = {
	    .type = EVENT_LOOK,
	    .account = w->id,
	    .u.look = {.forks = forks, .private_bytes = bytes, .ordinal = at_most(s->forks)}};

	tell_at(s, ev, at_ns);
}

void tell_look(struct sampler *s, const struct watched *w, uint64_t forks, int64_t bytes)
{
	tell_look_at(s, w, forks, bytes, s->time_ns);
}

void tell_base(struct sampler *s, const struct watched *w, const struct watched_level *levels,
	       uint64_t forks, uint64_t at_ns)
{
	for (unsigned tag = 0; tag < WATCHED_PRIVATE; tag++) {
		if (watched_tag(tag) && (levels[tag].count > 0 || levels[tag].bytes > 0))
			tell_level(s, w, tag, &levels[tag], GAUGE_BEFORE);
	}
	tell_look_at(s, w, forks, levels[WATCHED_PRIVATE].bytes, at_ns);
}

/* What it was like at its end was not seen. */
void tell_exit(struct sampler *s, struct watched *w, int32_t status)
{
	struct event ev = {.type = EVENT_EXIT,
			   .account = w->id,
			   .u.exit = {.private_bytes = UNKNOWN,
				      .private_peak_bytes = UNKNOWN,
				      .commit_bytes = UNKNOWN,
				      .page_table_bytes = UNKNOWN,
				      .kernel_live_bytes = UNKNOWN,
				      .status = status,
				      .parent_tgid = w->ppid,
				      .ordinal = at_most(s->forks)}};

	if (w->exited || w->silent)
		return;
	w->exited = true;
	s->exits++;
	memcpy(ev.u.exit.comm, w->comm, sizeof(ev.u.exit.comm));
	tell(s, ev);
}

void tell_gone(struct sampler *s, struct watched *w)
{
	tell_exit(s, w, 0);
	if (!w->silent)
		tell(s, (struct event){.type = EVENT_REAP, .account = w->id});
}

void tell_alive(struct sampler *s, const struct watched *w)
{
	struct event ev = {.type = EVENT_ALIVE,
			   .account = w->id,
			   .u.alive = {.parent_tgid = w->ppid,
				       .zombie = !!(w->flags & CENSUS_ZOMBIE),
				       .private_bytes = UNKNOWN,
				       .kernel_bytes = w->kernel_bytes,
				       .stopped = !!(w->flags & CENSUS_STOPPED)}};

	memcpy(ev.u.alive.comm, w->comm, sizeof(ev.u.alive.comm));
	tell(s, ev);
}

void tell_loss(struct sampler *s, uint64_t count, const char *text)
{
	if (count)
		tell(s, (struct event){.type = EVENT_LOSS,
				       .u.loss = {.kind = LOSS_TREE, .count = count},
				       .text = text});
}

void tell_blind(struct sampler *s, const char *text)
{
	tell(s, (struct event){.type = EVENT_BLIND, .text = text});
}

void tell_end(struct sampler *s, int interrupted, uint64_t alive)
{
	tell(s, (struct event){.type = EVENT_END,
			       .u.end = {.status = -1,
					 .interrupted = (uint32_t)interrupted,
					 .forks = at_most(s->forks),
					 .exits = at_most(s->exits),
					 .alive = at_most(alive)}});
}
