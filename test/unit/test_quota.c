/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: each law of forktally.h on its own: refused means unchanged at every level, no return of
 * more than is charged, what counts where, peaks, limits, fork, transfers, moves, lifetime of
 * blocks, accounts that end with something charged, objects, lanes.
 */
#include "quota_case.h"

/* root -> family -> (parent, child); root -> other -> stranger. Three pools. */
struct house {
	struct ft_block *root, *family, *other;
	struct ft_account *parent, *child, *stranger;
};

static int build(void **state)
{
	struct house *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	assert_int_equal(ft_root_new(3, &h->root), FT_OK);
	assert_int_equal(ft_block_new(h->root, &h->family), FT_OK);
	assert_int_equal(ft_block_new(h->root, &h->other), FT_OK);
	assert_int_equal(ft_account_new(h->family, &h->parent), FT_OK);
	assert_int_equal(ft_account_fork(h->parent, &h->child), FT_OK);
	assert_int_equal(ft_account_new(h->other, &h->stranger), FT_OK);
	*state = h;
	return 0;
}

static int tear_down(void **state)
{
	struct house *h = *state;

	ft_account_close(h->parent, NULL);
	ft_account_close(h->child, NULL);
	ft_account_close(h->stranger, NULL);
	ft_block_put(h->family);
	ft_block_put(h->other);
	ft_block_put(h->root);
	free(h);
	return 0;
}

static void expect_account(struct ft_account *a, unsigned pool, uint64_t usage, uint64_t peak)
{
	struct ft_level l = account_level(a, pool);

	assert_int_equal(l.usage, usage);
	assert_int_equal(l.peak, peak);
	assert_int_equal(l.own, usage);
	assert_true(l.peak <= l.limit);
}

static void expect_block(struct ft_block *b, unsigned pool, uint64_t usage, uint64_t peak)
{
	struct ft_level l = block_level(b, pool);

	assert_int_equal(l.usage, usage);
	assert_int_equal(l.peak, peak);
	assert_true(l.peak <= l.limit);
}

static void a_charge_counts_at_every_level(void **state)
{
	struct house *h = *state;

	assert_int_equal(ft_charge(h->parent, FT_KERNEL, 100), FT_OK);
	assert_int_equal(ft_charge(h->child, FT_KERNEL, 10), FT_OK);
	assert_int_equal(ft_charge(h->stranger, FT_KERNEL, 1), FT_OK);
	expect_account(h->parent, FT_KERNEL, 100, 100);
	expect_account(h->child, FT_KERNEL, 10, 10);
	expect_block(h->family, FT_KERNEL, 110, 110);
	expect_block(h->root, FT_KERNEL, 111, 111);
	expect_block(h->root, FT_PRIVATE, 0, 0);
	expect_block(h->root, FT_SHARED, 0, 0);
	assert_int_equal(ft_return(h->parent, FT_KERNEL, 100), FT_OK);
	expect_account(h->parent, FT_KERNEL, 0, 100);
	expect_block(h->family, FT_KERNEL, 10, 110);
	expect_block(h->root, FT_KERNEL, 11, 111);
}

/* At each level in turn; what was charged stays, what was refused leaves no peak. */
static void a_refused_charge_changes_nothing(void **state)
{
	struct house *h = *state;

	for (int level = 0; level < 3; level++) {
		uint64_t limit = 1000 - (uint64_t)level * 100;

		if (level == 0)
			assert_int_equal(ft_block_limit(h->root, FT_KERNEL, limit), FT_OK);
		else if (level == 1)
			assert_int_equal(ft_block_limit(h->family, FT_KERNEL, limit), FT_OK);
		else
			assert_int_equal(ft_account_limit(h->child, FT_KERNEL, limit), FT_OK);
		assert_int_equal(ft_charge(h->child, FT_KERNEL, limit + 1), FT_LIMIT);
		assert_int_equal(ft_charge(h->child, FT_KERNEL, UINT64_MAX), FT_LIMIT);
		expect_account(h->child, FT_KERNEL, 0, 0);
		expect_block(h->family, FT_KERNEL, 0, 0);
		expect_block(h->root, FT_KERNEL, 0, 0);
	}
	assert_int_equal(ft_charge(h->child, FT_KERNEL, 800), FT_OK);
	assert_int_equal(ft_charge(h->child, FT_KERNEL, 1), FT_LIMIT);
	assert_int_equal(ft_charge(h->parent, FT_KERNEL, 100), FT_OK);
	assert_int_equal(ft_charge(h->parent, FT_KERNEL, 1), FT_LIMIT);
	assert_int_equal(ft_charge(h->stranger, FT_KERNEL, 100), FT_OK);
	assert_int_equal(ft_charge(h->stranger, FT_KERNEL, 1), FT_LIMIT);
	expect_account(h->stranger, FT_KERNEL, 100, 100);
	expect_block(h->root, FT_KERNEL, 1000, 1000);
}

