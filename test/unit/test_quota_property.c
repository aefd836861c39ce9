/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: random operations on random trees, run on up to eight lanes, against a reference that is
 * too slow and too simple to be wrong: what each node was charged by itself, and every usage summed
 * up again for every question. Each status is compared at once, every so often all levels. Reading
 * collects the reserves, so that is not done after each step.
 *
 * usage: test_quota_property [SEED [STEPS]]    a failing seed is printed; without: 60 seeds
 */
#include "quota_case.h"

#define NODES	      48
#define OBJECTS	      32
#define POOLS_OF_TREE 3

/* refs 0 and no account: a block that is only kept by what is beneath it or charged to it. */
struct ref {
	bool used, account;
	int parent; /* -1: the root */
	int refs;
	uint64_t own[POOLS_OF_TREE], stranded[POOLS_OF_TREE], peak[POOLS_OF_TREE],
	    limit[POOLS_OF_TREE];
	struct ft_block *block;
	struct ft_account *handle;
};

struct thing {
	struct ft_object object;
	int payer; /* -1: free */
	uint64_t bytes[POOLS_OF_TREE];
};

static struct world {
	struct ref node[NODES];
	struct thing thing[OBJECTS];
	struct ft_lane *lane[8];
	uint64_t state, seed, step;
	uint64_t done, refused; /* operations that succeeded, and that did not */
	uint64_t unit;		/* amounts are up to some of these */
} w;

static void check(bool right, const char *what)
{
	if (right)
		return;
	fail_msg("%s at step %llu; run again with: test_quota_property %llu", what,
		 (unsigned long long)w.step, (unsigned long long)w.seed);
}

static uint64_t some(uint64_t n)
{
	return chance_below(&w.state, n);
}

static uint64_t some_bytes(void)
{
	return some(8) ? some(w.unit) : some(20 * w.unit);
}

static bool beneath(int n, int top)
{
	while (n != top && n >= 0)
		n = w.node[n].parent;
	return n == top;
}

static uint64_t usage(int top, int pool)
{
	uint64_t sum = 0;

	for (int n = 0; n < NODES; n++)
		if (w.node[n].used && beneath(n, top))
			sum += w.node[n].own[pool] + w.node[n].stranded[pool];
	return sum;
}

/* Would every level of n, or only those that do not also count `except`, stay within its limit? */
static bool fits(int n, int except, int pool, uint64_t bytes)
{
	for (; n >= 0; n = w.node[n].parent) {
		if (except >= 0 && beneath(except, n))
			continue;
		if (bytes > w.node[n].limit[pool] - usage(n, pool))
			return false;
	}
	return true;
}

static void raise_peaks(void)
{
	for (int n = 0; n < NODES; n++)
		for (int pool = 0; pool < POOLS_OF_TREE && w.node[n].used; pool++)
			if (usage(n, pool) > w.node[n].peak[pool])
				w.node[n].peak[pool] = usage(n, pool);
}

static int some_node(bool account)
{
	int first = (int)some(NODES);

	for (int i = 0; i < NODES; i++) {
		int n = (first + i) % NODES;

		if (w.node[n].used && w.node[n].account == account &&
		    (account || w.node[n].refs > 0))
			return n;
	}
	return -1;
}

static int free_node(void)
{
	for (int n = 0; n < NODES; n++)
		if (!w.node[n].used)
			return n;
	return -1;
}

static void expect(enum ft_status want, enum ft_status got, const char *what)
{
	check(want == got, what);
	if (got == FT_OK)
		w.done++;
	else
		w.refused++;
}

static void node_begin(int n, int parent, bool account, const uint64_t *limit)
{
	w.node[n] = (struct ref){.used = true, .account = account, .parent = parent, .refs = 1};
	for (int pool = 0; pool < POOLS_OF_TREE; pool++)
		w.node[n].limit[pool] = limit ? limit[pool] : FT_UNLIMITED;
}

