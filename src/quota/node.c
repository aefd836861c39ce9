/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * node.c - charge and return. The fast path is one compare-and-swap on a word of the calling
 * thread's lane. Only that thread puts anything into it without the lock; others only empty it. So
 * the word that was read is still the one there, or it is 0. No other memory is involved, and the
 * order of one word's values is all that matters: relaxed is enough.
 */
#include <assert.h>
#include "quota/tree.h"

static inline _Atomic uint64_t *word_here(const struct node *node, unsigned pool)
{
	struct slot *slot;

	if (here.tree_id != node->tree_id)
		return NULL;
	slot = slot_of(here.lane, node);
	return slot->id == node->id ? &slot->word[pool] : NULL;
}

static inline bool word_swap(_Atomic uint64_t *word, uint64_t old, uint64_t new)
{
	return atomic_compare_exchange_strong_explicit(word, &old, new, memory_order_relaxed,
						       memory_order_relaxed);
}

/* What this lane has of the node counts with the rest. */
static void collect_here(struct node *node, unsigned pool)
{
	struct ft_lane *lane = lane_held(node);

	if (lane && slot_of(lane, node)->node == node)
		drain_slot(slot_of(lane, node), pool);
}

enum ft_status node_fits(struct node *node, const struct node *stop, unsigned pool, uint64_t bytes)
{
	struct node *top = NULL;

	for (struct node *n = node; n != stop; n = n->parent) {
		const struct pool *p = &n->pool[pool];
		uint64_t most = p->limit < p->peak ? p->limit : p->peak;

		if (bytes > most - p->reserved)
			top = n;
	}
	if (!top)
		return FT_OK;
	/* Nothing beneath `top` moves from here until the lock is let go. */
	drain_beneath(top, pool);
	for (const struct node *n = node; n != stop; n = n->parent)
		if (bytes > n->pool[pool].limit - n->pool[pool].reserved)
			return FT_LIMIT;
	return FT_OK;
}

void node_add(struct node *node, const struct node *stop, unsigned pool, uint64_t bytes)
{
	for (struct node *n = node; n != stop; n = n->parent) {
		struct pool *p = &n->pool[pool];

		p->reserved += bytes;
		if (p->reserved > p->peak) {
			assert(!p->leased);
			p->peak = p->reserved;
		}
	}
}

void node_sub(struct node *node, const struct node *stop, unsigned pool, uint64_t bytes)
{
	for (struct node *n = node; n != stop; n = n->parent) {
		assert(n->pool[pool].reserved >= bytes);
		n->pool[pool].reserved -= bytes;
	}
}

static __attribute__((noinline)) enum ft_status charge_slow(struct node *node, unsigned pool,
							    uint64_t bytes)
{
	struct tree *tree = node->tree;
	enum ft_status status;

	lane_here(node);
	pthread_mutex_lock(&tree->lock);
	tree->counts.charges++;
	collect_here(node, pool);
	status = node_fits(node, NULL, pool, bytes);
	if (status == FT_OK) {
		node_add(node, NULL, pool, bytes);
		node->pool[pool].own += bytes;
		lease_free(node, pool, bytes);
	}
	pthread_mutex_unlock(&tree->lock);
	return status;
}

enum ft_status node_charge(struct node *node, unsigned pool, uint64_t bytes)
{
	_Atomic uint64_t *word;
	uint64_t old;

	if (pool >= node->pools)
		return FT_INVALID;
	if (!bytes)
		return FT_OK;
	word = word_here(node, pool);
	if (word) {
		old = atomic_load_explicit(word, memory_order_relaxed);
		if (word_free(old) >= bytes && word_swap(word, old, old + (bytes << 32) - bytes))
			return FT_OK;
	}
	return charge_slow(node, pool, bytes);
}

/* Under the lock: is that much charged to this very node? */
static bool owns(struct node *node, unsigned pool, uint64_t bytes)
{
	if (node->pool[pool].own < bytes)
		drain_own(node, pool);
	return node->pool[pool].own >= bytes;
}

