/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "verdict/judge.h"

const char *judgement_name(enum judgement j)
{
	switch (j) {
	case JUDGEMENT_CLEAN:
		return "clean";
	case JUDGEMENT_LEAK:
		return "leak";
	case JUDGEMENT_INCONCLUSIVE:
		break;
	}
	return "inconclusive";
}

const char *where_name(enum where w)
{
	switch (w) {
	case WHERE_HELD:
		return "held";
	case WHERE_LEFT:
		return "left";
	case WHERE_BOOKS:
		return "books";
	case WHERE_LOST:
		break;
	}
	return "lost";
}

/* What the kernel would drop on demand is no leak by itself; pinned, it is a part of one. */
static bool only_cache(struct candidate *const *c, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (c[i]->residue->pool != POOL_CACHE)
			return false;
	}
	return true;
}

/* Parts of things whose bodies were taken elsewhere: data in a pipe, say. */
static bool is_part_only(const struct judge *j, struct candidate *const *c, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (c[i]->residue->body || !c[i]->residue->thing)
			return false;
	}
	for (i = 0; i < j->count; i++) {
		const struct candidate *other = &j->candidates[i];

		if (other->residue->body && other->rule == c[0]->rule &&
		    other->residue->holder == c[0]->residue->holder &&
		    same_keeper(other->residue, c[0]->residue))
			return true;
	}
	return false;
}

/*
 * What waits in the queues of sockets that pile up comes with them. Not so if all of it waits in
 * one queue.
 */
static struct finding *surroundings_of(const struct judge *j, struct candidate *const *c, size_t n)
{
	const struct rule *rule = c[0]->rule;
	size_t i;

	if (!rule->within || c[0]->residue->kind != RESIDUE_OBJECT)
		return NULL;
	for (i = 0; i < n; i++) {
		if (c[i]->residue->fd_same && c[i]->residue->count > 1)
			return NULL;
	}
	for (i = 0; i < j->verdict->finding_count; i++) {
		struct finding *f = &j->verdict->findings[i];

		if (!strncmp(f->cause, rule->within, strlen(rule->within)) &&
		    c[0]->residue->holder && f->holder.tgid == c[0]->residue->holder->id.tgid &&
		    f->holder.start_ns == c[0]->residue->holder->id.start_ns)
			return f;
	}
	return NULL;
}

static int absorb_all(const struct judge *j, struct finding *f, struct candidate *const *c,
		      size_t n)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < n; i++)
		err = finding_absorb(j, f, c[i], true);
	return err;
}

/*
 * Tries all candidates that @wanted and not yet used, together as far as @same says. @max is
 * room for all of them.
 */
static int try_all(struct judge *j, bool (*wanted)(const struct judge *, const struct candidate *),
		   bool (*same)(const struct candidate *, const struct candidate *),
		   struct candidate **group)
{
	size_t i, n = 0;
	struct finding *f;
	bool made;
	int err = 0;

	for (i = 0; !err && i <= j->count; i++) {
		struct candidate *c = i < j->count ? &j->candidates[i] : NULL;

		if (c && (c->used || !wanted(j, c)))
			continue;
		if (n && (!c || !same(group[0], c))) {
			f = surroundings_of(j, group, n);
			if (f)
				err = absorb_all(j, f, group, n);
			else if (!only_cache(group, n) && !is_part_only(j, group, n))
				err = finding_try(j, group, n, &made);
			n = 0;
		}
		if (c)
			group[n++] = c;
	}
	return err;
}

static bool is_whole(const struct judge *j, const struct candidate *c)
{
	enum residue_kind kind = c->residue->kind;

	return kind == RESIDUE_ZOMBIE || kind == RESIDUE_ORPHAN || kind == RESIDUE_LEFT ||
	       kind == RESIDUE_RUNNING || kind == RESIDUE_STOPPED;
}