static void reap(void)
{
	for (bool again = true; again;) {
		again = false;
		for (int n = 1; n < NODES; n++) {
			struct ref *r = &w.node[n];
			bool kept = !r->used || r->account || r->refs;

			for (int pool = 0; pool < POOLS_OF_TREE; pool++)
				kept |= r->own[pool] != 0;
			for (int m = 0; m < NODES; m++)
				kept |= w.node[m].used && w.node[m].parent == n;
			if (kept)
				continue;
			for (int pool = 0; pool < POOLS_OF_TREE; pool++)
				w.node[r->parent].stranded[pool] += r->stranded[pool];
			r->used = false;
			again = true;
		}
	}
}

static void compare_levels(void)
{
	for (int n = 0; n < NODES; n++) {
		struct ref *r = &w.node[n];
		struct ft_level l;

		if (!r->used || (!r->account && !r->refs))
			continue;
		for (int pool = 0; pool < POOLS_OF_TREE; pool++) {
			if (r->account)
				ft_account_read(r->handle, (unsigned)pool, &l);
			else
				ft_block_read(r->block, (unsigned)pool, &l);
			check(l.usage == usage(n, pool), "usage");
			check(l.own == r->own[pool], "own");
			check(l.stranded == r->stranded[pool], "stranded");
			check(l.peak == r->peak[pool], "peak");
			check(l.limit == r->limit[pool], "limit");
		}
	}
}

static void charge_one(int n, int pool)
{
	uint64_t bytes = some_bytes();
	bool may = fits(n, -1, pool, bytes);

	expect(may ? FT_OK : FT_LIMIT, ft_charge(w.node[n].handle, (unsigned)pool, bytes),
	       "charge");
	w.node[n].own[pool] += may ? bytes : 0;
}

static void return_one(int n, int pool)
{
	uint64_t own = w.node[n].own[pool];
	uint64_t bytes = some(16) && own ? some(own + 1) : own + some(3);
	bool may = bytes <= own;

	if (some(3) && own >= w.unit / 4)
		bytes = w.unit / 4;
	may = bytes <= own;
	expect(may ? FT_OK : FT_UNDERFLOW, ft_return(w.node[n].handle, (unsigned)pool, bytes),
	       "return");
	w.node[n].own[pool] -= may ? bytes : 0;
}

static void all_pools(int n, bool back)
{
	uint64_t bytes[POOLS_OF_TREE];
	bool may = true;

	for (int pool = 0; pool < POOLS_OF_TREE; pool++) {
		bytes[pool] = some(4) ? some_bytes() : 0;
		if (back && some(8) && bytes[pool] > w.node[n].own[pool])
			bytes[pool] = w.node[n].own[pool];
		may &= back ? bytes[pool] <= w.node[n].own[pool] : fits(n, -1, pool, bytes[pool]);
	}
	if (back)
		expect(may ? FT_OK : FT_UNDERFLOW, ft_return_all(w.node[n].handle, bytes),
		       "return_all");
	else
		expect(may ? FT_OK : FT_LIMIT, ft_charge_all(w.node[n].handle, bytes),
		       "charge_all");
	for (int pool = 0; pool < POOLS_OF_TREE && may; pool++)
		w.node[n].own[pool] += back ? -bytes[pool] : bytes[pool];
}

static void transfer(int from, int to, int pool)
{
	uint64_t own = w.node[from].own[pool], bytes = some(own + 2);
	enum ft_status want = bytes > own		    ? FT_UNDERFLOW
			      : fits(to, from, pool, bytes) ? FT_OK
							    : FT_LIMIT;

	expect(want, ft_transfer(w.node[from].handle, w.node[to].handle, (unsigned)pool, bytes),
	       "transfer");
	if (want != FT_OK)
		return;
	w.node[from].own[pool] -= bytes;
	w.node[to].own[pool] += bytes;
}

static void move(int n, int block)
{
	bool may = true;

	for (int pool = 0; pool < POOLS_OF_TREE; pool++)
		may &= fits(block, n, pool, w.node[n].own[pool]);
	expect(may ? FT_OK : FT_LIMIT, ft_account_move(w.node[n].handle, w.node[block].block),
	       "move");
	if (may)
		w.node[n].parent = block;
	check(w.node[n].parent != block ||
		  ft_account_block(w.node[n].handle) == w.node[block].block,
	      "block of an account");
	reap();
}

