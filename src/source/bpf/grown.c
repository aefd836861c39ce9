// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * grown.c - the pages of private memory that a process which forks was given, as events: how many
 * were taken at one place and moment, by brk or by mmap. doc/decision/0024.
 */
#include <stdlib.h>

#include "source/bpf/collect.h"

#define PAGES_MIN 8  /* less is an allocator's ways */
#define FORKS_MIN 8  /* less cannot be judged */
#define PLACES	  16 /* told one by one; the others have no place */

struct place {
	uint32_t take;
	uint64_t bytes;
};

static int by_take(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return (x->take > y->take) - (x->take < y->take);
}

static int by_bytes(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->bytes != y->bytes ? x->bytes < y->bytes ? 1 : -1 : by_take(a, b);
}

static int by_moment(const void *a, const void *b)
{
	const struct grown_page *x = a, *y = b;

	if (x->take != y->take)
		return x->take < y->take ? -1 : 1;
	if (x->where != y->where)
		return x->where < y->where ? -1 : 1;
	return (x->birth > y->birth) - (x->birth < y->birth);
}

/* Takes the process's pages out of the table: those of which it is known that it has them. */
static struct grown_page *pages_of(struct collector *c, uint32_t slot, size_t *ret_count)
{
	size_t n = 0, room = c->t->accounts[slot].grown;
	uint32_t entries = 1u << c->t->tree->grown_bits;
	struct grown_page *pages = calloc(room, sizeof(*pages));

	for (uint32_t i = 0; pages && i < entries && n < room; i++) {
		struct grown_page *e = &c->t->grown[i];

		if (!e->page || e->account != slot)
			continue;
		if (e->where != GROWN_NEW)
			pages[n++] = *e;
		__atomic_store_n(&e->page, 0, __ATOMIC_RELEASE);
	}
	*ret_count = n;
	return pages;
}

/* Only the largest places keep their number: the books have bounds. */
static void keep_largest(struct grown_page *pages, size_t n)
{
	struct place *places = calloc(n, sizeof(*places));
	size_t used = 0;

	for (size_t i = 0; places && i < n; i++)
		places[i] = (struct place){.take = pages[i].take, .bytes = pages[i].bytes};
	if (places)
		qsort(places, n, sizeof(*places), by_take);
	for (size_t i = 0; places && i < n; i++) {
		if (used && places[used - 1].take == places[i].take)
			places[used - 1].bytes += places[i].bytes;
		else
			places[used++] = places[i];
	}
	if (places)
		qsort(places, used, sizeof(*places), by_bytes);
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (places && k < PLACES && k < used && places[k].take != pages[i].take)
			k++;
		if (!places || k == PLACES || k == used)
			pages[i].take = 0;
	}
	free(places);
}

void collector_grown(struct collector *c, uint32_t slot, uint64_t returned_ns)
{
	const struct account_slot *a = &c->t->accounts[slot];
	struct account_id id = {.start_ns = a->start_ns, .tgid = a->tgid};
	struct grown_page *pages;
	size_t n, end;

	pages = a->grown ? pages_of(c, slot, &n) : NULL;
	if (!pages || n < PAGES_MIN || a->forks < FORKS_MIN) {
		free(pages);
		return;
	}
	keep_largest(pages, n);
	qsort(pages, n, sizeof(*pages), by_moment);
	for (size_t i = 0; i < n; i = end) {
		struct event ev = {.type = EVENT_OBJECT, .account = id};
		int64_t bytes = 0;

		for (end = i; end < n && !by_moment(&pages[i], &pages[end]); end++)
			bytes += pages[end].bytes;
		ev.u.object = (struct event_object){
		    .pool = POOL_PRIVATE,
		    .tag = pages[i].where == GROWN_BRK ? TAG_BRK : TAG_MMAP,
		    .take = pages[i].take,
		    .hold = HOLD_PROCESS,
		    .birth_ordinal = pages[i].birth,
		    .count = (uint64_t)(bytes / c->t->page_bytes),
		    .bytes = bytes,
		    .returned_ns = returned_ns,
		    .holder = id,
		    .fd = -1,
		};
		collector_tag(c, ev.u.object.tag);
		if (pages[i].take)
			collector_take(c, pages[i].take);
		collector_emit(c, &ev);
	}
	free(pages);
}

void collector_grown_finish(struct collector *c)
{
	for (uint32_t slot = 0; slot < TABLE_ACCOUNTS; slot++) {
		if (c->t->accounts[slot].state == ACCOUNT_LIVE && c->t->accounts[slot].grown)
			collector_grown(c, slot, 0);
	}
}