static void a_return_of_more_is_refused(void **state)
{
	struct house *h = *state;

	assert_int_equal(ft_return(h->parent, 0, 1), FT_UNDERFLOW);
	assert_int_equal(ft_charge(h->parent, 0, 50), FT_OK);
	assert_int_equal(ft_charge(h->child, 0, 50), FT_OK);
	/* The block has 100, this account has not. */
	assert_int_equal(ft_return(h->parent, 0, 51), FT_UNDERFLOW);
	assert_int_equal(ft_return(h->parent, 0, UINT64_MAX), FT_UNDERFLOW);
	expect_account(h->parent, 0, 50, 50);
	expect_block(h->root, 0, 100, 100);
	assert_int_equal(ft_return(h->parent, 0, 50), FT_OK);
	assert_int_equal(ft_return(h->parent, 0, 1), FT_UNDERFLOW);
	expect_block(h->root, 0, 50, 100);
}

/* Amounts that no lane takes in reserve, and those beyond 32 bits. */
static void large_amounts_are_as_exact(void **state)
{
	struct house *h = *state;
	uint64_t large[] = {1 << 25, UINT64_C(1) << 30, (UINT64_C(1) << 30) + 1,
			    (UINT64_C(1) << 32) + 1, FT_UNLIMITED};

	for (size_t i = 0; i < sizeof(large) / sizeof(*large); i++) {
		for (int again = 0; again < 3; again++) {
			assert_int_equal(ft_charge(h->child, 1, large[i]), FT_OK);
			assert_int_equal(ft_return(h->child, 1, large[i] - 1), FT_OK);
			assert_int_equal(ft_return(h->child, 1, 2), FT_UNDERFLOW);
			assert_int_equal(ft_return(h->child, 1, 1), FT_OK);
			assert_int_equal(ft_return(h->child, 1, 1), FT_UNDERFLOW);
		}
		expect_block(h->root, 1, 0, large[i]);
	}
	assert_int_equal(ft_charge(h->child, 1, FT_UNLIMITED), FT_OK);
	assert_int_equal(ft_charge(h->stranger, 1, 1), FT_LIMIT);
}

static void several_pools_or_none(void **state)
{
	struct house *h = *state;
	const uint64_t cost[3] = {10, 20, 30};

	assert_int_equal(ft_block_limit(h->family, FT_SHARED, 59), FT_OK);
	assert_int_equal(ft_charge_all(h->child, cost), FT_OK);
	assert_int_equal(ft_charge_all(h->child, cost), FT_LIMIT);
	for (unsigned pool = 0; pool < 3; pool++) {
		expect_account(h->child, pool, cost[pool], cost[pool]);
		expect_block(h->root, pool, cost[pool], cost[pool]);
	}
	assert_int_equal(ft_return(h->child, FT_SHARED, 1), FT_OK);
	assert_int_equal(ft_return_all(h->child, cost), FT_UNDERFLOW);
	expect_account(h->child, 0, 10, 10);
	assert_int_equal(ft_charge(h->child, FT_SHARED, 1), FT_OK);
	assert_int_equal(ft_return_all(h->child, cost), FT_OK);
	for (unsigned pool = 0; pool < 3; pool++)
		expect_block(h->root, pool, 0, cost[pool]);
}

static void a_peak_is_the_highest_usage(void **state)
{
	struct house *h = *state;

	/* Never both at once: the family's peak is 70, not 130. */
	for (int i = 0; i < 100; i++) {
		assert_int_equal(ft_charge(h->parent, 0, 60), FT_OK);
		assert_int_equal(ft_return(h->parent, 0, 60), FT_OK);
		assert_int_equal(ft_charge(h->child, 0, 70), FT_OK);
		assert_int_equal(ft_return(h->child, 0, 70), FT_OK);
	}
	expect_account(h->parent, 0, 0, 60);
	expect_account(h->child, 0, 0, 70);
	expect_block(h->family, 0, 0, 70);
	assert_int_equal(ft_charge(h->parent, 0, 60), FT_OK);
	assert_int_equal(ft_charge(h->child, 0, 11), FT_OK);
	expect_block(h->family, 0, 71, 71);
}