static void close_account(int n)
{
	uint64_t left[POOLS_OF_TREE];
	struct ref *r = &w.node[n];
	bool leak = false;

	for (int pool = 0; pool < POOLS_OF_TREE; pool++)
		leak |= r->own[pool] != 0;
	check(ft_account_close(r->handle, left) == (leak ? FT_LEAK : FT_OK), "close");
	for (int pool = 0; pool < POOLS_OF_TREE; pool++) {
		check(left[pool] == r->own[pool], "what is left");
		w.node[r->parent].stranded[pool] += r->own[pool];
	}
	r->used = false;
	reap();
}

static void open_account(int n, int block, int parent)
{
	if (parent >= 0) {
		block = w.node[parent].parent;
		check(ft_account_fork(w.node[parent].handle, &w.node[n].handle) == FT_OK, "fork");
	} else {
		check(ft_account_new(w.node[block].block, &w.node[n].handle) == FT_OK, "account");
	}
	struct ft_account *handle = w.node[n].handle;

	node_begin(n, block, true, parent >= 0 ? w.node[parent].limit : NULL);
	w.node[n].handle = handle;
}

static void object(int block)
{
	struct thing *t = &w.thing[some(OBJECTS)];
	bool may = true, any = false;

	if (t->payer >= 0) {
		expect(FT_OK, ft_object_return(&t->object), "object return");
		for (int pool = 0; pool < POOLS_OF_TREE; pool++)
			w.node[t->payer].own[pool] -= t->bytes[pool];
		t->payer = -1;
		reap();
		return;
	}
	expect(FT_UNDERFLOW, ft_object_return(&t->object), "second object return");
	for (int pool = 0; pool < POOLS_OF_TREE; pool++) {
		t->bytes[pool] = some(3) ? 0 : some_bytes();
		any |= t->bytes[pool] != 0;
		may &= fits(block, -1, pool, t->bytes[pool]);
	}
	expect(!any  ? FT_INVALID
	       : may ? FT_OK
		     : FT_LIMIT,
	       ft_object_charge(&t->object, w.node[block].block, t->bytes), "object charge");
	if (!any || !may)
		return;
	t->payer = block;
	for (int pool = 0; pool < POOLS_OF_TREE; pool++)
		w.node[block].own[pool] += t->bytes[pool];
}

static void limit(int n, int pool)
{
	uint64_t now = usage(n, pool), to = some(4) ? now + some(40 * w.unit) : some(now + 1);
	struct ref *r = &w.node[n];
	enum ft_status got;

	if (!some(3))
		to = FT_UNLIMITED;
	got = r->account ? ft_account_limit(r->handle, (unsigned)pool, to)
			 : ft_block_limit(r->block, (unsigned)pool, to);
	expect(to < now ? FT_BELOW_USAGE : FT_OK, got, "limit");
	if (got == FT_OK)
		r->limit[pool] = to;
}

static void rare(int account, int block, int pool)
{
	int n = free_node();
	uint64_t bytes;

	switch (some(7)) {
	case 0:
		limit(some(2) && account >= 0 ? account : block, pool);
		break;
	case 1:
		bytes = some(w.node[block].stranded[pool] + 2);
		expect(bytes <= w.node[block].stranded[pool] ? FT_OK : FT_UNDERFLOW,
		       ft_block_forgive(w.node[block].block, (unsigned)pool, bytes), "forgive");
		if (bytes <= w.node[block].stranded[pool])
			w.node[block].stranded[pool] -= bytes;
		break;
	case 2:
		if (n >= 0 && some(2))
			open_account(n, block, some(2) ? account : -1);
		break;
	case 3:
		if (account >= 0 && !some(2))
			close_account(account);
		break;
	case 4:
		if (account >= 0)
			move(account, block);
		break;
	case 5:
		if (n >= 0 && !some(3)) {
			struct ft_block *b;

			check(ft_block_new(w.node[block].block, &b) == FT_OK, "block");
			node_begin(n, block, false, NULL);
			w.node[n].block = b;
		}
		break;
	case 6:
		if (block && !some(2)) {
			w.node[block].refs--;
			check(ft_block_put(w.node[block].block) == FT_OK, "put");
			reap();
		} else {
			w.node[block].refs++;
			check(ft_block_get(w.node[block].block) == w.node[block].block, "get");
			w.node[block].refs--;
			check(ft_block_put(w.node[block].block) == FT_OK, "put");
		}
		break;
	}
}

