/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * forktally.h - libforktally: quota blocks, accounts, charges and returns.
 *
 *	root block                    ft_root_new
 *	 |-- block                    ft_block_new      usage, peak and limit of each pool
 *	 |    |-- account             ft_account_new    one process: its own usage, peak and limit
 *	 |    `-- account             ft_account_fork   a child beside its parent
 *	 `-- block
 *
 * A charge on an account counts in the account, in its block and in every block above, up to the
 * root. The number of pools is chosen for a tree when its root is made; a pool is a number below
 *it.
 *
 * WHAT HOLDS, whatever the threads do (the proof is doc/quota.md; test/model/quota.pml is checked):
 *  1. usage = charged - returned, in every block and account, and never above its limit.
 *  2. A charge is refused only if at a moment within the call, at some level, usage + bytes was
 *above the limit. Room that threads keep in reserve is collected before anything is refused.
 *  3. peak is the highest value that usage had, to the byte: reached once, and never passed.
 *  4. A return of more than is charged is refused. Nothing is clamped, nothing wraps.
 *  5. What is refused changes nothing: no usage, no peak, at no level.
 *  6. ft_account_read and ft_block_read give a usage that was true at a moment within the call.
 * There is no "about": a thread keeps in reserve only what lies below both limit and peak, so that
 * neither can be passed by what it does on its own.
 *
 * WHAT IT COSTS. A charge or return from a thread's reserve is one compare-and-swap on a cache line
 *of its own: no lock, and nothing is shared with other threads. The rest takes the lock of the
 *tree: the first charge, a charge that raises a peak, one near a limit, a return of what another
 *thread charged when the reserve is used up, a charge of several pools at once, transfers, reads,
 *and making and ending accounts.
 *
 * THREADS. All functions may be called from any thread at once. They may wait for a lock, and some
 * allocate memory, so none may be called from a signal handler. After fork(2) the child has a copy
 *of all books and may go on using it.
 *
 * NAMES AND UNITS. Amounts are bytes, or whatever else the caller counts, from 0 to FT_UNLIMITED.
 *An amount of 0 is allowed and does nothing. Results come last and are named ret_.
 *
 * ERRORS. Functions return an enum ft_status; FT_OK is 0. Handing in an account that was closed or
 * a block without holding it is the caller's error, as with free(3), and is not found.
 */
#ifndef FORKTALLY_H
#define FORKTALLY_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

#define FT_POOLS_MAX 6
#define FT_UNLIMITED INT64_MAX /* a limit that no usage reaches; the highest limit */

/* What forktally itself and an NT kernel call pools; a caller may have others. */
enum ft_pool {
	FT_PRIVATE, /* page file: Private Bytes */
	FT_KERNEL,  /* nonpaged pool */
	FT_SHARED,  /* paged pool */
};

enum ft_status {
	FT_OK,
	FT_LIMIT,	/* refused: some level would be above its limit */
	FT_UNDERFLOW,	/* refused: more would be returned than is charged */
	FT_LEAK,	/* done, and something was still charged */
	FT_BELOW_USAGE, /* refused: the limit would be below the usage */
	FT_INVALID,	/* refused: no such pool, not of one tree, no place for the result */
	FT_NO_MEMORY,	/* refused */
};

/* One pool of one account or block. */
struct ft_level {
	uint64_t usage;	   /* charged and not returned, here and beneath */
	uint64_t peak;	   /* the highest usage so far; never falls */
	uint64_t limit;	   /* usage never passes it */
	uint64_t own;	   /* the part of usage that was charged here and not beneath */
	uint64_t stranded; /* the part that ended accounts and blocks left behind, see
			      ft_account_close */
};

/* How often the lock was taken, and why; over all of a tree. */
struct ft_counts {
	uint64_t charges, returns; /* that a reserve did not cover */
	uint64_t drains;	   /* reserves collected for somebody else */
};

struct ft_block;
struct ft_account;
struct ft_lane;

/*
 * What an object cost and who paid. It lies in the caller's memory; all zero is an object that
 * nobody paid for. One object is for one thread at a time.
 */
struct ft_object {
	struct ft_block *payer; /* NULL: not charged */
	uint64_t bytes[FT_POOLS_MAX];
};

/* A sentence for a person: "more would be returned than is charged". Never NULL. */
const char *ft_status_text(enum ft_status status);

/* The version of the library, for example "0.1.0". */
const char *ft_version(void);

/* ---- blocks ------------------------------------------------------------------------------------
 */

/*
 * Makes a tree: a root block with `pools` pools (1 to FT_POOLS_MAX), nothing limited. The caller
 * holds one reference. FT_INVALID, FT_NO_MEMORY.
 */
enum ft_status ft_root_new(unsigned pools, struct ft_block **ret_root);

/* Makes a block beneath another, nothing limited. The caller holds one reference. FT_NO_MEMORY. */
enum ft_status ft_block_new(struct ft_block *parent, struct ft_block **ret_block);

/* One more reference. Returns the block. */
struct ft_block *ft_block_get(struct ft_block *block);

/*
 * One reference less. A block lives as long as there is a reference, an account or a block beneath
 * it, or an object that it paid for; only references let one charge it. When the last of these
 * goes, the block goes, and what was stranded in it is stranded in its parent. FT_LEAK: the root
 * went with something stranded. FT_OK otherwise, whether the block went or not.
 */
enum ft_status ft_block_put(struct ft_block *block);

