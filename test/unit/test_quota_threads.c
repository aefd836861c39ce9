/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: many threads on one tree. Witnesses beside the library, plain shared atomics: `sure`
 * counts a charge after it was granted and a return before it is asked for, so it is never above
 * the true usage; `most` is never below it. No limit is passed, peaks lie between the two, nothing
 * is refused while there is room, everything adds up when all is still; threads end, accounts begin
 * and end, the process forks, in the middle of it.
 *
 * usage: test_quota_threads [SECONDS]    for each of the tests; without: half a second
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "quota_case.h"

#define THREADS	 4
#define ACCOUNTS 6
#define HANDED	 256

static double seconds = 0.5;
static atomic_bool stop;

/* The witnesses of one level. */
struct level {
	atomic_llong sure, most, sure_peak, most_peak;
	uint64_t limit;
	atomic_bool passed;
};

static void peak(atomic_llong *at, long long value)
{
	long long old = atomic_load(at);

	while (value > old && !atomic_compare_exchange_weak(at, &old, value))
		;
}

static void before_charge(struct level *l, long long bytes)
{
	peak(&l->most_peak, atomic_fetch_add(&l->most, bytes) + bytes);
}

static void after_charge(struct level *l, long long bytes)
{
	long long now = atomic_fetch_add(&l->sure, bytes) + bytes;

	peak(&l->sure_peak, now);
	if ((uint64_t)now > l->limit)
		atomic_store(&l->passed, true);
}

/* root: 0; block: 1, 2; accounts 0 to 2 beneath block 1, the others beneath 2. */
static struct town {
	struct ft_block *root, *block[2];
	struct ft_account *account[ACCOUNTS];
	struct level level[3 + ACCOUNTS];
	/* Charges that wait for any thread to return them: account << 32 | bytes; 0: none. */
	atomic_ullong handed[HANDED];
} t;

static int levels_of(int account, int *ret_level)
{
	ret_level[0] = 0;
	ret_level[1] = 1 + account / 3;
	ret_level[2] = 3 + account;
	return 3;
}

static bool town_charge(int account, uint64_t bytes)
{
	int level[3], n = levels_of(account, level);
	enum ft_status status;

	for (int i = 0; i < n; i++)
		before_charge(&t.level[level[i]], (long long)bytes);
	status = ft_charge(t.account[account], 0, bytes);
	for (int i = 0; i < n; i++) {
		if (status == FT_OK)
			after_charge(&t.level[level[i]], (long long)bytes);
		else
			atomic_fetch_sub(&t.level[level[i]].most, (long long)bytes);
	}
	return status == FT_OK;
}

static bool town_return(int account, uint64_t bytes)
{
	int level[3], n = levels_of(account, level);

	for (int i = 0; i < n; i++)
		atomic_fetch_sub(&t.level[level[i]].sure, (long long)bytes);
	if (ft_return(t.account[account], 0, bytes) != FT_OK)
		return false;
	for (int i = 0; i < n; i++)
		atomic_fetch_sub(&t.level[level[i]].most, (long long)bytes);
	return true;
}

static void build(uint64_t root, uint64_t block, uint64_t account)
{
	memset(&t, 0, sizeof(t));
	assert_int_equal(ft_root_new(1, &t.root), FT_OK);
	assert_int_equal(ft_block_limit(t.root, 0, root), FT_OK);
	t.level[0].limit = root;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ft_block_new(t.root, &t.block[i]), FT_OK);
		assert_int_equal(ft_block_limit(t.block[i], 0, block), FT_OK);
		t.level[1 + i].limit = block;
	}
	for (int i = 0; i < ACCOUNTS; i++) {
		assert_int_equal(ft_account_new(t.block[i / 3], &t.account[i]), FT_OK);
		assert_int_equal(ft_account_limit(t.account[i], 0, account), FT_OK);
		t.level[3 + i].limit = account;
	}
	atomic_store(&stop, false);
}

static struct ft_level look(int level)
{
	return level == 0  ? block_level(t.root, 0)
	       : level < 3 ? block_level(t.block[level - 1], 0)
			   : account_level(t.account[level - 3], 0);
}

static void end(void)
{
	for (int i = 0; i < ACCOUNTS; i++)
		assert_int_equal(ft_account_close(t.account[i], NULL), FT_OK);
	assert_int_equal(ft_block_put(t.block[0]), FT_OK);
	assert_int_equal(ft_block_put(t.block[1]), FT_OK);
	assert_int_equal(ft_block_put(t.root), FT_OK);
}