static void step(void)
{
	int account = some_node(true), other = some_node(true), block = some_node(false);
	int pool = (int)some(POOLS_OF_TREE);

	if (!some(3))
		check(ft_lane_use(w.lane[some(8)]) == FT_OK, "lane");
	if (!some(500))
		ft_lane_leave(w.lane[0]);
	if (account < 0 || !some(6)) {
		rare(account, block, pool);
	} else {
		switch (some(12)) {
		case 0:
			transfer(account, other, pool);
			break;
		case 1:
			all_pools(account, some(2));
			break;
		case 2:
			object(block);
			break;
		default:
			for (uint64_t i = some(6); i < 6; i++) {
				if (some(2))
					charge_one(account, pool);
				else
					return_one(account, pool);
				raise_peaks();
			}
		}
	}
	raise_peaks();
	if (!some(40))
		compare_levels();
}

static void world_end(void)
{
	for (int i = 0; i < OBJECTS; i++)
		if (w.thing[i].payer >= 0)
			check(ft_object_return(&w.thing[i].object) == FT_OK, "object at the end");
	for (int n = 0; n < NODES; n++)
		if (w.node[n].used && w.node[n].account)
			ft_account_close(w.node[n].handle, NULL);
	for (int n = 1; n < NODES; n++)
		for (; w.node[n].used && !w.node[n].account && w.node[n].refs; w.node[n].refs--)
			ft_block_put(w.node[n].block);
	/* All that is left was stranded, and is now in the root. */
	for (int pool = 0; pool < POOLS_OF_TREE; pool++) {
		struct ft_level l;

		check(ft_block_read(w.node[0].block, (unsigned)pool, &l) == FT_OK, "root");
		check(l.usage == l.stranded && l.own == 0, "conservation at the end");
		check(ft_block_forgive(w.node[0].block, (unsigned)pool, l.stranded) == FT_OK,
		      "forgive at the end");
	}
	check(ft_block_put(w.node[0].block) == FT_OK, "end of the root");
	for (int i = 0; i < 8; i++)
		ft_lane_free(w.lane[i]);
}

static void run(uint64_t seed, uint64_t steps)
{
	static const uint64_t units[] = {
	    3, 100, 5000, UINT64_C(1) << 20, UINT64_C(1) << 28, UINT64_C(1) << 34};
	uint64_t done = w.done, refused = w.refused;

	memset(&w, 0, sizeof(w));
	w.seed = seed;
	w.done = done;
	w.refused = refused;
	w.state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
	w.unit = units[some(sizeof(units) / sizeof(*units))] + 1;
	for (int i = 0; i < OBJECTS; i++)
		w.thing[i].payer = -1;
	check(ft_root_new(POOLS_OF_TREE, &w.node[0].block) == FT_OK, "root");
	struct ft_block *root = w.node[0].block;

	node_begin(0, -1, false, NULL);
	w.node[0].block = root;
	for (int i = 0; i < 8; i++)
		check(ft_lane_new(root, &w.lane[i]) == FT_OK, "lane");
	for (w.step = 0; w.step < steps; w.step++)
		step();
	compare_levels();
	world_end();
}

static uint64_t from = 1, to = 60, steps = 2500;

static void as_the_reference(void **state)
{
	for (uint64_t seed = from; seed <= to; seed++)
		run(seed, steps);
	print_message("%llu operations done, %llu refused\n", (unsigned long long)w.done,
		      (unsigned long long)w.refused);
	assert_true(w.done > 4 * (to - from + 1) && w.refused > to - from);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(as_the_reference)};

	if (argc > 1)
		from = to = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		steps = strtoull(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