static void a_limit_is_never_below_the_usage(void **state)
{
	struct house *h = *state;

	assert_int_equal(ft_charge(h->child, 0, 100), FT_OK);
	assert_int_equal(ft_charge(h->child, 0, 100), FT_OK);
	assert_int_equal(ft_return(h->child, 0, 100), FT_OK);
	assert_int_equal(ft_block_limit(h->family, 0, 99), FT_BELOW_USAGE);
	assert_int_equal(ft_account_limit(h->child, 0, 99), FT_BELOW_USAGE);
	assert_int_equal(block_level(h->family, 0).limit, FT_UNLIMITED);
	/* Below what was reserved, not below what is used. The peak stays where it was. */
	assert_int_equal(ft_block_limit(h->family, 0, 100), FT_OK);
	assert_int_equal(ft_charge(h->child, 0, 1), FT_LIMIT);
	assert_int_equal(block_level(h->family, 0).peak, 200);
	assert_int_equal(ft_block_limit(h->family, 0, 101), FT_OK);
	assert_int_equal(ft_charge(h->child, 0, 1), FT_OK);
	assert_int_equal(ft_charge(h->child, 0, 1), FT_LIMIT);
	assert_int_equal(ft_block_limit(h->family, 0, FT_UNLIMITED), FT_OK);
	assert_int_equal(ft_charge(h->child, 0, 1000), FT_OK);
}

static void a_child_shares_the_block_and_inherits_no_charge(void **state)
{
	struct house *h = *state;
	struct ft_account *grandchild, *apart;
	struct ft_block *block;

	assert_int_equal(ft_account_limit(h->parent, 0, 500), FT_OK);
	assert_int_equal(ft_block_limit(h->family, 0, 600), FT_OK);
	assert_int_equal(ft_charge(h->parent, 0, 400), FT_OK);
	assert_int_equal(ft_account_fork(h->parent, &grandchild), FT_OK);
	assert_ptr_equal(ft_account_block(grandchild), h->family);
	assert_int_equal(ft_block_accounts(h->family), 3);
	assert_int_equal(ft_block_accounts(h->root), 0);
	expect_account(grandchild, 0, 0, 0);
	assert_int_equal(account_level(grandchild, 0).limit, 500);
	assert_int_equal(ft_charge(grandchild, 0, 201), FT_LIMIT);
	assert_int_equal(ft_charge(grandchild, 0, 200), FT_OK);
	assert_int_equal(ft_account_close(grandchild, NULL), FT_LEAK);
	assert_int_equal(ft_block_accounts(h->family), 2);

	/* A block of its own beneath the parent's: both limits hold. */
	assert_int_equal(ft_block_forgive(h->family, 0, 200), FT_OK);
	assert_int_equal(ft_block_new(h->family, &block), FT_OK);
	assert_int_equal(ft_account_new(block, &apart), FT_OK);
	assert_int_equal(ft_block_limit(block, 0, 50), FT_OK);
	assert_int_equal(ft_charge(apart, 0, 51), FT_LIMIT);
	assert_int_equal(ft_charge(apart, 0, 50), FT_OK);
	expect_block(h->family, 0, 450, 600);
	assert_int_equal(ft_return(apart, 0, 50), FT_OK);
	assert_int_equal(ft_account_close(apart, NULL), FT_OK);
	assert_int_equal(ft_block_put(block), FT_OK);
}

static void a_transfer_conserves(void **state)
{
	struct house *h = *state;

	assert_int_equal(ft_charge(h->parent, 0, 100), FT_OK);
	assert_int_equal(ft_transfer(h->parent, h->child, 0, 101), FT_UNDERFLOW);
	assert_int_equal(ft_transfer(h->parent, h->child, 0, 40), FT_OK);
	expect_account(h->parent, 0, 60, 100);
	expect_account(h->child, 0, 40, 40);
	expect_block(h->family, 0, 100, 100);
	/* To another block: only what is beneath the common root sees it. */
	assert_int_equal(ft_block_limit(h->root, 0, 100), FT_OK);
	assert_int_equal(ft_block_limit(h->other, 0, 30), FT_OK);
	assert_int_equal(ft_transfer(h->parent, h->stranger, 0, 31), FT_LIMIT);
	expect_account(h->stranger, 0, 0, 0);
	expect_block(h->family, 0, 100, 100);
	assert_int_equal(ft_transfer(h->parent, h->stranger, 0, 30), FT_OK);
	expect_block(h->other, 0, 30, 30);
	expect_block(h->family, 0, 70, 100);
	expect_block(h->root, 0, 100, 100);
	assert_int_equal(ft_transfer(h->child, h->child, 0, 40), FT_OK);
	assert_int_equal(ft_transfer(h->child, h->child, 0, 41), FT_UNDERFLOW);
	expect_account(h->child, 0, 40, 40);
}

