/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * quota.c - what libforktally costs, against the two usual ways to count the same: a mutex around
 * plain counters, and C11 atomics on shared counters. Each keeps usage, peak and limit of an
 *account, of its block and of the root: a charge goes through three levels.
 *
 *	build/bench/quota [--rounds N] [--pairs MILLIONS] [--accounts N] [--limit-seconds S]
 *
 * pairs: charge and return of 64 bytes, in millions a second of each thread, the median of the
 *rounds. Two threads charge accounts of their own beneath one block, or one account together.
 * accounts: bytes of memory and time for each, for N/4, N/2 and N accounts, live and closed.
 * limit: two threads charge and return near a limit for S seconds; a witness looks for usage above
 *it.
 */
#include <forktally.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BYTES	   64
#define ROUNDS_MAX 99

static int rounds = 5;
static long pairs = 20000000, accounts = 1000000;
static double limit_seconds = 2;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- three ways ---- */

struct level {
	_Alignas(64) atomic_ullong usage;
	atomic_ullong peak, limit;
};

/* Levels of two accounts, their block and the root, and the lock of the first way. */
static struct level level[4];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct ft_block *root, *block;
static struct ft_account *account[2];
static struct ft_block *apart_root[2]; /* two trees, as a control: nothing shared */
static struct ft_account *apart[2];

static void by_mutex(int me, long n)
{
	uint64_t *usage[3], *peak[3], limit = UINT64_MAX;
	static uint64_t u[4], p[4];
	const int path[3] = {me, 2, 3};

	for (int i = 0; i < 3; i++) {
		usage[i] = &u[path[i]];
		peak[i] = &p[path[i]];
	}
	while (n--) {
		pthread_mutex_lock(&mutex);
		for (int i = 0; i < 3; i++)
			if (BYTES > limit - *usage[i])
				abort();
		for (int i = 0; i < 3; i++) {
			*usage[i] += BYTES;
			if (*usage[i] > *peak[i])
				*peak[i] = *usage[i];
		}
		pthread_mutex_unlock(&mutex);
		pthread_mutex_lock(&mutex);
		for (int i = 0; i < 3; i++)
			if (*usage[i] < BYTES)
				abort();
		for (int i = 0; i < 3; i++)
			*usage[i] -= BYTES;
		pthread_mutex_unlock(&mutex);
	}
}

/* Level by level, each with the compare-and-swap that keeps its limit. */
static void by_atomics(int me, long n)
{
	struct level *path[3] = {&level[me], &level[2], &level[3]};

	while (n--) {
		for (int i = 0; i < 3; i++) {
			unsigned long long old = atomic_load(&path[i]->usage), peak;

			do {
				if (BYTES >
				    atomic_load_explicit(&path[i]->limit, memory_order_relaxed) -
					old)
					abort();
			} while (!atomic_compare_exchange_weak(&path[i]->usage, &old, old + BYTES));
			peak = atomic_load_explicit(&path[i]->peak, memory_order_relaxed);
			while (old + BYTES > peak &&
			       !atomic_compare_exchange_weak(&path[i]->peak, &peak, old + BYTES))
				;
		}
		for (int i = 0; i < 3; i++) {
			unsigned long long old = atomic_load(&path[i]->usage);

			do {
				if (old < BYTES)
					abort();
			} while (!atomic_compare_exchange_weak(&path[i]->usage, &old, old - BYTES));
		}
	}
}

static void by_library(int me, long n)
{
	struct ft_account *a = account[me];

	while (n--)
		if (ft_charge(a, 0, BYTES) || ft_return(a, 0, BYTES))
			abort();
}

static void by_two_trees(int me, long n)
{
	struct ft_account *a = apart[me];

	while (n--)
		if (ft_charge(a, 0, BYTES) || ft_return(a, 0, BYTES))
			abort();
}

/* ---- pairs a second ---- */

