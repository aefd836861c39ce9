/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "verdict/judge.h"

int finding_part(struct finding *f, const char *tag, enum pool pool, uint64_t count,
		 struct amount bytes)
{
	struct finding_part *parts;
	size_t i;

	for (i = 0; i < f->part_count; i++) {
		if (f->parts[i].pool == pool && !strcmp(f->parts[i].tag, tag)) {
			f->parts[i].count += count;
			f->parts[i].bytes = amount_add(f->parts[i].bytes, bytes);
			return 0;
		}
	}
	parts = realloc(f->parts, (f->part_count + 1) * sizeof(*parts));
	if (!parts)
		return -ENOMEM;
	parts[f->part_count] =
	    (struct finding_part){.tag = tag, .pool = pool, .count = count, .bytes = bytes};
	f->parts = parts;
	f->part_count++;
	return 0;
}

/* An object that a process holds is kernel memory, though its cache could be dropped else. */
static enum pool held_pool(const struct ledger_residue *r)
{
	return r->pool == POOL_CACHE ? POOL_KERNEL : r->pool;
}

int finding_place(struct finding *f, uint32_t take, enum pool pool, struct amount bytes)
{
	struct finding_take *takes;
	size_t i;

	for (i = 0; i < f->take_count; i++) {
		if (f->takes[i].take == take && f->takes[i].pool == pool) {
			f->takes[i].bytes = amount_add(f->takes[i].bytes, bytes);
			return 0;
		}
	}
	takes = realloc(f->takes, (f->take_count + 1) * sizeof(*takes));
	if (!takes)
		return -ENOMEM;
	takes[f->take_count++] = (struct finding_take){.take = take, .pool = pool, .bytes = bytes};
	f->takes = takes;
	return 0;
}

static int add_bytes(struct finding *f, const struct ledger_residue *r, struct amount bytes)
{
	if (held_pool(r) == f->pool)
		f->bytes = amount_add(f->bytes, bytes);
	return r->take ? finding_place(f, r->take, held_pool(r), bytes) : 0;
}

void finding_rates(struct finding *f)
{
	f->count_per_fork = f->forks ? (double)f->count / (double)f->forks : 0;
	f->bytes_per_fork = f->forks ? (double)f->bytes.bytes / (double)f->forks : 0;
}

int finding_add(struct judge *j, const struct rule *rule, struct finding **ret_finding)
{
	struct verdict *v = j->verdict;
	struct finding *f;
	size_t room = j->finding_room ? j->finding_room * 2 : 8;

	if (v->finding_count == j->finding_room) {
		f = realloc(v->findings, room * sizeof(*f));
		if (!f)
			return -ENOMEM;
		v->findings = f;
		j->finding_room = room;
	}
	f = &v->findings[v->finding_count++];
	*f = (struct finding){
	    .cause = rule->cause, .hint = rule->hint, .pool = rule->pool, .fd = -1};
	*ret_finding = f;
	return 0;
}

void finding_holder(struct finding *f, const struct ledger_account *a)
{
	if (!a)
		return;
	f->holder = a->id;
	memcpy(f->holder_comm, a->comm, sizeof(f->holder_comm));
	if (!a->looked)
		return;
	/* An exec ends all that a level tells, and no child. */
	f->watched_ns =
	    a->last_look_ns -
	    (strcmp(f->cause, "zombie") && a->from_look_ns ? a->from_look_ns : a->first_look_ns);
	f->looks = a->looks;
}

struct finding *finding_of(const struct judge *j, const char *cause,
			   const struct ledger_account *holder)
{
	struct finding *most = NULL;
	size_t i;

	for (i = 0; i < j->verdict->finding_count; i++) {
		struct finding *f = &j->verdict->findings[i];

		if (cause && strcmp(f->cause, cause))
			continue;
		if (holder ? f->holder.tgid != holder->id.tgid ||
				 f->holder.start_ns != holder->id.start_ns
			   : f->where == WHERE_HELD)
			continue;
		if (!most || f->bytes.bytes > most->bytes.bytes)
			most = f;
	}
	return most;
}

