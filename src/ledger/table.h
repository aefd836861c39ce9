/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * table.h - finds an item by a hash of its key. Open addressing, linear probing, grows by
 * doubling, never more than three quarters full. Items are borrowed.
 *
 * The table keeps the whole hash; two items of the same hash are told apart by @same.
 */
#ifndef FORKTALLY_LEDGER_TABLE_H
#define FORKTALLY_LEDGER_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_slot {
	uint64_t hash;
	void *item; /* NULL: free */
};

struct table {
	struct table_slot *slots;
	size_t size; /* a power of two, or 0 */
	size_t used;
};

typedef bool (*table_same_fn)(const void *item, const void *key);

/* NULL: not there. */
void *table_find(const struct table *t, uint64_t hash, table_same_fn same, const void *key);
/* Room for one more, so that the next table_put() cannot fail. 0 or -ENOMEM. */
int table_reserve(struct table *t);
void table_put(struct table *t, uint64_t hash, void *item);
/* Removes this very item, which must be there. */
void table_remove(struct table *t, uint64_t hash, const void *item);
void table_release(struct table *t);

/* Spreads the bits of @a and @b over 64. */
uint64_t table_hash(uint64_t a, uint64_t b);

#endif