static void an_account_takes_its_charges_along(void **state)
{
	struct house *h = *state;

	assert_int_equal(ft_charge(h->parent, 0, 100), FT_OK);
	assert_int_equal(ft_charge(h->child, 0, 20), FT_OK);
	assert_int_equal(ft_block_limit(h->other, 0, 99), FT_OK);
	assert_int_equal(ft_account_move(h->parent, h->other), FT_LIMIT);
	expect_block(h->family, 0, 120, 120);
	expect_block(h->other, 0, 0, 0);
	assert_int_equal(ft_block_limit(h->other, 0, 100), FT_OK);
	assert_int_equal(ft_account_move(h->parent, h->other), FT_OK);
	assert_ptr_equal(ft_account_block(h->parent), h->other);
	assert_int_equal(ft_block_accounts(h->other), 2);
	assert_int_equal(ft_block_accounts(h->family), 1);
	expect_block(h->family, 0, 20, 120);
	expect_block(h->other, 0, 100, 100);
	expect_block(h->root, 0, 120, 120);
	assert_int_equal(ft_return(h->parent, 0, 100), FT_OK);
	expect_block(h->other, 0, 0, 100);
	/* To where it is, to the root, and back. */
	assert_int_equal(ft_charge(h->parent, 0, 7), FT_OK);
	assert_int_equal(ft_account_move(h->parent, h->other), FT_OK);
	assert_int_equal(ft_account_move(h->parent, h->root), FT_OK);
	expect_block(h->other, 0, 0, 100);
	assert_int_equal(block_level(h->root, 0).own, 0);
	assert_int_equal(ft_account_move(h->parent, h->family), FT_OK);
	expect_block(h->family, 0, 27, 120);
}

static void what_an_account_leaves_is_told_and_stays_charged(void **state)
{
	struct house *h = *state;
	struct ft_account *a;
	struct ft_level l;
	uint64_t left[3] = {9, 9, 9};

	assert_int_equal(ft_account_fork(h->parent, &a), FT_OK);
	assert_int_equal(ft_charge(a, 0, 5), FT_OK);
	assert_int_equal(ft_return(a, 0, 5), FT_OK);
	assert_int_equal(ft_account_close(a, left), FT_OK);
	assert_int_equal(left[0] + left[1] + left[2], 0);

	assert_int_equal(ft_account_fork(h->parent, &a), FT_OK);
	assert_int_equal(ft_charge(a, FT_KERNEL, 300), FT_OK);
	assert_int_equal(ft_charge(a, FT_SHARED, 40), FT_OK);
	assert_int_equal(ft_return(a, FT_KERNEL, 100), FT_OK);
	assert_int_equal(ft_account_close(a, left), FT_LEAK);
	assert_int_equal(left[FT_PRIVATE], 0);
	assert_int_equal(left[FT_KERNEL], 200);
	assert_int_equal(left[FT_SHARED], 40);
	l = block_level(h->family, FT_KERNEL);
	assert_int_equal(l.usage, 200);
	assert_int_equal(l.stranded, 200);
	assert_int_equal(l.own, 0);
	assert_int_equal(block_level(h->root, FT_KERNEL).usage, 200);
	/* It counts against the limit, until it is forgiven. */
	assert_int_equal(ft_block_limit(h->family, FT_KERNEL, 250), FT_OK);
	assert_int_equal(ft_charge(h->child, FT_KERNEL, 51), FT_LIMIT);
	assert_int_equal(ft_block_forgive(h->family, FT_KERNEL, 201), FT_UNDERFLOW);
	assert_int_equal(ft_block_forgive(h->family, FT_KERNEL, 200), FT_OK);
	assert_int_equal(ft_charge(h->child, FT_KERNEL, 250), FT_OK);
	expect_block(h->root, FT_KERNEL, 250, 300);
}

