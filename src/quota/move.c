/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* move.c - fork; charges and accounts that change their place in a tree. */
#include <stdlib.h>
#include "quota/tree.h"

/* The lowest node that both count in; a node counts in itself. */
static struct node *common(struct node *a, struct node *b)
{
	while (a != b) {
		if (a->depth >= b->depth)
			a = a->parent;
		else
			b = b->parent;
	}
	return a;
}

struct ft_block *ft_account_block(struct ft_account *account)
{
	struct node *node = &account->node, *block;

	pthread_mutex_lock(&node->tree->lock);
	block = node->parent;
	pthread_mutex_unlock(&node->tree->lock);
	return (struct ft_block *)block;
}

enum ft_status ft_account_fork(struct ft_account *parent, struct ft_account **ret_child)
{
	struct node *node = node_new(parent->node.tree, NULL, &parent->node, true);

	if (!node)
		return FT_NO_MEMORY;
	*ret_child = (struct ft_account *)node;
	return FT_OK;
}

enum ft_status ft_transfer(struct ft_account *from, struct ft_account *to, unsigned pool,
			   uint64_t bytes)
{
	struct node *a = &from->node, *b = &to->node, *stop;
	struct tree *tree = a->tree;
	enum ft_status status = FT_UNDERFLOW;

	if (tree != b->tree || pool >= a->pools)
		return FT_INVALID;
	if (!bytes)
		return FT_OK;
	pthread_mutex_lock(&tree->lock);
	stop = common(a, b);
	if (a->pool[pool].own < bytes)
		drain_own(a, pool);
	if (a->pool[pool].own >= bytes)
		status = node_fits(b, stop, pool, bytes);
	if (status == FT_OK) {
		a->pool[pool].own -= bytes;
		node_sub(a, stop, pool, bytes);
		node_add(b, stop, pool, bytes);
		b->pool[pool].own += bytes;
	}
	pthread_mutex_unlock(&tree->lock);
	return status;
}

enum ft_status ft_account_move(struct ft_account *account, struct ft_block *block)
{
	struct node *node = &account->node, *to = &block->node, *from, *stop;
	struct tree *tree = node->tree;
	enum ft_status status = FT_OK;
	bool gone = false, leak = false;

	if (tree != to->tree)
		return FT_INVALID;
	pthread_mutex_lock(&tree->lock);
	from = node->parent;
	stop = common(from, to);
	for (unsigned pool = 0; pool < node->pools && status == FT_OK; pool++) {
		drain_own(node, pool);
		status = node_fits(to, stop, pool, node->pool[pool].own);
	}
	if (status == FT_OK && from != to) {
		for (unsigned pool = 0; pool < node->pools; pool++) {
			node_sub(from, stop, pool, node->pool[pool].own);
			node_add(to, stop, pool, node->pool[pool].own);
		}
		node->parent = to;
		node->depth = to->depth + 1;
		to->children++;
		to->accounts++;
		from->children--;
		from->accounts--;
		gone = node_reap(from, &leak);
	}
	pthread_mutex_unlock(&tree->lock);
	if (gone)
		tree_free(tree);
	return status;
}
