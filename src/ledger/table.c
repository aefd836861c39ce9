/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include "ledger/table.h"

uint64_t table_hash(uint64_t a, uint64_t b)
{
	uint64_t h = a * UINT64_C(0x9e3779b97f4a7c15) ^ (b + UINT64_C(0x7f4a7c15f39cc060));

	h ^= h >> 32;
	h *= UINT64_C(0xd6e8feb86659fd93);
	h ^= h >> 29;
	h *= UINT64_C(0xd6e8feb86659fd93);
	return h ^ h >> 32;
}

void *table_find(const struct table *t, uint64_t hash, table_same_fn same, const void *key)
{
	size_t i;

	if (!t->size)
		return NULL;
	for (i = hash & (t->size - 1); t->slots[i].item; i = (i + 1) & (t->size - 1)) {
		if (t->slots[i].hash == hash && same(t->slots[i].item, key))
			return t->slots[i].item;
	}
	return NULL;
}

static void slot_put(struct table_slot *slots, size_t size, uint64_t hash, void *item)
{
	size_t i = hash & (size - 1);

	while (slots[i].item)
		i = (i + 1) & (size - 1);
	slots[i] = (struct table_slot){.hash = hash, .item = item};
}

int table_reserve(struct table *t)
{
	size_t size = t->size ? t->size * 2 : 64, i;
	struct table_slot *slots;

	if (t->size && (t->used + 1) * 4 <= t->size * 3)
		return 0;
	slots = calloc(size, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	for (i = 0; i < t->size; i++) {
		if (t->slots[i].item)
			slot_put(slots, size, t->slots[i].hash, t->slots[i].item);
	}
	free(t->slots);
	t->slots = slots;
	t->size = size;
	return 0;
}

void table_put(struct table *t, uint64_t hash, void *item)
{
	assert((t->used + 1) * 4 <= t->size * 3);
	slot_put(t->slots, t->size, hash, item);
	t->used++;
}

void table_remove(struct table *t, uint64_t hash, const void *item)
{
	size_t mask = t->size - 1, hole = hash & mask, i;

	while (t->slots[hole].item != item) {
		assert(t->slots[hole].item);
		hole = (hole + 1) & mask;
	}
	t->used--;
	/* What was pushed past the hole moves back, so that no probe ends too early. */
	for (i = (hole + 1) & mask; t->slots[i].item; i = (i + 1) & mask) {
		size_t home = t->slots[i].hash & mask;

		if (((i - home) & mask) >= ((i - hole) & mask)) {
			t->slots[hole] = t->slots[i];
			hole = i;
		}
	}
	t->slots[hole].item = NULL;
}

void table_release(struct table *t)
{
	free(t->slots);
	*t = (struct table){0};
}
