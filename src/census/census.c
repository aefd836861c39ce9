// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "census/census.h"

#include <errno.h>
#include <stdlib.h>

#include "census/shared.h"

void census_free(struct census *c)
{
	if (!c)
		return;
	if (c->shared)
		shared_done(c->shared);
	free(c->shared);
	free(c->parts);
	free(c->process);
	for (int by = 0; by < CENSUS_BYS; by++)
		free(c->group[by]);
	free(c);
}

uint32_t census_find(const struct census *c, uint32_t tgid, uint64_t start_ns)
{
	uint32_t low = 0, high = c->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (c->process[middle].tgid < tgid)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == c->count || c->process[low].tgid != tgid ||
	    (start_ns && c->process[low].start_ns != start_ns))
		return CENSUS_NONE;
	return low;
}

const struct census_sum *census_group_sum(const struct census *c, enum census_by by, uint64_t key)
{
	uint32_t low = 0, high = c->group_count[by];

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (c->group[by][middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == c->group_count[by] || c->group[by][low].key != key)
		return NULL;
	return &c->group[by][low].sum;
}

struct both {
	uint32_t process, kind;
	uint64_t count;
};

static int by_other(const void *a, const void *b)
{
	const struct both *x = a, *y = b;

	if (x->process != y->process)
		return x->process < y->process ? -1 : 1;
	return x->kind < y->kind ? -1 : x->kind > y->kind;
}

int census_sharers(const struct census *c, uint32_t process,
		   void (*fn)(void *ctx, uint32_t other, enum census_kind kind, uint64_t count),
		   void *ctx)
{
	const struct census_shared *s = c->shared;
	bool *mine = calloc(s->object_count + 1, sizeof(*mine));
	struct both *both = NULL;
	size_t n = 0;

	if (!mine)
		return -ENOMEM;
	for (size_t i = 0; i < s->hold_count; i++) {
		if (s->hold[i].process == process)
			mine[s->hold[i].object] = true;
	}
	for (size_t i = 0; i < s->hold_count; i++)
		n += mine[s->hold[i].object];
	both = malloc((n + 1) * sizeof(*both));
	if (!both) {
		free(mine);
		return -ENOMEM;
	}
	n = 0;
	for (size_t i = 0; i < s->hold_count; i++) {
		const struct shared_hold *h = &s->hold[i];

		if (mine[h->object] && h->process != process && h->process != CENSUS_NONE)
			both[n++] = (struct both){.process = h->process,
						  .kind = s->object[h->object].kind,
						  .count = s->object[h->object].count};
	}
	free(mine);
	qsort(both, n, sizeof(*both), by_other);
	for (size_t i = 0, k; i < n; i = k) {
		uint64_t count = 0;

		for (k = i; k < n && !by_other(&both[i], &both[k]); k++)
			count += both[k].count;
		fn(ctx, both[i].process, both[i].kind, count);
	}
	free(both);
	return 0;
}
