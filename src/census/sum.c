// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "census/sum.h"

#include <errno.h>
#include <stdlib.h>

static void sum_add(struct census_sum *to, const struct census_sum *what)
{
	to->processes += what->processes;
	to->threads += what->threads;
	to->zombies += what->zombies;
	if (to->fds == CENSUS_UNKNOWN_COUNT || what->fds == CENSUS_UNKNOWN_COUNT)
		to->fds = CENSUS_UNKNOWN_COUNT;
	else
		to->fds += what->fds;
	to->private = amount_add(to->private, what->private);
	to->swap = amount_add(to->swap, what->swap);
	to->kernel = amount_add(to->kernel, what->kernel);
	to->shared = amount_add(to->shared, what->shared);
}

void census_sum_missing(struct census_sum *sum)
{
	struct amount none = {.known = KNOWN_NOT};
	struct census_sum rest = {.fds = CENSUS_UNKNOWN_COUNT,
				  .private = none,
				  .swap = none,
				  .kernel = none,
				  .shared = none};

	sum_add(sum, &rest);
}

static struct census_sum sum_of(const struct census_process *p)
{
	return (struct census_sum){.processes = 1,
				   .threads = p->threads,
				   .zombies = !!(p->flags & CENSUS_ZOMBIE),
				   .fds = p->fds,
				   .private = p->private,
				   .swap = p->swap,
				   .kernel = p->kernel,
				   .shared = p->shared};
}

void census_sum_add(struct census_sum *sum, const struct census_process *p)
{
	struct census_sum one = sum_of(p);

	sum_add(sum, &one);
}

/*
 * From the leaves upwards: a process is done when all its children are. Parents that were found
 * by a pid that somebody else has now could make a ring: its members are never done, and are cut
 * off from their parents.
 */
static int sum_subtrees(struct census *c)
{
	uint32_t *open = calloc(c->count + 1, sizeof(*open)), n = 0;
	uint32_t *ready = calloc(c->count + 1, sizeof(*ready));

	if (!open || !ready) {
		free(open);
		free(ready);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < c->count; i++) {
		struct census_process *p = &c->process[i];
		uint32_t parent = p->ppid ? census_find(c, p->ppid, 0) : CENSUS_NONE;

		p->subtree = sum_of(p);
		/* No child is older than its parent: that pid is of another process by now. */
		if (parent == CENSUS_NONE || parent == i ||
		    c->process[parent].start_ns > p->start_ns)
			continue;
		p->parent = parent;
		open[parent]++;
		if (p->flags & CENSUS_ZOMBIE)
			c->process[parent].zombies++;
	}
	for (uint32_t i = 0; i < c->count; i++) {
		if (!open[i])
			ready[n++] = i;
	}
	for (uint32_t i = 0; i < n; i++) {
		struct census_process *p = &c->process[ready[i]];

		if (p->parent == CENSUS_NONE)
			continue;
		sum_add(&c->process[p->parent].subtree, &p->subtree);
		if (!--open[p->parent])
			ready[n++] = p->parent;
	}
	for (uint32_t i = 0; i < c->count; i++) {
		if (open[i])
			c->process[i].parent = CENSUS_NONE;
	}
	free(open);
	free(ready);
	return 0;
}

static uint64_t key_of(const struct census_process *p, enum census_by by)
{
	return by == CENSUS_BY_USER ? p->uid : p->cgroup;
}

static int by_key(const void *a, const void *b)
{
	const struct census_group *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static int sum_groups(struct census *c, enum census_by by)
{
	struct census_group *g = calloc(c->count + 1, sizeof(*g));
	uint32_t n = 0;

	if (!g)
		return -ENOMEM;
	for (uint32_t i = 0; i < c->count; i++)
		g[i] = (struct census_group){.key = key_of(&c->process[i], by),
					     .sum = sum_of(&c->process[i])};
	qsort(g, c->count, sizeof(*g), by_key);
	for (uint32_t i = 0; i < c->count; i++) {
		if (n && g[n - 1].key == g[i].key)
			sum_add(&g[n - 1].sum, &g[i].sum);
		else
			g[n++] = g[i];
	}
	c->group[by] = g;
	c->group_count[by] = n;
	return 0;
}

static void sum_kinds(struct census *c)
{
	for (uint32_t i = 0; i < c->count && c->parts; i++) {
		for (int k = 0; k < CENSUS_KINDS; k++) {
			const struct census_part *part = &c->process[i].part[k];

			c->kind[k].count += part->count;
			c->kind[k].shared += part->shared;
			c->kind[k].bytes += part->bytes;
			c->kind[k].divided += part->divided;
			c->kind[k].charged += part->charged;
		}
	}
}

/* What the machine says it has, less what its processes hold of just that. */
static struct amount rest_of(const struct census *c)
{
	const struct census_machine *m = &c->machine;
	struct amount book =
	    amount_add(amount_add(m->slab_reclaimable, m->slab_unreclaimable),
		       amount_add(amount_add(m->kernel_stack, m->page_table), m->percpu));
	struct amount held = {.known = c->all.kernel.known};

	if (!c->parts || c->outside || book.known == KNOWN_AT_LEAST)
		return (struct amount){.known = KNOWN_NOT};
	for (int k = 0; k < CENSUS_KINDS; k++) {
		enum census_home home = kind_get(k)->home;

		if (home != HOME_PAGES && home != HOME_SHMEM)
			held.bytes += c->kind[k].divided;
	}
	return amount_sub(book, held);
}

int sum_finish(struct census *c, const struct census_machine *machine)
{
	struct amount none = {.known = KNOWN_NOT};
	int err = sum_subtrees(c);

	for (int by = 0; by < CENSUS_BYS && !err; by++)
		err = sum_groups(c, by);
	if (err)
		return err;
	for (uint32_t i = 0; i < c->count; i++)
		census_sum_add(&c->all, &c->process[i]);
	if (c->missing)
		census_sum_missing(&c->all);
	sum_kinds(c);
	c->machine = machine ? *machine
			     : (struct census_machine){.total = none,
						       .free = none,
						       .available = none,
						       .anon = none,
						       .cached = none,
						       .shmem = none,
						       .swap_used = none,
						       .slab_reclaimable = none,
						       .slab_unreclaimable = none,
						       .kernel_stack = none,
						       .page_table = none,
						       .percpu = none,
						       .vmalloc = none,
						       .socket = none,
						       .slab_unused = none,
						       .forks = CENSUS_UNKNOWN_COUNT};
	c->unattributed = rest_of(c);
	return 0;
}