int finding_merge(struct judge *j, struct finding *f, struct finding *from, bool same)
{
	struct verdict *v = j->verdict;
	struct finding *into = f - (f > from), copy = *from;
	enum pool pool = rule_named(f->cause)->pool;
	size_t i;
	int err = 0;

	for (i = 0; !err && !same && i < copy.part_count; i++) {
		err = finding_part(f, copy.parts[i].tag, copy.parts[i].pool, copy.parts[i].count,
				   copy.parts[i].bytes);
		if (copy.parts[i].pool == f->pool && f->pool == pool)
			f->bytes = amount_add(f->bytes, copy.parts[i].bytes);
	}
	for (i = 0; !err && i < copy.take_count; i++)
		err = finding_place(f, copy.takes[i].take, copy.takes[i].pool, copy.takes[i].bytes);
	if (err)
		return err;
	if (f->pool != pool && copy.pool == pool) {
		f->pool = pool;
		f->bytes = copy.bytes;
	}
	if (!f->take)
		f->take = copy.take;
	v->finding_count--;
	memmove(from, from + 1, (size_t)(v->findings + v->finding_count - from) * sizeof(*from));
	free(copy.parts);
	free(copy.takes);
	finding_rates(into);
	return 0;
}

int finding_absorb(const struct judge *j, struct finding *f, struct candidate *c, bool counts)
{
	const struct ledger_residue *r = c->residue;
	struct clock clock = clock_of(j, &c, 1);
	struct profile p;
	int err;

	c->used = true;
	candidate_profile(c, &clock, ledger_session(j->led)->page_bytes, &p);
	if (!growth_judge(&p, 0).grows)
		return 0; /* there from the start, or a table's few steps */
	err = finding_part(f, residue_tag(r), held_pool(r), r->count, r->bytes);
	if (err)
		return err;
	if (counts)
		err = add_bytes(f, r, r->bytes);
	finding_rates(f);
	return err;
}

/* What a level has gained at its steady rate: the number of things and their bytes. */
static void level_gain(const struct ledger_residue *r, const struct profile *p,
		       const struct growth *g, uint32_t page_bytes, uint64_t *ret_count,
		       struct amount *ret_bytes)
{
	const struct level *end = &r->levels.at[r->levels.bins - 1];
	double things, share, one;

	*ret_bytes = r->bytes;
	if (end->count < 0) {
		*ret_count = 0;
		ret_bytes->bytes = llround(g->steady * (page_bytes ? page_bytes : 4096));
		return;
	}
	/* Of what was there at the first fork, as much as one fork brings is the first one's own.
	 */
	one = g->steady / (double)p->forks;
	one = one >= 0.5 ? ceil(one - 0.01) : g->usual < 2 ? g->usual : 2;
	things = g->steady + (p->base < one ? p->base : one);
	if (things > end->count)
		things = end->count;
	*ret_count = (uint64_t)llround(things);
	share = end->count ? (double)*ret_count / end->count : 0;
	ret_bytes->bytes = llround((double)r->bytes.bytes * share);
}

static int add_orphans(struct finding *f, const struct ledger_residue *r)
{
	int err = finding_part(f, "process", POOL_KERNEL, r->count, r->kernel_bytes);

	finding_holder(f, r->first);
	f->bytes = r->kernel_bytes;
	return err ? err : finding_part(f, "private", POOL_PRIVATE, 0, r->bytes);
}

static int add_left(struct finding *f, const struct ledger_residue *r)
{
	int err = finding_part(f, residue_tag(r), r->pool, r->count, r->bytes);

	if (!err && r->kernel_bytes.known != KNOWN_NOT)
		err = finding_part(f, residue_tag(r), POOL_KERNEL,
				   r->pool == POOL_KERNEL ? 0 : r->count, r->kernel_bytes);
	if (err)
		return err;
	f->bytes = (struct amount){.known = KNOWN_NOT};
	if (r->pool == f->pool)
		f->bytes = r->bytes;
	if (f->pool == POOL_KERNEL)
		f->bytes = r->pool != POOL_KERNEL		? r->kernel_bytes
			   : r->kernel_bytes.known == KNOWN_NOT ? r->bytes
			   : r->bytes.known == KNOWN_NOT	? r->kernel_bytes
							 : amount_add(r->bytes, r->kernel_bytes);
	return 0;
}