static bool is_cause_object(const struct judge *j, const struct candidate *c)
{
	return c->residue->kind == RESIDUE_OBJECT && c->rule->role == RULE_CAUSE;
}

/* Levels tell nothing that objects have not told better. */
static bool is_cause_level(const struct judge *j, const struct candidate *c)
{
	return c->residue->kind == RESIDUE_LEVEL && c->rule->role == RULE_CAUSE &&
	       !finding_of(j, c->rule->cause, c->residue->holder);
}

static bool is_other(const struct judge *j, const struct candidate *c)
{
	return (c->rule->role == RULE_MEMORY || c->rule->role == RULE_FORK) &&
	       (c->residue->kind == RESIDUE_OBJECT ||
		!finding_of(j, c->rule->cause, c->residue->holder));
}

static bool is_rest(const struct judge *j, const struct candidate *c)
{
	return c->rule->role == RULE_REST;
}

/* What was left with IPC objects is theirs, also where its own take says nothing. */
static struct finding *finding_left(const struct judge *j, const struct rule *rule)
{
	struct finding *f = finding_of(j, rule->cause, NULL);

	if (!f && !strcmp(rule->cause, "kernel.left"))
		f = finding_of(j, NULL, NULL);
	return f && f->where == WHERE_LEFT ? f : NULL;
}

/* Without a take in common nothing says that something cached is pinned by what is beside it. */
static bool is_cause_not_cached(const struct judge *j, const struct candidate *c)
{
	return is_cause_object(j, c) && c->residue->pool != POOL_CACHE;
}

static bool is_rest_not_cached(const struct judge *j, const struct candidate *c)
{
	return is_rest(j, c) && c->residue->pool != POOL_CACHE;
}

/* What a fork or mapped memory always takes is a consequence of zombies or of heap. */
static int absorb_consequences(struct judge *j)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < j->count; i++) {
		struct candidate *c = &j->candidates[i];
		const struct ledger_residue *r = c->residue;
		struct finding *f = NULL;

		if (c->used || (r->kind != RESIDUE_OBJECT && r->kind != RESIDUE_LEVEL) ||
		    (r->kind == RESIDUE_OBJECT && !r->count))
			continue;
		if (c->rule->role == RULE_FORK && r->holder)
			f = finding_of(j, "zombie", r->holder);
		else if (c->rule->role == RULE_MEMORY && r->holder)
			f = finding_of(j, "heap", r->holder);
		else if (r->hold == HOLD_LEFT)
			f = finding_left(j, c->rule);
		if (f && r->kind == RESIDUE_LEVEL)
			c->used = true; /* the whole level, not what it grew by */
		else if (f)
			err = finding_absorb(j, f, c, false);
	}
	return err;
}

/*
 * The bytes of zombies and of what is left where only objects tell them: parts that came by
 * absorption, without the one that stands for the whole.
 */
static void settle_bytes(struct finding *f, bool told)
{
	struct amount sum = amount_exact(0);
	size_t i, objects = 0;

	for (i = 1; i < f->part_count; i++) {
		if (f->parts[i].pool != f->pool)
			continue;
		sum = amount_add(sum, f->parts[i].bytes);
		objects++;
	}
	if (!told && objects) {
		f->bytes = sum;
		f->parts[0].bytes = (struct amount){.known = KNOWN_NOT};
		finding_rates(f);
	}
}

static void settle_whole(struct judge *j)
{
	size_t i;

	for (i = 0; i < j->count; i++) {
		const struct ledger_residue *r = j->candidates[i].residue;
		struct finding *f = NULL;

		if (!j->candidates[i].used)
			continue;
		if (r->kind == RESIDUE_ZOMBIE)
			f = finding_of(j, "zombie", r->holder);
		else if (r->kind == RESIDUE_LEFT && j->candidates[i].rule->pool == POOL_KERNEL)
			f = finding_of(j, j->candidates[i].rule->cause, NULL);
		if (f)
			settle_bytes(f, r->kind == RESIDUE_ZOMBIE
					    ? r->bytes.known != KNOWN_NOT
					    : r->kernel_bytes.known != KNOWN_NOT);
	}
}