struct job {
	void (*way)(int me, long n);
	int me;
	long n;
	double seconds;
	pthread_barrier_t *start;
};

static void *work(void *arg)
{
	struct job *j = arg;
	double start;

	pthread_barrier_wait(j->start);
	start = now();
	j->way(j->me, j->n);
	j->seconds = now() - start;
	return NULL;
}

/* Millions of pairs a second of each thread. */
static double once(void (*way)(int, long), int threads, bool one_account, long n)
{
	pthread_barrier_t start;
	pthread_t thread[2];
	struct job job[2];
	double sum = 0;

	pthread_barrier_init(&start, NULL, (unsigned)threads);
	for (int i = 0; i < threads; i++) {
		job[i] =
		    (struct job){.way = way, .me = one_account ? 0 : i, .n = n, .start = &start};
		if (pthread_create(&thread[i], NULL, work, &job[i]))
			abort();
	}
	for (int i = 0; i < threads; i++) {
		pthread_join(thread[i], NULL);
		sum += (double)n / job[i].seconds / 1e6;
	}
	pthread_barrier_destroy(&start);
	return sum / threads;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *value, int n)
{
	qsort(value, (size_t)n, sizeof(*value), by_value);
	return value[n / 2];
}

static void open_tree(void)
{
	if (ft_root_new(3, &root) || ft_block_new(root, &block) ||
	    ft_account_new(block, &account[0]) || ft_account_new(block, &account[1]))
		abort();
	for (int i = 0; i < 2; i++)
		if (ft_root_new(3, &apart_root[i]) || ft_account_new(apart_root[i], &apart[i]))
			abort();
}

static bool close_tree(void)
{
	for (int i = 0; i < 2; i++)
		if (ft_account_close(apart[i], NULL) || ft_block_put(apart_root[i]))
			return false;
	return ft_account_close(account[0], NULL) == FT_OK &&
	       ft_account_close(account[1], NULL) == FT_OK && ft_block_put(block) == FT_OK &&
	       ft_block_put(root) == FT_OK;
}

static void bench_pairs(void)
{
	static const struct {
		const char *name;
		void (*way)(int, long);
		int slower;
	} way[] = {{"mutex", by_mutex, 8},
		   {"C11 atomics", by_atomics, 8},
		   {"libforktally", by_library, 1},
		   {"two trees", by_two_trees, 1}};

	printf("charge + return, millions of pairs a second of each thread, median of %d "
	       "(smallest, largest)\n"
	       "%-14s %22s %22s %22s\n",
	       rounds, "", "one thread", "two, own accounts", "two, one account");
	for (int i = 0; i < 4; i++) {
		printf("%-14s", way[i].name);
		for (int kind = 0; kind < (i < 3 ? 3 : 2); kind++) {
			double value[ROUNDS_MAX] = {0}, middle;

			for (int r = 0; r < rounds; r++) {
				for (int l = 0; l < 4; l++) {
					atomic_store(&level[l].usage, 0);
					atomic_store(&level[l].peak, 0);
					atomic_store(&level[l].limit, UINT64_MAX);
				}
				open_tree();
				value[r] = once(way[i].way, kind ? 2 : 1, kind == 2,
						pairs / way[i].slower);
				if (!close_tree())
					abort();
			}
			middle = median(value, rounds);
			printf("  %7.1f (%5.1f, %5.1f)", middle, value[0], value[rounds - 1]);
		}
		printf("\n");
	}
}

/* ---- accounts ---- */

