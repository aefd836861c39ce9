/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who is watched, and who forked whom. */
#include <errno.h>
#include <stdlib.h>
#include "source/watch/look.h"

struct watched *member_find(struct watched *const *at, size_t count, uint32_t tgid)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (at[mid]->id.tgid < tgid)
			low = mid + 1;
		else
			high = mid;
	}
	return low < count && at[low]->id.tgid == tgid ? at[low] : NULL;
}

/* A pid may be used again. */
static bool is(const struct watched *w, uint64_t start_ns)
{
	return w && w->id.start_ns == start_ns;
}

const struct follow_process *look_follow(const struct look *l, struct account_id id)
{
	size_t low = 0, high = l->follow_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (l->follow[mid].self.tgid < id.tgid)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < l->follow_count && l->follow[low].self.tgid == id.tgid; low++) {
		if (l->follow[low].self.start_ns == id.start_ns)
			return &l->follow[low];
	}
	return NULL;
}

static bool is_wanted(const struct sampler *s, const struct census_process *p)
{
	const struct sampler_options *o = &s->options;

	if (!o->pids)
		return !o->wanted || o->wanted(o->wanted_ctx, p);
	for (size_t i = 0; !s->looks && i < o->pid_count; i++) {
		if (o->pids[i] == p->tgid)
			return true;
	}
	return false;
}

static bool is_watched(struct look *l, uint32_t i)
{
	struct sampler *s = l->s;
	const struct census_process *p = &l->c->process[i];
	const struct follow_process *f;
	bool yes;

	if (l->watched[i])
		return l->watched[i] == 2;
	l->watched[i] = 1; /* a circle of parents ends here */
	if (p->tgid == s->options.self || p->flags & CENSUS_KERNEL_THREAD)
		return false;
	f = look_follow(l, (struct account_id){.tgid = p->tgid, .start_ns = p->start_ns});
	yes = is(member_find(s->member, s->count, p->tgid), p->start_ns) || is_wanted(s, p) ||
	      (p->parent != CENSUS_NONE && is_watched(l, p->parent)) ||
	      (f && f->parent_tgid &&
	       is(member_find(s->member, s->count, f->parent_tgid), f->parent_start_ns));
	l->watched[i] = yes ? 2 : 1;
	return yes;
}

int look_gather(struct look *l)
{
	struct sampler *s = l->s;

	s->next = calloc(l->c->count + 1, sizeof(*s->next));
	l->watched = calloc(l->c->count + 1, 1);
	s->next_count = 0;
	if (!s->next || !l->watched)
		return -ENOMEM;
	for (uint32_t i = 0; i < l->c->count; i++) {
		const struct census_process *p = &l->c->process[i];
		struct watched *w = member_find(s->member, s->count, p->tgid);

		if (!is_watched(l, i))
			continue;
		if (!is(w, p->start_ns)) {
			w = calloc(1, sizeof(*w));
			if (!w)
				return -ENOMEM;
			w->id = (struct account_id){.tgid = p->tgid, .start_ns = p->start_ns};
			w->fresh = true;
		}
		watched_read(w, p);
		s->next[s->next_count++] = w;
	}
	return 0;
}

void look_undo(struct sampler *s)
{
	for (size_t i = 0; s->next && i < s->next_count; i++) {
		if (s->next[i]->fresh)
			free(s->next[i]);
	}
	free(s->next);
	s->next = NULL;
}

struct watched *look_forker(const struct look *l, const struct watched *w)
{
	struct sampler *s = l->s;
	const struct follow_process *f = look_follow(l, w->id);
	struct watched *parent;

	if (f && f->parent_tgid) {
		parent = member_find(s->next, s->next_count, f->parent_tgid);
		if (!is(parent, f->parent_start_ns))
			parent = member_find(s->member, s->count, f->parent_tgid);
		return is(parent, f->parent_start_ns) ? parent : NULL;
	}
	parent = member_find(s->next, s->next_count, w->ppid);
	return parent && parent != w && parent->id.start_ns <= w->id.start_ns ? parent : NULL;
}
