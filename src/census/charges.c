// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "census/charges.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "census/shared.h"

/* What is left of one cache. */
struct left {
	const struct census_cache *cache;
	int64_t bytes;
	uint64_t count;
};

struct census_cache *census_cache_find(const struct census_charges *c, uint64_t address)
{
	for (size_t i = 0; i < c->cache_count; i++) {
		if (c->cache[i].address == address)
			return &c->cache[i];
	}
	return NULL;
}

void census_charges_done(struct census_charges *c)
{
	free(c->at);
	free(c->cache);
	*c = (struct census_charges){};
}

static int by_address(const void *a, const void *b)
{
	const struct census_charged *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

static int by_bytes(const void *a, const void *b)
{
	const struct left *x = a, *y = b;

	return x->bytes > y->bytes ? -1 : x->bytes < y->bytes;
}

/*
 * Takes from each charge what the census knows of it. Returns the pages that it knows of and that
 * are not found by address: stacks.
 */
static int64_t match(const struct census *c, const struct census_charges *charges, int64_t *left,
		     const struct census_check *k)
{
	const struct census_shared *s = c->shared;
	int64_t pages = 0;

	for (size_t i = 0; i < s->object_count; i++) {
		const struct shared_object *o = &s->object[i];
		struct census_charged key = {.address = o->address}, *found;

		if (!o->holders || !o->payer || !o->charged)
			continue;
		found = bsearch(&key, charges->at, charges->count, sizeof(key), by_address);
		if (found)
			left[found - charges->at] -= (int64_t)o->charged;
		else if (o->charged == o->bytes && census_check_pays(k, o->payer))
			pages += (int64_t)o->bytes;
	}
	return pages;
}

static void add(struct census_check *k, int64_t bytes, const char *format, uint64_t count,
		const char *name)
{
	struct census_rest *r = &k->rest[k->rest_count];

	if (!bytes || k->rest_count == CENSUS_RESTS)
		return;
	r->bytes = amount_exact(bytes);
	snprintf(r->what, sizeof(r->what), format, (unsigned long)count, name);
	k->rest_count++;
}

static void tell(struct census_check *k, struct left *left, size_t n)
{
	const size_t most = CENSUS_RESTS - 5;
	struct left other = {};

	qsort(left, n, sizeof(*left), by_bytes);
	for (size_t i = 0; i < n; i++) {
		if (left[i].cache->reclaimable)
			k->cached.bytes += left[i].bytes;
		if (i < most) {
			add(k, left[i].bytes,
			    left[i].cache->reclaimable ? "%lu %s, which can be reclaimed"
			    : left[i].cache->merged    ? "%lu %s, or others in the same slab cache"
						       : "%lu %s",
			    left[i].count, left[i].cache->name);
		} else {
			other.bytes += left[i].bytes;
			other.count += left[i].count;
		}
	}
	add(k, other.bytes, "%lu objects of other slab caches%s", other.count, "");
}

int census_charges_split(const struct census *c, struct census_charges *charges,
			 unsigned payer_bytes, struct census_check *k)
{
	int64_t *rest = calloc(charges->count + 1, sizeof(*rest)), pages = 0, dying = 0, slab = 0;
	struct left *left = calloc(charges->cache_count + 1, sizeof(*left));

	if (!rest || !left) {
		free(rest);
		free(left);
		return -ENOMEM;
	}
	qsort(charges->at, charges->count, sizeof(*charges->at), by_address);
	for (size_t i = 0; i < charges->count; i++)
		rest[i] = charges->at[i].bytes + (charges->at[i].cache ? payer_bytes : 0);
	pages -= match(c, charges, rest, k) + k->kind_bytes[KIND_PAGE_TABLE];
	for (size_t i = 0; i < charges->cache_count; i++)
		left[i].cache = &charges->cache[i];
	for (size_t i = 0; i < charges->count; i++) {
		const struct census_charged *at = &charges->at[i];
		const struct census_cache *cache = census_cache_find(charges, at->cache);

		if (rest[i] > 0 && at->flags & CENSUS_CHARGED_DYING)
			dying += rest[i];
		if (!cache) {
			pages += rest[i];
			continue;
		}
		left[cache - charges->cache].bytes += rest[i];
		left[cache - charges->cache].count += rest[i] > 0;
		slab += rest[i];
	}
	k->cached = amount_exact(0);
	tell(k, left, charges->cache_count);
	add(k, pages, "pages%.0lu%s", 0, "");
	/* What the kernel counts and does not keep with any page or object. */
	add(k, k->kernel.bytes - k->reached.bytes - slab - pages,
	    "per-CPU memory, of the group itself too, and what changed meanwhile%.0lu%s", 0, "");
	add(k, dying, "among these: charged to groups below that have been removed%.0lu%s", 0, "");
	free(rest);
	free(left);
	return 0;
}
