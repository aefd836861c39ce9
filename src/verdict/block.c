// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Blocks that an allocator gave out and that are never freed: each place whose blocks pile up with
 * the forks is a finding. doc/decision/0026-blocks.md.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "verdict/judge.h"

#define BLOCK_ADDS   96	 /* an allocator's header and rounding, and the hook's own record */
#define PADDING_MAX  512 /* with an alignment a small block may take twice its size */
#define GROUP_FRAMES 3	 /* of code outside of the hook: who calls alike is one place */

static const char hint[] =
    "Blocks that are allocated here stay allocated after the child is done, and every later child "
    "inherits them. Free them when that child has been waited for.";

bool is_block(const struct ledger_residue *r)
{
	return is_place(r) && r->tag && !strcmp(r->tag->name, "heap block");
}

struct place {
	const struct ledger_residue *residue;
	bool used;
};

static double sum_of(const struct profile *p)
{
	double sum = 0;

	for (size_t i = 0; i < p->bins; i++)
		sum += p->weight[i];
	return sum;
}

static bool same_frame(const struct ledger_frame *a, const struct ledger_frame *b)
{
	return a->line == b->line && !strcmp(a->function, b->function) &&
	       !strcmp(a->file, b->file) && !strcmp(a->module, b->module) &&
	       (*a->function || a->offset == b->offset);
}

/* Do the innermost frames of both agree? The first is the allocator's function itself. */
static bool same_group(const struct judge *j, const struct ledger_residue *a,
		       const struct ledger_residue *b)
{
	const struct ledger_take *x = ledger_take(j->led, a->take), *y;

	y = ledger_take(j->led, b->take);
	if (!x || !y || x->frame_count < 2 || y->frame_count < 2)
		return false;
	for (size_t i = 0; i <= GROUP_FRAMES; i++) {
		if (i == x->frame_count || i == y->frame_count)
			return x->frame_count == y->frame_count;
		if (!same_frame(&x->frames[i], &y->frames[i]))
			return false;
	}
	return true;
}

/*
 * What was taken before the first fork is not seen. Where nothing was taken after the last one,
 * that is one fork's less than there were.
 */
static void set_rates(struct finding *f, const struct profile *p)
{
	bool first_missing = p->stride == 1 && p->forks < SERIES_BINS && p->weight[p->forks] <= 0;
	double forks = (double)f->forks - (first_missing ? 1 : 0);

	f->count_per_fork = (double)f->count / forks;
	f->bytes_per_fork = (double)f->bytes.bytes / forks;
}

/* One finding of these; what the edges of the run have beyond the steady rate is left out. */
static int add_finding(struct judge *j, const struct ledger_account *a, struct place *const *p,
		       size_t n, uint64_t forks, const struct profile *profile,
		       const struct growth *g, struct blocks_sum *sum)
{
	double share = g->trimmed ? g->steady / sum_of(profile) : 1;
	struct finding *f;
	uint64_t count = 0;
	int64_t most = -1, each;
	int err = finding_add(j, rule_named("heap"), &f);

	if (err)
		return err;
	finding_holder(f, a);
	f->where = WHERE_HELD;
	f->blocks = true;
	f->forks = forks;
	f->hint = hint;
	f->bytes = amount_exact(0);
	for (size_t i = 0; !err && i < n; i++) {
		const struct ledger_residue *r = p[i]->residue;
		struct amount bytes = {.bytes = llround((double)r->bytes.bytes * share),
				       .known = r->bytes.known};

		p[i]->used = true;
		count += r->count;
		f->bytes = amount_add(f->bytes, bytes);
		if (r->take)
			err = finding_place(f, r->take, POOL_PRIVATE, bytes);
		if (bytes.bytes > most) {
			most = bytes.bytes;
			f->take = r->take;
		}
	}
	f->count = (uint64_t)llround((double)count * share);
	set_rates(f, profile);
	each = f->count ? f->bytes.bytes / (int64_t)f->count : 0;
	sum->bytes += f->bytes.bytes;
	sum->most += f->bytes.bytes +
		     (int64_t)f->count * (BLOCK_ADDS + (each < PADDING_MAX ? each : PADDING_MAX));
	return err ? err
		   : finding_part(f, residue_tag(p[0]->residue), POOL_PRIVATE, f->count, f->bytes);
}

/* These together, if they grow. */
static int try_places(struct judge *j, const struct ledger_account *a, struct place *const *p,
		      size_t n, uint64_t forks, struct blocks_sum *sum)
{
	struct profile all = {.bins = 0}, one;
	struct growth g;

	for (size_t i = 0; i < n; i++) {
		profile_births(&one, &p[i]->residue->births, forks);
		profile_add(&all, &one);
	}
	g = growth_judge(&all, 0);
	return g.grows ? add_finding(j, a, p, n, forks, &all, &g, sum) : 0;
}

/* An interpreter calls one place in many ways, none of which is judged alone. */
static int try_groups(struct judge *j, const struct ledger_account *a, struct place *all, size_t n,
		      uint64_t forks, struct place **group, struct blocks_sum *sum)
{
	int err = 0;

	for (size_t i = 0; !err && i < n; i++) {
		size_t members = 0;

		for (size_t k = i; k < n; k++)
			if (!all[k].used &&
			    (k == i || same_group(j, all[i].residue, all[k].residue)))
				group[members++] = &all[k];
		if (all[i].used || members < 2)
			continue;
		err = try_places(j, a, group, members, forks, sum);
		for (size_t k = 0; k < members; k++)
			group[k]->used = true; /* tried */
	}
	return err;
}

int finding_blocks(struct judge *j, const struct ledger_account *a, uint64_t forks,
		   struct blocks_sum *ret_sum)
{
	size_t all = ledger_residue_count(j->led), n = 0;
	struct place *places = calloc(all + 1, sizeof(*places)), *one;
	struct place **group = calloc(all + 1, sizeof(*group));
	int err = places && group ? 0 : -ENOMEM;

	*ret_sum = (struct blocks_sum){0};
	for (size_t i = 0; !err && i < all; i++) {
		const struct ledger_residue *r = ledger_residue(j->led, i);

		if (is_block(r) && r->holder == a)
			places[n++].residue = r;
	}
	ret_sum->seen = n;
	for (size_t i = 0; !err && i < n; i++) {
		one = &places[i];
		err = try_places(j, a, &one, 1, forks, ret_sum);
	}
	if (!err)
		err = try_groups(j, a, places, n, forks, group, ret_sum);
	free(places);
	free(group);
	return err;
}