static __attribute__((noinline)) enum ft_status return_slow(struct node *node, unsigned pool,
							    uint64_t bytes)
{
	struct tree *tree = node->tree;
	enum ft_status status = FT_UNDERFLOW;
	bool gone = false, leak = false;

	lane_here(node);
	pthread_mutex_lock(&tree->lock);
	tree->counts.returns++;
	collect_here(node, pool);
	if (owns(node, pool, bytes)) {
		status = FT_OK;
		lease_used(node, pool, bytes);
		gone = !node->refs && node_reap(node, &leak);
	}
	pthread_mutex_unlock(&tree->lock);
	if (gone)
		tree_free(tree);
	return status;
}

enum ft_status node_return(struct node *node, unsigned pool, uint64_t bytes)
{
	_Atomic uint64_t *word;
	uint64_t old;

	if (pool >= node->pools)
		return FT_INVALID;
	if (!bytes)
		return FT_OK;
	word = word_here(node, pool);
	if (word) {
		old = atomic_load_explicit(word, memory_order_relaxed);
		if (word_used(old) >= bytes && word_swap(word, old, old - (bytes << 32) + bytes))
			return FT_OK;
	}
	return return_slow(node, pool, bytes);
}

/* The only pool that has an amount; `pools` where several have; 0 where none has. */
static unsigned only_pool(const struct node *node, const uint64_t *bytes)
{
	unsigned only = 0, count = 0;

	for (unsigned pool = 0; pool < node->pools; pool++) {
		if (!bytes[pool])
			continue;
		only = pool;
		count++;
	}
	return count > 1 ? node->pools : only;
}

enum ft_status node_charge_all(struct node *node, const uint64_t *bytes)
{
	struct tree *tree = node->tree;
	enum ft_status status = FT_OK;
	unsigned only = only_pool(node, bytes);

	if (only < node->pools)
		return node_charge(node, only, bytes[only]);
	lane_here(node);
	pthread_mutex_lock(&tree->lock);
	tree->counts.charges++;
	for (unsigned pool = 0; pool < node->pools && status == FT_OK; pool++) {
		if (!bytes[pool])
			continue;
		collect_here(node, pool);
		status = node_fits(node, NULL, pool, bytes[pool]);
	}
	for (unsigned pool = 0; pool < node->pools && status == FT_OK; pool++) {
		node_add(node, NULL, pool, bytes[pool]);
		node->pool[pool].own += bytes[pool];
	}
	pthread_mutex_unlock(&tree->lock);
	return status;
}

enum ft_status node_return_all(struct node *node, const uint64_t *bytes)
{
	struct tree *tree = node->tree;
	enum ft_status status = FT_OK;
	unsigned only = only_pool(node, bytes);
	bool gone = false, leak = false;

	if (only < node->pools)
		return node_return(node, only, bytes[only]);
	pthread_mutex_lock(&tree->lock);
	tree->counts.returns++;
	for (unsigned pool = 0; pool < node->pools && status == FT_OK; pool++)
		if (!owns(node, pool, bytes[pool]))
			status = FT_UNDERFLOW;
	for (unsigned pool = 0; pool < node->pools && status == FT_OK; pool++) {
		node->pool[pool].own -= bytes[pool];
		node_sub(node, NULL, pool, bytes[pool]);
	}
	if (status == FT_OK && !node->refs)
		gone = node_reap(node, &leak);
	pthread_mutex_unlock(&tree->lock);
	if (gone)
		tree_free(tree);
	return status;
}

enum ft_status ft_charge(struct ft_account *account, unsigned pool, uint64_t bytes)
{
	return node_charge(&account->node, pool, bytes);
}

enum ft_status ft_return(struct ft_account *account, unsigned pool, uint64_t bytes)
{
	return node_return(&account->node, pool, bytes);
}

enum ft_status ft_charge_all(struct ft_account *account, const uint64_t *bytes)
{
	return node_charge_all(&account->node, bytes);
}

enum ft_status ft_return_all(struct ft_account *account, const uint64_t *bytes)
{
	return node_return_all(&account->node, bytes);
}