static void bench_accounts(void)
{
	printf("\naccounts that live at once, three pools, each charged and returned once\n"
	       "%12s %14s %14s %14s %14s\n",
	       "accounts", "bytes of each", "ns to open", "ns to charge", "ns to close");
	for (int part = 4; part >= 1; part /= 2) {
		long n = accounts / part;
		struct ft_account **all = calloc((size_t)n, sizeof(*all));
		size_t before;
		double t[4];
		double each = 1e9 / (double)n;

		if (!all)
			abort();
		open_tree();
		before = mallinfo2().uordblks + mallinfo2().hblkhd;
		t[0] = now();
		for (long i = 0; i < n; i++)
			if (ft_account_new(block, &all[i]))
				abort();
		t[1] = now();
		for (long i = 0; i < n; i++)
			if (ft_charge(all[i], 1, BYTES))
				abort();
		t[2] = now();
		size_t bytes = mallinfo2().uordblks + mallinfo2().hblkhd - before;

		for (long i = 0; i < n; i++)
			if (ft_return(all[i], 1, BYTES) || ft_account_close(all[i], NULL))
				abort();
		t[3] = now();
		printf("%12ld %14.0f %14.0f %14.0f %14.0f\n", n, (double)bytes / (double)n,
		       (t[1] - t[0]) * each, (t[2] - t[1]) * each, (t[3] - t[2]) * each);
		free(all);
		if (!close_tree())
			abort();
	}
}

/* ---- the limit ---- */

static atomic_ullong sure; /* never above the true usage of the block */
static atomic_bool stop, passed;

static void near_limit(int me, long limit)
{
	uint64_t held = 0, step = (uint64_t)(me + 1) * 7;

	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		if (held < (uint64_t)limit && ft_charge(account[me], 0, step) == FT_OK) {
			if (atomic_fetch_add(&sure, step) + step > (uint64_t)limit)
				atomic_store(&passed, true);
			held += step;
			continue;
		}
		atomic_fetch_sub(&sure, held);
		if (ft_return(account[me], 0, held))
			abort();
		held = 0;
	}
	atomic_fetch_sub(&sure, held);
	if (ft_return(account[me], 0, held))
		abort();
}

static void *wait_and_stop(void *unused)
{
	(void)unused;
	nanosleep(&(struct timespec){(time_t)limit_seconds, 0}, NULL);
	atomic_store(&stop, true);
	return NULL;
}

static bool bench_limit(void)
{
	const long limit = 10000;
	struct ft_counts counts;
	struct ft_level l;
	pthread_t thread;

	open_tree();
	if (ft_block_limit(block, 0, (uint64_t)limit) ||
	    pthread_create(&thread, NULL, wait_and_stop, NULL))
		abort();
	once(near_limit, 2, false, limit);
	pthread_join(thread, NULL);
	ft_block_read(block, 0, &l);
	ft_block_counts(root, &counts);
	printf("\nlimit %ld, two threads at it for %.0f s: peak %llu, passed %s; %llu charges and "
	       "%llu returns "
	       "under the lock\n",
	       limit, limit_seconds, (unsigned long long)l.peak,
	       atomic_load(&passed) ? "YES" : "never", (unsigned long long)counts.charges,
	       (unsigned long long)counts.returns);
	return close_tree() && !atomic_load(&passed) && l.peak <= (uint64_t)limit && l.usage == 0;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;
		char *end = NULL;
		double number = value ? strtod(value, &end) : 0;
		bool good = value && end != value && !*end && number > 0;

		if (good && !strcmp(argv[i], "--rounds") && number >= 1 && number <= ROUNDS_MAX)
			rounds = (int)number;
		else if (good && !strcmp(argv[i], "--pairs"))
			pairs = (long)(number * 1e6);
		else if (good && !strcmp(argv[i], "--accounts") && number >= 4)
			accounts = (long)number;
		else if (good && !strcmp(argv[i], "--limit-seconds"))
			limit_seconds = number;
		else
			return fprintf(stderr,
				       "usage: quota [--rounds 1..%d] [--pairs MILLIONS] "
				       "[--accounts N] [--limit-seconds S]\n",
				       ROUNDS_MAX),
			       2;
		i++;
	}
	bench_pairs();
	bench_accounts();
	return bench_limit() ? 0 : 1;
}