static void wait_seconds(double s)
{
	nanosleep(&(struct timespec){(time_t)s, (long)((s - (double)(time_t)s) * 1e9)}, NULL);
}

static void run(void *(*worker)(void *), uintptr_t *ret)
{
	pthread_t thread[THREADS];
	void *got;

	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, worker, (void *)(i + 1)), 0);
	wait_seconds(seconds);
	atomic_store(&stop, true);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(thread[i], &got);
		ret[i] = (uintptr_t)got;
	}
}

/* Charges what it can, returns what it or another charged. Returns how many returns were refused.
 */
static void *crowd(void *arg)
{
	uint64_t state = (uintptr_t)arg * 77777;
	uintptr_t wrong = 0;

	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		int account = (int)chance_below(&state, ACCOUNTS);
		uint64_t bytes = 1 + chance_below(&state, 120), take;
		atomic_ullong *place = &t.handed[chance_below(&state, HANDED)];

		if (chance_below(&state, 2) && town_charge(account, bytes)) {
			take = atomic_exchange(place, (uint64_t)account << 32 | bytes);
		} else {
			take = atomic_exchange(place, 0);
		}
		if (take && !town_return((int)(take >> 32), (uint32_t)take))
			wrong++;
	}
	return (void *)wrong;
}

static void limits_and_peaks_hold_in_a_crowd(void **state)
{
	uintptr_t wrong[THREADS];

	build(3000, 2000, 1000);
	run(crowd, wrong);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(wrong[i], 0);
	for (int i = 0; i < 3 + ACCOUNTS; i++) {
		struct ft_level l = look(i);

		assert_false(t.level[i].passed);
		assert_int_equal(l.usage, t.level[i].sure);
		assert_int_equal(l.usage, t.level[i].most);
		assert_true(l.peak <= l.limit);
		assert_true((long long)l.peak >= t.level[i].sure_peak);
		assert_true((long long)l.peak <= t.level[i].most_peak);
	}
	for (int i = 0; i < HANDED; i++) {
		uint64_t take = t.handed[i];

		if (take)
			assert_true(town_return((int)(take >> 32), (uint32_t)take));
	}
	for (int i = 0; i < 3 + ACCOUNTS; i++)
		assert_int_equal(look(i).usage, 0);
	end();
}

/* Each holds 100 at most: 100 for each fit under the limit, so none may ever be refused. */
static void *modest(void *arg)
{
	uint64_t state = (uintptr_t)arg * 4242;
	int account = 2; /* one for all of them */
	uint64_t held = 0;
	uintptr_t wrong = 0;

	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		uint64_t bytes = 1 + chance_below(&state, 100);

		if (held + bytes <= 100) {
			wrong += ft_charge(t.account[account], 0, bytes) != FT_OK;
			held += bytes;
		} else {
			wrong += ft_return(t.account[account], 0, held) != FT_OK;
			held = 0;
		}
	}
	wrong += ft_return(t.account[account], 0, held) != FT_OK;
	return (void *)wrong;
}

static void nothing_is_refused_while_there_is_room(void **state)
{
	uintptr_t wrong[THREADS];

	/* At each level in turn the room is just enough. */
	for (int level = 0; level < 3; level++) {
		uint64_t just = 100 * THREADS, more = 10000;

		build(level == 0 ? just : more, level == 1 ? just : more, level == 2 ? just : more);
		/* The peak is at the limit already: reserves may take all there is. */
		assert_int_equal(ft_charge(t.account[2], 0, just), FT_OK);
		assert_int_equal(ft_return(t.account[2], 0, just), FT_OK);
		run(modest, wrong);
		for (int i = 0; i < THREADS; i++)
			assert_int_equal(wrong[i], 0);
		assert_int_equal(look(0).usage, 0);
		assert_int_equal(look(0).peak, just);
		end();
	}
}

