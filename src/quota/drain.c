/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* drain.c - reserves: granted to lanes, collected again. All under the lock of the tree. */
#include <assert.h>
#include "quota/tree.h"

static bool beneath(const struct node *node, const struct node *top)
{
	while (node->depth > top->depth)
		node = node->parent;
	return node == top;
}

bool drain_slot(struct slot *slot, unsigned pool)
{
	struct node *node = slot->node;
	uint64_t word = atomic_exchange_explicit(&slot->word[pool], 0, memory_order_relaxed);
	uint64_t free = word_free(word), held = free + word_used(word);

	if (!held)
		return false;
	node->pool[pool].own += word_used(word);
	for (struct node *n = node; n; n = n->parent) {
		assert(n->pool[pool].reserved >= free && n->pool[pool].leased >= held);
		n->pool[pool].reserved -= free;
		n->pool[pool].leased -= held;
	}
	return true;
}

void drain_beneath(struct node *node, unsigned pool)
{
	struct tree *tree = node->tree;

	for (struct ft_lane *l = tree->lanes; l && node->pool[pool].leased; l = l->next) {
		for (int i = 0; i < LANE_SLOTS; i++) {
			if (!l->slot[i].node || !beneath(l->slot[i].node, node))
				continue;
			tree->counts.drains += drain_slot(&l->slot[i], pool);
		}
	}
	assert(!node->pool[pool].leased);
}

void drain_own(struct node *node, unsigned pool)
{
	struct tree *tree = node->tree;

	if (!node->slots || !node->pool[pool].leased)
		return;
	for (struct ft_lane *l = tree->lanes; l; l = l->next) {
		if (slot_of(l, node)->node != node)
			continue;
		tree->counts.drains += drain_slot(slot_of(l, node), pool);
	}
}

void drain_lane(struct ft_lane *lane)
{
	for (int i = 0; i < LANE_SLOTS; i++) {
		struct slot *slot = &lane->slot[i];

		if (!slot->node)
			continue;
		for (unsigned pool = 0; pool < slot->node->pools; pool++)
			drain_slot(slot, pool);
		slot->node->slots--;
		slot->node = NULL;
	}
}

void drain_forget(struct node *node)
{
	for (struct ft_lane *l = node->tree->lanes; l && node->slots; l = l->next) {
		if (slot_of(l, node)->node != node)
			continue;
		slot_of(l, node)->node = NULL;
		node->slots--;
	}
	assert(!node->slots);
}

/* The slot of the calling thread that stands for this node from now on, or NULL. */
static struct slot *slot_take(struct node *node)
{
	struct ft_lane *lane = lane_held(node);
	struct slot *slot;

	if (!lane || !node->refs)
		return NULL;
	slot = slot_of(lane, node);
	if (slot->node == node)
		return slot;
	if (slot->node) {
		for (unsigned pool = 0; pool < node->pools; pool++)
			drain_slot(slot, pool);
		slot->node->slots--;
	}
	slot->node = node;
	slot->id = node->id;
	node->slots++;
	return slot;
}

/* `free` is reserved already; `used` is in node.own. */
static void lease(struct node *node, struct slot *slot, unsigned pool, uint64_t used, uint64_t free)
{
	node->pool[pool].own -= used;
	for (struct node *n = node; n; n = n->parent)
		n->pool[pool].leased += used + free;
	atomic_store_explicit(&slot->word[pool], word_of(used, free), memory_order_relaxed);
}

static uint64_t lease_size(uint64_t bytes)
{
	return bytes < LEASE_MAX / LEASE_TIMES ? bytes * LEASE_TIMES : LEASE_MAX;
}

void lease_free(struct node *node, unsigned pool, uint64_t bytes)
{
	uint64_t room = UINT64_MAX, free = lease_size(bytes);
	struct slot *slot;

	if (bytes > LEASE_MAX)
		return;
	for (const struct node *n = node; n; n = n->parent) {
		const struct pool *p = &n->pool[pool];
		uint64_t most = p->limit < p->peak ? p->limit : p->peak;

		if (most - p->reserved < room)
			room = most - p->reserved;
	}
	if (room < bytes)
		return;
	if (free > room)
		free = room / 2 > bytes ? room / 2 : bytes;
	slot = slot_take(node);
	if (!slot)
		return;
	for (struct node *n = node; n; n = n->parent)
		n->pool[pool].reserved += free;
	lease(node, slot, pool, bytes, free);
}

void lease_used(struct node *node, unsigned pool, uint64_t bytes)
{
	struct slot *slot = bytes <= LEASE_MAX ? slot_take(node) : NULL;
	uint64_t used = node->pool[pool].own - bytes;

	node->pool[pool].own -= bytes;
	if (!slot) {
		node_sub(node, NULL, pool, bytes);
		return;
	}
	if (used > lease_size(bytes) - bytes)
		used = lease_size(bytes) - bytes;
	lease(node, slot, pool, used, bytes);
}