static void a_block_lives_while_something_needs_it(void **state)
{
	struct ft_block *root, *b;
	struct ft_account *a;
	struct ft_object o = {0};
	const uint64_t cost[2] = {10, 7};

	assert_int_equal(ft_root_new(2, &root), FT_OK);
	assert_int_equal(ft_block_new(root, &b), FT_OK);
	assert_int_equal(ft_account_new(b, &a), FT_OK);
	assert_ptr_equal(ft_block_get(b), b);
	assert_int_equal(ft_object_charge(&o, b, cost), FT_OK);
	assert_int_equal(ft_block_put(b), FT_OK);
	assert_int_equal(ft_block_put(b), FT_OK); /* the last reference */
	assert_int_equal(ft_charge(a, 0, 100), FT_OK);
	assert_int_equal(block_level(root, 0).usage, 110);
	assert_ptr_equal(ft_account_block(a), b);
	assert_int_equal(ft_account_close(a, NULL), FT_LEAK);
	/* Only the object keeps it now; its bytes and what was stranded still count above. */
	assert_int_equal(block_level(root, 0).usage, 110);
	assert_int_equal(block_level(root, 0).stranded, 0);
	assert_int_equal(ft_object_return(&o), FT_OK);
	assert_null(o.payer);
	assert_int_equal(block_level(root, 0).usage, 100);
	assert_int_equal(block_level(root, 0).stranded, 100);
	assert_int_equal(block_level(root, 1).usage, 0);
	assert_int_equal(ft_block_put(root), FT_LEAK);

	/* The whole tree goes with its last object. */
	assert_int_equal(ft_root_new(2, &root), FT_OK);
	assert_int_equal(ft_block_new(root, &b), FT_OK);
	assert_int_equal(ft_object_charge(&o, b, (uint64_t[]){0, 7}), FT_OK);
	assert_int_equal(ft_block_put(root), FT_OK);
	assert_int_equal(ft_block_put(b), FT_OK);
	assert_int_equal(ft_object_return(&o), FT_OK);
}

static void an_object_remembers_who_paid(void **state)
{
	struct house *h = *state;
	struct ft_object o = {0};
	const uint64_t cost[3] = {0, 200, 100};

	assert_int_equal(ft_object_return(&o), FT_UNDERFLOW);
	assert_int_equal(ft_object_charge(&o, h->family, (uint64_t[3]){0}), FT_INVALID);
	assert_int_equal(ft_block_limit(h->root, 1, 299), FT_OK);
	assert_int_equal(ft_object_charge(&o, ft_account_block(h->child), cost), FT_OK);
	assert_int_equal(ft_object_charge(&o, h->other, cost), FT_INVALID);
	assert_ptr_equal(o.payer, h->family);
	expect_account(h->child, 1, 0, 0);
	assert_int_equal(block_level(h->family, 1).own, 200);
	expect_block(h->root, 1, 200, 200);
	/* No account can give it back. */
	assert_int_equal(ft_return(h->child, 1, 1), FT_UNDERFLOW);
	/* Its maker goes to another block: the family stays charged. */
	assert_int_equal(ft_account_move(h->child, h->other), FT_OK);
	expect_block(h->other, 1, 0, 0);
	assert_int_equal(ft_object_return(&o), FT_OK);
	assert_int_equal(ft_object_return(&o), FT_UNDERFLOW);
	expect_block(h->family, 1, 0, 200);
	expect_block(h->family, 2, 0, 100);
	/* Refused: as if it had not been asked. */
	assert_int_equal(ft_charge(h->stranger, 1, 100), FT_OK);
	assert_int_equal(ft_object_charge(&o, h->family, cost), FT_LIMIT);
	assert_null(o.payer);
	expect_block(h->family, 2, 0, 100);
	expect_block(h->root, 1, 100, 200);
}

/* What one processor keeps in reserve is no reason to refuse another, and no return is lost on it.
 */
