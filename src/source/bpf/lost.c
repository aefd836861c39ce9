// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/bpf/lost.h"

#include <errno.h>
#include <stdlib.h>

enum { OTHER, CANDIDATE, KEPT /* and not yet read */, READ };

static const struct account_slot *account_of(const struct tables *t, const struct object_entry *e)
{
	const struct account_slot *a = &t->accounts[e->account & (TABLE_ACCOUNTS - 1)];

	if (a->state == ACCOUNT_ALIAS)
		a = &t->accounts[a->alias & (TABLE_ACCOUNTS - 1)];
	return a;
}

/* A namespace outlives its first process by design, and what it is made of with it. */
static bool should_be_back(const struct tables *t, const struct object_entry *e)
{
	const struct account_slot *a = account_of(t, e);

	return e->flags & OBJECT_IS_FORKED &&
	       !(e->flags & (OBJECT_IS_CACHE | OBJECT_IS_UNCHARGED)) &&
	       a->state == ACCOUNT_REAPED && !a->namespaces;
}

static uint64_t places(const struct lost *l)
{
	return (uint64_t)l->t->object_buckets * BUCKET_SLOTS;
}

static uint64_t key_at(const struct lost *l, uint64_t place)
{
	uint64_t key = l->t->objects[place / BUCKET_SLOTS].key[place % BUCKET_SLOTS];

	return KEY_IS_TOMBSTONE(key) ? 0 : key;
}

static const struct object_entry *entry_at(const struct lost *l, uint64_t place)
{
	return &l->t->objects[place / BUCKET_SLOTS].entry[place % BUCKET_SLOTS];
}

int64_t lost_begin(struct lost *l, const struct tables *t,
		   bool (*reached)(void *ctx, uint64_t address), void *ctx)
{
	lost_forget(l);
	l->t = t;
	l->state = calloc(places(l), 1);
	if (!l->state)
		return -ENOMEM;
	for (uint64_t i = 0; i < places(l); i++) {
		uint64_t key = key_at(l, i);

		if (key && should_be_back(t, entry_at(l, i)) && !reached(ctx, key)) {
			l->state[i] = CANDIDATE;
			l->count++;
		}
	}
	return (int64_t)l->count;
}

void lost_each(const struct lost *l, void (*each)(void *ctx, uint64_t address), void *ctx)
{
	for (uint64_t i = 0; i < places(l); i++) {
		if (l->state[i] == CANDIDATE)
			each(ctx, key_at(l, i));
	}
}

/* Reads all objects in this state; pages hold what users wrote. */
static int read_all(struct lost *l, uint8_t state, lost_read_fn read, void *ctx, bool *ret_some)
{
	for (uint64_t i = 0; i < places(l); i++) {
		uint64_t key = key_at(l, i);
		const struct tag_slot *tag = &l->t->tags[entry_at(l, i)->tag & (TAG_MAX - 1)];
		int err;

		if (!key || l->state[i] != state)
			continue;
		if (state == KEPT)
			l->state[i] = READ;
		*ret_some = true;
		if (tag->kind != TAG_SLAB && tag->kind != TAG_KMALLOC)
			continue;
		err = read(ctx, key, tables_object_size(l->t, tag));
		if (err)
			return err;
	}
	return 0;
}

int lost_find(struct lost *l, lost_read_fn read, void *ctx)
{
	bool some = true;
	int err = read_all(l, OTHER, read, ctx, &some);

	while (!err && some) {
		some = false;
		err = read_all(l, KEPT, read, ctx, &some);
	}
	if (err)
		lost_forget(l);
	return err;
}

void lost_pointed(struct lost *l, uint64_t address)
{
	int64_t place = tables_place(l->t, address);

	if (l->state && place >= 0 && l->state[place] == CANDIDATE) {
		l->state[place] = KEPT;
		l->count--;
	}
}

bool lost_is(const struct lost *l, uint64_t place)
{
	return l->state && l->state[place] == CANDIDATE;
}

void lost_forget(struct lost *l)
{
	free(l->state);
	*l = (struct lost){0};
}
