/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* block.c - trees, blocks and accounts: made, limited, read, ended. */
#include <assert.h>
#include <stdlib.h>
#include "quota/tree.h"

static void lock(const struct node *node)
{
	pthread_mutex_lock(&node->tree->lock);
}

static void unlock(const struct node *node)
{
	pthread_mutex_unlock(&node->tree->lock);
}

struct node *node_new(struct tree *tree, struct node *parent, const struct node *from, bool account)
{
	unsigned pools = tree->pools;
	size_t bytes = sizeof(struct node) + pools * sizeof(struct pool);
	struct node *node = calloc(1, bytes + (account ? 0 : pools * sizeof(uint64_t)));

	if (!node)
		return NULL;
	node->tree = tree;
	node->tree_id = tree->id;
	node->refs = 1;
	node->pools = (uint8_t)pools;
	if (!account)
		node->stranded = (uint64_t *)&node->pool[pools];
	pthread_mutex_lock(&tree->lock);
	node->parent = parent = from ? from->parent : parent;
	node->id = ++tree->next_node_id;
	node->index = (uint8_t)((node->id * UINT64_C(0x9E3779B97F4A7C15)) >> 60);
	for (unsigned pool = 0; pool < pools; pool++)
		node->pool[pool].limit = from ? from->pool[pool].limit : FT_UNLIMITED;
	if (parent) {
		node->depth = parent->depth + 1;
		parent->children++;
		parent->accounts += account;
	}
	pthread_mutex_unlock(&tree->lock);
	return node;
}

_Static_assert(LANE_SLOTS == 16, "node.index is four bits of a hash");
_Static_assert(sizeof(struct slot) == 64, "a slot is a cache line");

void tree_free(struct tree *tree)
{
	tree_unregister(tree);
	pthread_mutex_destroy(&tree->lock);
	free(tree);
}

enum ft_status ft_root_new(unsigned pools, struct ft_block **ret_root)
{
	struct tree *tree;
	struct node *root;
	enum ft_status status;

	if (pools < 1 || pools > FT_POOLS_MAX)
		return FT_INVALID;
	tree = calloc(1, sizeof(*tree));
	if (!tree)
		return FT_NO_MEMORY;
	tree->pools = (uint8_t)pools;
	pthread_mutex_init(&tree->lock, NULL);
	status = tree_register(tree);
	if (status != FT_OK) {
		free(tree);
		return status;
	}
	root = node_new(tree, NULL, NULL, false);
	if (!root) {
		tree_free(tree);
		return FT_NO_MEMORY;
	}
	*ret_root = (struct ft_block *)root;
	return FT_OK;
}

enum ft_status ft_block_new(struct ft_block *parent, struct ft_block **ret_block)
{
	struct node *node = node_new(parent->node.tree, &parent->node, NULL, false);

	if (!node)
		return FT_NO_MEMORY;
	*ret_block = (struct ft_block *)node;
	return FT_OK;
}

struct ft_block *ft_block_get(struct ft_block *block)
{
	lock(&block->node);
	block->node.refs++;
	unlock(&block->node);
	return block;
}

/* Nothing keeps a block without references in which nothing is charged, neither here nor beneath.
 */
static bool kept(const struct node *node)
{
	if (node->refs || node->children)
		return true;
	for (unsigned pool = 0; pool < node->pools; pool++)
		if (node->pool[pool].own)
			return true;
	return false;
}

bool node_reap(struct node *node, bool *ret_leak)
{
	struct node *parent;

	for (; node && !kept(node); node = parent) {
		parent = node->parent;
		for (unsigned pool = 0; pool < node->pools; pool++) {
			assert(node->pool[pool].reserved == node->stranded[pool]);
			if (parent)
				parent->stranded[pool] += node->stranded[pool];
			else if (node->stranded[pool])
				*ret_leak = true;
		}
		drain_forget(node);
		free(node);
		if (!parent)
			return true;
		parent->children--;
	}
	return false;
}

enum ft_status ft_block_put(struct ft_block *block)
{
	struct node *node = &block->node;
	struct tree *tree = node->tree;
	bool gone = false, leak = false;