static void lanes_hide_nothing(void **state)
{
	struct house *h = *state;
	struct ft_lane *lane[8];

	for (int i = 0; i < 8; i++)
		assert_int_equal(ft_lane_new(h->root, &lane[i]), FT_OK);
	assert_int_equal(ft_block_limit(h->family, 0, 1000), FT_OK);
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 10; i++) {
			assert_int_equal(ft_lane_use(lane[(round + i) % 8]), FT_OK);
			assert_int_equal(ft_charge(i % 2 ? h->parent : h->child, 0, 100), FT_OK);
		}
		assert_int_equal(ft_charge(h->parent, 0, 1), FT_LIMIT);
		for (int i = 0; i < 5; i++) {
			assert_int_equal(ft_lane_use(lane[(round + 3 * i) % 8]), FT_OK);
			assert_int_equal(ft_return(h->parent, 0, 100), FT_OK);
		}
		assert_int_equal(ft_return(h->parent, 0, 1), FT_UNDERFLOW);
		assert_int_equal(ft_charge(h->child, 0, 500), FT_OK);
		assert_int_equal(ft_return(h->child, 0, 1000), FT_OK);
	}
	expect_block(h->family, 0, 0, 1000);
	expect_account(h->child, 0, 0, 1000);
	expect_account(h->parent, 0, 0, 500);
	for (int i = 0; i < 8; i++)
		ft_lane_free(lane[i]);
	ft_lane_free(NULL);
	expect_block(h->root, 0, 0, 1000);
}

/* The common charge and return take no lock: of 100,000 pairs a handful does. */
static void the_common_pair_takes_no_lock(void **state)
{
	struct house *h = *state;
	struct ft_counts before, after;

	ft_block_counts(h->root, &before);
	for (int i = 0; i < 100000; i++) {
		assert_int_equal(ft_charge(h->child, 0, 64), FT_OK);
		assert_int_equal(ft_return(h->child, 0, 64), FT_OK);
	}
	ft_block_counts(h->root, &after);
	assert_in_range(after.charges - before.charges + after.returns - before.returns, 1, 10);
	expect_block(h->root, 0, 0, 64);
}

static void what_is_no_pool_or_tree_is_refused(void **state)
{
	struct house *h = *state;
	struct ft_block *root;
	struct ft_account *a;
	struct ft_level l;

	assert_int_equal(ft_root_new(0, &root), FT_INVALID);
	assert_int_equal(ft_root_new(FT_POOLS_MAX + 1, &root), FT_INVALID);
	assert_int_equal(ft_root_new(1, &root), FT_OK);
	assert_int_equal(ft_account_new(root, &a), FT_OK);
	assert_int_equal(ft_charge(h->child, 3, 1), FT_INVALID);
	assert_int_equal(ft_return(h->child, 3, 0), FT_INVALID);
	assert_int_equal(ft_charge(a, 1, 1), FT_INVALID);
	assert_int_equal(ft_account_read(a, 1, &l), FT_INVALID);
	assert_int_equal(ft_block_limit(root, 1, 1), FT_INVALID);
	assert_int_equal(ft_block_limit(root, 0, (uint64_t)FT_UNLIMITED + 1), FT_INVALID);
	assert_int_equal(ft_block_forgive(root, 1, 0), FT_INVALID);
	assert_int_equal(ft_transfer(h->child, a, 0, 1), FT_INVALID);
	assert_int_equal(ft_account_move(a, h->family), FT_INVALID);
	assert_int_equal(ft_charge(a, 0, 0), FT_OK);
	assert_int_equal(ft_return(a, 0, 0), FT_OK);
	assert_int_equal(ft_account_close(a, NULL), FT_OK);
	assert_int_equal(ft_block_put(root), FT_OK);
	for (int status = FT_OK; status <= FT_NO_MEMORY + 1; status++)
		assert_true(strlen(ft_status_text(status)) > 3);
	assert_string_equal(ft_version(), FORKTALLY_VERSION);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, build, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_charge_counts_at_every_level),
	    CASE(a_refused_charge_changes_nothing),
	    CASE(a_return_of_more_is_refused),
	    CASE(large_amounts_are_as_exact),
	    CASE(several_pools_or_none),
	    CASE(a_peak_is_the_highest_usage),
	    CASE(a_limit_is_never_below_the_usage),
	    CASE(a_child_shares_the_block_and_inherits_no_charge),
	    CASE(a_transfer_conserves),
	    CASE(an_account_takes_its_charges_along),
	    CASE(what_an_account_leaves_is_told_and_stays_charged),
	    cmocka_unit_test(a_block_lives_while_something_needs_it),
	    CASE(an_object_remembers_who_paid),
	    CASE(lanes_hide_nothing),
	    CASE(the_common_pair_takes_no_lock),
	    CASE(what_is_no_pool_or_tree_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
