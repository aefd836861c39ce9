/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tree.h - the inside of libforktally, for the files of src/quota/ alone.
 *
 *   node.c    charge and return: the fast path, and the slow one under the lock
 *   drain.c   reserves: granted to lanes, collected again
 *   lane.c    which lane a thread has; threads that end, fork(2)
 *   block.c   trees, blocks, accounts: made, limited, read, ended
 *   move.c    transfers, and accounts that change their block
 *   object.c  objects; texts
 *
 * A block and an account are the same thing inside: a node. For each pool, under the lock of the
 * tree:
 *
 *   own        charged to this very node, and not in any lane
 *   reserved   own + what lanes hold of it, of this node and all beneath (stranded included)
 *   leased     what lanes hold of it
 *
 * A lane is a table of slots. A slot stands for one node and has a word for each pool: the bytes
 * that the lane may charge (`free`), and the bytes charged that it may return (`used`). A charge
 * moves bytes from free to used, a return moves them back: free + used of a slot changes only under
 * the lock. So
 *
 *   usage = reserved - the sum of all free beneath <= reserved <= min(limit, peak)
 *
 * holds at every moment, and the fast path asks nobody. With the lock held and the slots beneath a
 * node empty, nothing beneath it can move, and usage = reserved exactly: limits are judged and
 * peaks are raised only then.
 */
#ifndef FORKTALLY_QUOTA_TREE_H
#define FORKTALLY_QUOTA_TREE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <forktally.h>

#define LANE_SLOTS 16
/* A lease is for this many like operations, and its parts fit into 32 bits each. */
#define LEASE_TIMES 32
#define LEASE_MAX   (UINT64_C(1) << 30)

struct tree;

struct pool {
	uint64_t reserved, peak, limit, own, leased;
};

struct node {
	struct tree *tree;
	uint64_t tree_id;
	uint64_t id; /* never used again */
	struct node *parent;
	uint64_t children, accounts;
	uint64_t refs;	    /* of a block */
	uint64_t *stranded; /* of a block, behind `pool` */
	uint32_t depth;	    /* 0: the root */
	uint32_t slots;	    /* that stand for it */
	uint8_t index;	    /* of its slot in each lane */
	uint8_t pools;
	struct pool pool[];
};

struct ft_block {
	struct node node;
};

struct ft_account {
	struct node node;
};

/* One cache line. */
struct slot {
	uint64_t id;	   /* of its node; read and set by the lane's thread, set under the lock */
	struct node *node; /* NULL: none; under the lock */
	_Atomic uint64_t word[FT_POOLS_MAX]; /* used << 32 | free */
};

struct ft_lane {
	_Alignas(64) struct slot slot[LANE_SLOTS];
	struct tree *tree; /* NULL: it is gone; under the registry's lock */
	uint64_t tree_id;
	struct ft_lane *prev, *next; /* in tree.lanes */
};

struct tree {
	pthread_mutex_t lock;
	uint64_t id;
	uint64_t next_node_id;
	uint8_t pools;
	struct ft_lane *lanes;
	struct ft_counts counts;
	struct tree *prev, *next; /* in the registry */
};

/* Where the calling thread is: its lane in the tree that it used last. */
struct here {
	uint64_t tree_id; /* 0: nowhere */
	struct ft_lane *lane;
};
extern _Thread_local struct here here __attribute__((tls_model("initial-exec")));

/* Under the lock, after lane_here: the calling thread's lane in the tree of this node, or NULL. */
static inline struct ft_lane *lane_held(const struct node *node)
{
	return here.tree_id == node->tree_id ? here.lane : NULL;
}

static inline uint64_t word_free(uint64_t word)
{
	return (uint32_t)word;
}

static inline uint64_t word_used(uint64_t word)
{
	return word >> 32;
}

static inline uint64_t word_of(uint64_t used, uint64_t free)
{
	return used << 32 | free;
}

static inline struct slot *slot_of(struct ft_lane *lane, const struct node *node)
{
	return &lane->slot[node->index];
}

/* node.c: nodes are charged by these, accounts and blocks alike. */
enum ft_status node_charge(struct node *node, unsigned pool, uint64_t bytes);
enum ft_status node_return(struct node *node, unsigned pool, uint64_t bytes);
enum ft_status node_charge_all(struct node *node, const uint64_t *bytes);
enum ft_status node_return_all(struct node *node, const uint64_t *bytes);
/* Under the lock: may `bytes` be added to `node` and all above it below `stop` (NULL: to the root)?
 * FT_LIMIT or FT_OK. */
enum ft_status node_fits(struct node *node, const struct node *stop, unsigned pool, uint64_t bytes);
/* Under the lock, after node_fits. */
void node_add(struct node *node, const struct node *stop, unsigned pool, uint64_t bytes);
void node_sub(struct node *node, const struct node *stop, unsigned pool, uint64_t bytes);

/* drain.c, under the lock of the tree. */
/* Collects what the lanes hold of this node and all beneath it. */
void drain_beneath(struct node *node, unsigned pool);
/* Collects what the lanes hold of this very node. */
void drain_own(struct node *node, unsigned pool);
/* false: it was empty. */
bool drain_slot(struct slot *slot, unsigned pool);
void drain_lane(struct ft_lane *lane);
/* No slot stands for the node any more. All that they hold must have been collected. */
void drain_forget(struct node *node);
/* After a charge: free bytes for the next ones, if there is room. `bytes` are in node.own. */
void lease_free(struct node *node, unsigned pool, uint64_t bytes);
/* After a return: its bytes stay as free ones, and some of what is charged as used ones. `bytes`
 * are still in node.own. */
void lease_used(struct node *node, unsigned pool, uint64_t bytes);

/* lane.c */
/* The calling thread's lane in the tree of this node; NULL: no memory for one. Without the lock. */
struct ft_lane *lane_here(struct node *node);
enum ft_status tree_register(struct tree *tree);
void tree_unregister(struct tree *tree);

/* block.c */
/* Beneath `parent`, or beside `from`, whose limits it has; neither: a root. NULL: no memory. */
struct node *node_new(struct tree *tree, struct node *parent, const struct node *from,
		      bool account);
/* Under the lock: frees the node and those above that nothing keeps any more. true: the root is
 * gone, the tree is to be freed after unlocking. */
bool node_reap(struct node *node, bool *ret_leak);
void tree_free(struct tree *tree);

#endif