	pthread_mutex_lock(&tree->lock);
	if (--node->refs == 0) {
		for (unsigned pool = 0; pool < node->pools; pool++)
			drain_own(node, pool);
		gone = node_reap(node, &leak);
	}
	pthread_mutex_unlock(&tree->lock);
	if (gone)
		tree_free(tree);
	return leak ? FT_LEAK : FT_OK;
}

static enum ft_status node_limit(struct node *node, unsigned pool, uint64_t limit)
{
	enum ft_status status = FT_OK;
	struct pool *p = &node->pool[pool];

	if (pool >= node->pools || limit > FT_UNLIMITED)
		return FT_INVALID;
	lock(node);
	if (limit < p->reserved)
		drain_beneath(node, pool);
	if (limit < p->reserved)
		status = FT_BELOW_USAGE;
	else
		p->limit = limit;
	unlock(node);
	return status;
}

static enum ft_status node_read(struct node *node, unsigned pool, struct ft_level *ret_level)
{
	const struct pool *p = &node->pool[pool];

	if (pool >= node->pools)
		return FT_INVALID;
	lock(node);
	drain_beneath(node, pool);
	*ret_level = (struct ft_level){
	    .usage = p->reserved,
	    .peak = p->peak,
	    .limit = p->limit,
	    .own = p->own,
	    .stranded = node->stranded ? node->stranded[pool] : 0,
	};
	unlock(node);
	return FT_OK;
}

enum ft_status ft_block_limit(struct ft_block *block, unsigned pool, uint64_t limit)
{
	return node_limit(&block->node, pool, limit);
}

enum ft_status ft_block_read(struct ft_block *block, unsigned pool, struct ft_level *ret_level)
{
	return node_read(&block->node, pool, ret_level);
}

enum ft_status ft_block_forgive(struct ft_block *block, unsigned pool, uint64_t bytes)
{
	struct node *node = &block->node;
	enum ft_status status = FT_UNDERFLOW;

	if (pool >= node->pools)
		return FT_INVALID;
	lock(node);
	if (node->stranded[pool] >= bytes) {
		node->stranded[pool] -= bytes;
		node_sub(node, NULL, pool, bytes);
		status = FT_OK;
	}
	unlock(node);
	return status;
}

uint64_t ft_block_accounts(struct ft_block *block)
{
	uint64_t accounts;

	lock(&block->node);
	accounts = block->node.accounts;
	unlock(&block->node);
	return accounts;
}

void ft_block_counts(struct ft_block *block, struct ft_counts *ret_counts)
{
	lock(&block->node);
	*ret_counts = block->node.tree->counts;
	unlock(&block->node);
}

enum ft_status ft_account_new(struct ft_block *block, struct ft_account **ret_account)
{
	struct node *node = node_new(block->node.tree, &block->node, NULL, true);

	if (!node)
		return FT_NO_MEMORY;
	*ret_account = (struct ft_account *)node;
	return FT_OK;
}

enum ft_status ft_account_limit(struct ft_account *account, unsigned pool, uint64_t limit)
{
	return node_limit(&account->node, pool, limit);
}

enum ft_status ft_account_read(struct ft_account *account, unsigned pool,
			       struct ft_level *ret_level)
{
	return node_read(&account->node, pool, ret_level);
}

enum ft_status ft_account_close(struct ft_account *account, uint64_t *ret_left)
{
	struct node *node = &account->node, *block;
	struct tree *tree = node->tree;
	enum ft_status status = FT_OK;
	bool gone, leak = false;

	pthread_mutex_lock(&tree->lock);
	block = node->parent;
	for (unsigned pool = 0; pool < node->pools; pool++) {
		uint64_t left;

		drain_own(node, pool);
		left = node->pool[pool].own;
		block->stranded[pool] += left;
		if (ret_left)
			ret_left[pool] = left;
		if (left)
			status = FT_LEAK;
	}
	drain_forget(node);
	free(node);
	block->children--;
	block->accounts--;
	gone = node_reap(block, &leak);
	pthread_mutex_unlock(&tree->lock);
	if (gone)
		tree_free(tree);
	return status;
}