static int add_zombies(struct finding *f, const struct ledger_residue *r)
{
	struct amount bytes = r->bytes.known != KNOWN_NOT ? r->bytes : r->kernel_bytes;

	f->bytes = bytes;
	return finding_part(f, "zombie", POOL_KERNEL, r->count, bytes);
}

static double sum_of(const struct profile *p)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < p->bins; i++)
		sum += p->weight[i];
	return sum;
}

/* One of the candidates that are whole findings, or a level. */
static int add_one(const struct judge *j, struct finding *f, const struct ledger_residue *r,
		   const struct profile *p, const struct growth *g, uint64_t *ret_count)
{
	struct amount bytes;
	int err;

	*ret_count = r->count;
	switch (r->kind) {
	case RESIDUE_ORPHAN:
		return add_orphans(f, r);
	case RESIDUE_LEFT:
		if (g->grows && g->trimmed) /* some were there from the start */
			*ret_count = (uint64_t)llround((double)r->count * g->steady / sum_of(p));
		return add_left(f, r);
	case RESIDUE_ZOMBIE:
		return add_zombies(f, r);
	case RESIDUE_RUNNING:
	case RESIDUE_STOPPED:
		f->bytes = r->bytes;
		return finding_part(f, "process", POOL_KERNEL, r->count, r->bytes);
	case RESIDUE_LEVEL:
		*ret_count = 0;
		if (!g->grows)
			return 0;
		level_gain(r, p, g, ledger_session(j->led)->page_bytes, ret_count, &bytes);
		break;
	case RESIDUE_OBJECT:
		bytes = r->bytes;
		if (g->grows && g->trimmed) {
			double share = g->steady / sum_of(p);

			*ret_count = (uint64_t)llround((double)r->count * share);
			bytes.bytes = llround((double)bytes.bytes * share);
		}
		break;
	}
	err = finding_part(f, residue_tag(r), held_pool(r), *ret_count, bytes);
	return err ? err : add_bytes(f, r, bytes);
}

#define COUNT_OTHERS 16

/* How many things a finding is about, and how many objects of other kinds came with them. */
struct count {
	double things, other[COUNT_OTHERS];
	size_t others;
	bool trimmed;
};

static bool same_kind(const struct ledger_residue *a, const struct ledger_residue *b)
{
	return a->tag == b->tag && a->pool == b->pool && a->body == b->body;
}

/*
 * All of one kind of object. If it does not grow it is a consequence all the same: the few steps
 * of a table that becomes larger.
 */
static int add_kind(const struct judge *j, struct finding *f, struct candidate *const *c, size_t n,
		    const struct clock *clock, bool counted, struct count *count)
{
	const struct ledger_residue *kind = c[0]->residue;
	uint32_t page_bytes = ledger_session(j->led)->page_bytes;
	struct profile sum = {.bins = 0}, one;
	struct growth g;
	uint64_t things;
	double all = 0;
	size_t i;
	int err = 0;

	for (i = 0; i < n; i++) {
		if (same_kind(c[i]->residue, kind)) {
			candidate_profile(c[i], clock, page_bytes, &one);
			profile_add(&sum, &one);
		}
	}
	g = growth_judge(&sum, 0);
	for (i = 0; !err && i < n; i++) {
		if (!same_kind(c[i]->residue, kind))
			continue;
		c[i]->used = true;
		if (!g.grows && !counted)
			continue;
		err = add_one(j, f, c[i]->residue, &sum, &g, &things);
		if (counted)
			count->things += (double)things;
		all += (double)things;
	}
	if (counted)
		count->trimmed |= g.trimmed && kind->kind == RESIDUE_OBJECT;
	else if (g.grows && !g.trimmed && count->others < COUNT_OTHERS)
		count->other[count->others++] = all;
	return err;
}

/*
 * Where the edges of what is counted had to be estimated, another kind of object of the same
 * things that needs no estimate tells the number: a file is gone at once, its inode a little later.
 */