/* Parts that were taken at another place than the bodies of their things. */
static int absorb_parts(struct judge *j)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < j->count; i++) {
		struct candidate *c = &j->candidates[i];
		struct finding *f;

		if (c->used || !c->residue->thing || c->residue->body ||
		    c->residue->kind != RESIDUE_OBJECT || !c->residue->holder)
			continue;
		f = finding_of(j, c->rule->cause, c->residue->holder);
		if (f)
			err = finding_absorb(j, f, c, true);
	}
	return err;
}

/* Data that was put into a pipe or socket, by whomever. */
static bool is_content(const struct judge *j, const struct ledger_residue *r)
{
	static const char *const puts[] = {"write",    "writev",   "sendmsg", "sendto",
					   "sendmmsg", "sendfile", "splice",  "vmsplice"};
	const struct ledger_take *take = r->take ? ledger_take(j->led, r->take) : NULL;
	size_t i;

	for (i = 0; take && i < sizeof(puts) / sizeof(puts[0]); i++) {
		if (!strcmp(take->syscall, puts[i]))
			return true;
	}
	return false;
}

/* Small unrecognised things beside a recognised cause come with it: tables that grow, say. */
static int absorb_small(struct judge *j)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < j->count; i++) {
		struct candidate *c = &j->candidates[i];
		const struct ledger_residue *r = c->residue;
		struct finding *f;

		if (c->used || c->rule->role == RULE_CAUSE || r->kind != RESIDUE_OBJECT ||
		    !r->holder)
			continue;
		if (is_content(j, r) && ((f = finding_of(j, "fd.pipe", r->holder)) ||
					 (f = finding_of(j, "fd.socket.unix", r->holder)) ||
					 (f = finding_of(j, "fd.socket.inet", r->holder)))) {
			err = finding_absorb(j, f, c, true);
			continue;
		}
		f = finding_of(j, NULL, r->holder);
		if (f && f->pool == POOL_KERNEL && r->bytes.bytes <= f->bytes.bytes / 8)
			err = finding_absorb(j, f, c, true);
	}
	return err;
}

/*
 * One finding that is the cause of another of the same holder takes it in: a thread's stack is
 * private memory as well, and so are locked pages.
 */
static int merge_findings(struct judge *j)
{
	static const struct {
		const char *cause, *consequence;
		bool same; /* bytes, not others */
	} pairs[] = {
	    {"thread.running", "thread.unjoined", false},
	    {"thread.running", "heap", false},
	    {"thread.running", "vma", false},
	    {"thread.unjoined", "heap", false},
	    {"thread.unjoined", "vma", false},
	    {"mlock", "heap", true},
	};
	size_t i, k, p;
	int err = 0;

	for (p = 0; p < sizeof(pairs) / sizeof(*pairs); p++) {
		for (i = 0; i < j->verdict->finding_count; i++) {
			struct finding *f = &j->verdict->findings[i];

			if (strcmp(f->cause, pairs[p].cause))
				continue;
			for (k = 0; !err && k < j->verdict->finding_count; k++) {
				struct finding *from = &j->verdict->findings[k];

				if (strcmp(from->cause, pairs[p].consequence) || from->blocks ||
				    from->holder.tgid != f->holder.tgid ||
				    from->holder.start_ns != f->holder.start_ns)
					continue;
				err = finding_merge(j, f, from, pairs[p].same);
				i -= k < i;
				break;
			}
		}
	}
	return err;
}