/* Two children at once, opened and ended again and again, with objects that outlive them. */
static void *forks(void *arg)
{
	uint64_t state = (uintptr_t)arg * 999, left[1];
	uintptr_t wrong = 0;
	struct ft_object object[8] = {{0}};

	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		struct ft_block *block = NULL;
		struct ft_account *child, *apart;
		struct ft_object *o = &object[chance_below(&state, 8)];
		uint64_t bytes = 1 + chance_below(&state, 500);

		wrong +=
		    ft_account_fork(t.account[chance_below(&state, ACCOUNTS)], &child) != FT_OK;
		wrong += ft_block_new(t.block[chance_below(&state, 2)], &block) != FT_OK;
		wrong += ft_account_new(block, &apart) != FT_OK;
		wrong += o->payer && ft_object_return(o) != FT_OK;
		wrong += ft_object_charge(o, block, &bytes) != FT_OK;
		ft_block_put(block);
		wrong += ft_charge(child, 0, bytes) != FT_OK;
		wrong += ft_transfer(child, apart, 0, bytes / 2) != FT_OK;
		wrong += ft_account_move(child, t.block[chance_below(&state, 2)]) != FT_OK;
		wrong += ft_return(apart, 0, bytes / 2) != FT_OK;
		wrong += ft_return(child, 0, bytes - bytes / 2) != FT_OK;
		wrong += ft_account_close(child, left) != FT_OK || left[0];
		wrong += ft_account_close(apart, left) != FT_OK || left[0];
	}
	for (int i = 0; i < 8; i++)
		wrong += object[i].payer && ft_object_return(&object[i]) != FT_OK;
	return (void *)wrong;
}

static void accounts_and_blocks_come_and_go(void **state)
{
	uintptr_t wrong[THREADS];

	build(FT_UNLIMITED, FT_UNLIMITED, FT_UNLIMITED);
	run(forks, wrong);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(wrong[i], 0);
	assert_int_equal(look(0).usage, 0);
	assert_int_equal(look(0).stranded, 0);
	assert_int_equal(ft_block_accounts(t.block[0]), 3);
	end();
}

/* What a thread kept in reserve, and what it charged, is not lost with it. */
static void *short_life(void *arg)
{
	for (int i = 0; i < 100; i++)
		if (ft_charge(t.account[0], 0, 7) == FT_OK)
			ft_return(t.account[0], 0, 7);
	return (void *)(uintptr_t)ft_charge(t.account[0], 0, 5);
}

static void threads_end(void **state)
{
	build(1000, 1000, 1000);
	for (int i = 0; i < 200; i++) {
		pthread_t thread;
		void *status;

		assert_int_equal(pthread_create(&thread, NULL, short_life, NULL), 0);
		pthread_join(thread, &status);
		assert_int_equal((uintptr_t)status, FT_OK);
	}
	assert_int_equal(look(0).usage, 1000);
	assert_int_equal(look(0).peak, 1000);
	assert_int_equal(ft_return(t.account[0], 0, 1000), FT_OK);
	end();
}

/* The copy that fork(2) makes is of a moment at which the books are right. */
static int in_the_child(void)
{
	struct ft_level root, sum = {0}, l;

	for (int i = 0; i < ACCOUNTS; i++) {
		if (ft_account_read(t.account[i], 0, &l) != FT_OK)
			return 1;
		sum.usage += l.usage;
	}
	if (ft_block_read(t.root, 0, &root) != FT_OK || root.usage != sum.usage)
		return 2;
	if (ft_account_read(t.account[0], 0, &l) != FT_OK ||
	    (l.usage && ft_return(t.account[0], 0, l.usage) != FT_OK))
		return 3;
	if (ft_return(t.account[0], 0, 1) != FT_UNDERFLOW)
		return 4;
	return 0;
}

static void fork_copies_the_books(void **state)
{
	pthread_t thread[THREADS];
	void *wrong;

	build(3000, 2000, 1000);
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, crowd, (void *)(i + 1)), 0);
	for (int i = 0; i < 20; i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0)
			_exit(in_the_child());
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(thread[i], &wrong);
		assert_null(wrong);
	}
	for (int i = 0; i < HANDED; i++)
		if (t.handed[i])
			town_return((int)(t.handed[i] >> 32), (uint32_t)t.handed[i]);
	end();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(limits_and_peaks_hold_in_a_crowd),
	    cmocka_unit_test(nothing_is_refused_while_there_is_room),
	    cmocka_unit_test(accounts_and_blocks_come_and_go),
	    cmocka_unit_test(threads_end),
	    cmocka_unit_test(fork_copies_the_books),
	};

	if (argc > 1)
		seconds = strtod(argv[1], NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