static double count_settle(const struct count *count)
{
	double best = count->things, off = 0.15 * count->things;
	size_t i;

	for (i = 0; count->trimmed && i < count->others; i++) {
		if (fabs(count->other[i] - count->things) < off) {
			off = fabs(count->other[i] - count->things);
			best = count->other[i];
		}
	}
	return best;
}

void finding_choose_pool(struct finding *f)
{
	struct amount sum[POOLS] = {{0}};
	size_t i;
	int pool, most = f->pool;

	for (i = 0; i < f->part_count; i++)
		sum[f->parts[i].pool] = amount_add(sum[f->parts[i].pool], f->parts[i].bytes);
	if (sum[f->pool].bytes || sum[f->pool].known == KNOWN_NOT ||
	    sum[f->pool].known == KNOWN_AT_LEAST)
		return;
	for (pool = 0; pool < POOLS; pool++) {
		if (sum[pool].bytes > sum[most].bytes)
			most = pool;
	}
	f->pool = most;
	f->bytes = sum[most];
}

static bool is_child(enum residue_kind kind)
{
	return kind == RESIDUE_ZOMBIE || kind == RESIDUE_RUNNING || kind == RESIDUE_STOPPED;
}

/*
 * An unwaited child is one whose reaping was never told: each record that was lost may have told
 * it.
 */
static bool may_be_lost(const struct judge *j, struct candidate *const *c, size_t n)
{
	uint64_t count = 0, lost = 0;
	size_t i;

	if (c[0]->residue->kind != RESIDUE_ZOMBIE)
		return false;
	for (i = 0; i < n; i++)
		count += c[i]->residue->count;
	for (i = 0; i < ledger_loss_count(j->led); i++) {
		const struct ledger_loss *loss = ledger_loss(j->led, i);

		lost += loss->kind == LOSS_RECORDS ? loss->count : 0;
	}
	return count <= lost;
}

int finding_try(struct judge *j, struct candidate *const *c, size_t n, bool *ret_made)
{
	struct clock clock = clock_of(j, c, n);
	size_t i, counts;
	const struct candidate *primary = primary_of(c, n, &counts);
	struct finding *f;
	struct count count = {.things = 0};
	bool divide = counts == RULE_NAMES && primary->rule->divide;
	double things;
	int err;

	*ret_made = false;
	if (may_be_lost(j, c, n))
		return 0;
	if (runs_on_holder(c[0]->residue) && !is_child(c[0]->residue->kind) &&
	    !holder_may_leak(c[0]->residue->holder))
		return 0;
	if (!judge_counted(j, c, n, &clock, primary, counts).grows) {
		primary = other_primary(j, c, n, &clock);
		if (!primary)
			return 0;
		counts = RULE_NAMES;
		divide = false;
	}
	err = finding_add(j, primary->rule, &f);
	if (err)
		return err;
	f->where = primary->residue->hold == HOLD_NONE	 ? WHERE_LOST
		   : primary->residue->hold == HOLD_LEFT ? WHERE_LEFT
							 : WHERE_HELD;
	f->forks = clock.forks;
	f->take = primary->residue->take ? primary->residue->take : primary->residue->forked_at;
	f->via = primary->residue->via;
	f->fd = primary->residue->fd;
	finding_holder(f, primary->residue->holder);
	if (primary->residue->keeper.tgid) {
		f->holder = primary->residue->keeper;
		memcpy(f->holder_comm, primary->residue->keeper_comm, sizeof(f->holder_comm));
	}
	for (i = 0; !err && i < n; i++) {
		if (!c[i]->used)
			err = add_kind(j, f, c + i, n - i, &clock,
				       same_count(primary, counts, c[i]), &count);
	}
	if (err)
		return err;
	things = count_settle(&count);
	if (divide)
		things = ceil(things / primary->rule->divide);
	f->count = (uint64_t)llround(things);
	if (primary->residue->kind == RESIDUE_OBJECT || primary->residue->kind == RESIDUE_LEVEL)
		finding_choose_pool(f);
	finding_rates(f);
	*ret_made = true;
	return 0;
}