/* Threads are told by their number; what makes up those that still run is theirs, and in it. */
static int absorb_threads(struct judge *j)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < j->count; i++) {
		struct candidate *c = &j->candidates[i];
		struct finding *f = NULL;

		if (!c->used && c->rule->role == RULE_FORK && c->residue->holder &&
		    c->residue->kind == RESIDUE_OBJECT)
			f = finding_of(j, "thread.running", c->residue->holder);
		if (f)
			err = finding_absorb(j, f, c, false);
	}
	return err;
}

static int find(struct judge *j, struct candidate **group)
{
	const struct ledger_account *a = NULL;
	int err;

	err = try_all(j, is_whole, same_take, group);
	while (!err && (a = ledger_account_next(j->led, a)))
		err = finding_heap(j, a);
	if (!err)
		err = absorb_consequences(j);
	if (!err)
		settle_whole(j);
	/* One take is one finding; the rest of a cause is judged together. */
	if (!err)
		err = try_all(j, is_cause_object, same_take, group);
	if (!err)
		err = absorb_parts(j);
	if (!err)
		err = try_all(j, is_cause_not_cached, same_cause, group);
	if (!err)
		err = absorb_parts(j);
	if (!err)
		err = try_all(j, is_cause_level, same_cause, group);
	if (!err)
		err = absorb_threads(j);
	if (!err)
		err = absorb_small(j);
	if (!err)
		err = try_all(j, is_other, same_take, group);
	if (!err)
		err = absorb_small(j);
	if (!err)
		err = try_all(j, is_rest, same_take, group);
	if (!err)
		err = try_all(j, is_rest_not_cached, same_cause, group);
	return err ? err : merge_findings(j);
}

static int by_bytes(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	int d = (x->bytes_per_fork < y->bytes_per_fork) - (x->bytes_per_fork > y->bytes_per_fork);

	d = d ? d
	      : (x->count_per_fork < y->count_per_fork) - (x->count_per_fork > y->count_per_fork);
	d = d ? d : strcmp(x->cause, y->cause);
	d = d ? d : order(x->holder.start_ns, y->holder.start_ns);
	d = d ? d : order(x->holder.tgid, y->holder.tgid);
	return d ? d : order(x->take, y->take);
}

enum judgement judgement_of(const struct verdict *v)
{
	return v->finding_count	 ? JUDGEMENT_LEAK
	       : v->reason_count ? JUDGEMENT_INCONCLUSIVE
				 : JUDGEMENT_CLEAN;
}

int verdict_new(const struct ledger *led, struct verdict **ret_verdict)
{
	struct judge j = {.led = led, .verdict = calloc(1, sizeof(struct verdict))};
	struct candidate **group = NULL;
	int err;

	if (!j.verdict)
		return -ENOMEM;
	err = candidates_collect(&j);
	if (!err) {
		group = calloc(j.count + 1, sizeof(*group));
		err = group ? find(&j, group) : -ENOMEM;
	}
	free(group);
	free(j.candidates);
	if (!err)
		err = finding_books(&j);
	if (!err)
		err = reasons_find(&j);
	if (err) {
		verdict_free(j.verdict);
		return err;
	}
	if (j.verdict->finding_count)
		qsort(j.verdict->findings, j.verdict->finding_count, sizeof(struct finding),
		      by_bytes);
	j.verdict->judgement = judgement_of(j.verdict);
	*ret_verdict = j.verdict;
	return 0;
}

static void finding_done(struct finding *f)
{
	free(f->parts);
	free(f->takes);
}

void verdict_free(struct verdict *v)
{
	size_t i;

	if (!v)
		return;
	for (i = 0; i < v->finding_count; i++)
		finding_done(&v->findings[i]);
	for (i = 0; i < v->suppressed_count; i++)
		finding_done(&v->suppressed[i]);
	for (i = 0; i < v->reason_count; i++)
		free((char *)v->reasons[i]);
	for (i = 0; i < v->note_count; i++)
		free((char *)v->notes[i]);
	free(v->findings);
	free(v->suppressed);
	free(v->reasons);
	free(v->notes);
	free(v);
}