/*
 * Sets the limit of a pool. Below the usage it is refused (FT_BELOW_USAGE), so that no usage is
 * ever above a limit; to stop growth at once, set it to the usage that ft_block_read tells.
 * FT_INVALID.
 */
enum ft_status ft_block_limit(struct ft_block *block, unsigned pool, uint64_t limit);

/* What it holds now. Collects the reserves beneath: exact, and not meant for a hot loop.
 * FT_INVALID. */
enum ft_status ft_block_read(struct ft_block *block, unsigned pool, struct ft_level *ret_level);

/*
 * Takes stranded bytes off the block and those above. FT_UNDERFLOW: that much is not stranded here.
 * FT_INVALID.
 */
enum ft_status ft_block_forgive(struct ft_block *block, unsigned pool, uint64_t bytes);

/* How many accounts share the block; those of blocks beneath it are not counted. */
uint64_t ft_block_accounts(struct ft_block *block);

/* How often the tree of this block took its lock, and why. */
void ft_block_counts(struct ft_block *block, struct ft_counts *ret_counts);

/* ---- accounts ----------------------------------------------------------------------------------
 */

/* Opens an account of its own beneath a block: usage 0, peak 0, not limited. FT_NO_MEMORY. */
enum ft_status ft_account_new(struct ft_block *block, struct ft_account **ret_account);

/*
 * What fork does: a new account that shares the parent's block and has the parent's limits. It
 * inherits no charge: usage 0, peak 0. For a child with a block of its own: ft_block_new beneath
 * ft_account_block(parent), then ft_account_new. FT_NO_MEMORY.
 */
enum ft_status ft_account_fork(struct ft_account *parent, struct ft_account **ret_child);

/*
 * Gives the account, with all that is charged to it, to another block of the same tree. Blocks
 * above both see no change. FT_LIMIT (nothing moved), FT_INVALID.
 */
enum ft_status ft_account_move(struct ft_account *account, struct ft_block *block);

/*
 * Ends the account: the process object is deleted, nobody will ever return anything to it. Its
 * usage must be 0 in each pool by then. FT_LEAK: it was not. Then ret_left[pool], unless NULL, has
 * what was still charged (it is set to 0 otherwise, one for each pool of the tree), and the block
 * stays charged with it: those bytes are stranded there until somebody forgives them.
 */
enum ft_status ft_account_close(struct ft_account *account, uint64_t *ret_left);

/* The block that pays. Borrowed: take a reference to keep it beyond the account. */
struct ft_block *ft_account_block(struct ft_account *account);

/* As of a block. */
enum ft_status ft_account_limit(struct ft_account *account, unsigned pool, uint64_t limit);
enum ft_status ft_account_read(struct ft_account *account, unsigned pool,
			       struct ft_level *ret_level);

/* ---- charge and return -------------------------------------------------------------------------
 */

/* FT_LIMIT: refused, nothing changed. To raise a limit and try again is the caller's policy.
 * FT_INVALID. */
enum ft_status ft_charge(struct ft_account *account, unsigned pool, uint64_t bytes);

/* FT_UNDERFLOW: refused, nothing changed. FT_INVALID. */
enum ft_status ft_return(struct ft_account *account, unsigned pool, uint64_t bytes);

/* bytes[pool] in every pool of the tree, or nothing in any. FT_LIMIT. */
enum ft_status ft_charge_all(struct ft_account *account, const uint64_t *bytes);

/* bytes[pool] in every pool of the tree, or nothing in any. FT_UNDERFLOW. */
enum ft_status ft_return_all(struct ft_account *account, const uint64_t *bytes);

/*
 * Moves a charge from one account to another of the same tree, at once: no third party sees the
 * bytes charged twice or not at all, blocks above both see no change. FT_UNDERFLOW, FT_LIMIT,
 * FT_INVALID.
 */
enum ft_status ft_transfer(struct ft_account *from, struct ft_account *to, unsigned pool,
			   uint64_t bytes);

/* ---- objects -----------------------------------------------------------------------------------
 */

/*
 * Charges an object to a block: bytes[pool] in every pool of the tree, or nothing in any. No
 * account has it: an object may outlive its maker, and the block that paid lives at least as long
 * as the object is charged. Each block above counts it too. FT_LIMIT, FT_INVALID (it is charged
 * already, or bytes are all 0).
 */
enum ft_status ft_object_charge(struct ft_object *object, struct ft_block *block,
				const uint64_t *bytes);

/*
 * Gives back what the object cost to the block that paid, whoever calls; the object is all zero
 * then. A second return is refused: FT_UNDERFLOW.
 */
enum ft_status ft_object_return(struct ft_object *object);

/* ---- lanes -------------------------------------------------------------------------------------
 */

/*
 * A lane holds the reserves of one processor. Each thread gets one by itself, and nothing below
 * is needed for correct or for fast books. A simulation of many processors on one thread makes a
 * lane for each and says where it runs; statuses, usage and peaks do not depend on it.
 */
enum ft_status ft_lane_new(struct ft_block *block, struct ft_lane **ret_lane);

/* From now on the calling thread charges through this lane. Only one thread at a time may use a
 * lane. */
enum ft_status ft_lane_use(struct ft_lane *lane);

/* The calling thread goes back to its own. */
void ft_lane_leave(struct ft_lane *lane);

/* Collects its reserves and frees it. Nobody may be using it. NULL does nothing. */
void ft_lane_free(struct ft_lane *lane);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
