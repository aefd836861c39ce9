/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: how often the growth rule errs, on random histories from fixed seeds: leaks of one and of
 * one in ten forks, with chance, noise, steps and warming up around them, and the things
 * that look alike. The table that is printed stands in doc/decision/0020-growth-or-plateau.md.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "verdict/judge.h"

#define TRIALS	  1000
#define FORKS_MAX 5000

static uint64_t state;

static double chance(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (double)(state >> 11) / 9007199254740992.0;
}

static uint32_t below(uint32_t n)
{
	return (uint32_t)(chance() * n);
}

/*
 * A history fills alive[f]: how many things taken at fork f are there at the end; or
 * level[f]: what was held, in pages, at fork f.
 */
struct history {
	uint32_t forks;
	uint32_t alive[FORKS_MAX + 1];
	double level[FORKS_MAX + 1];
};

static void each_fork(struct history *h)
{
	for (uint32_t f = 0; f < h->forks; f++)
		h->alive[f] = 1;
}

static void every_tenth(struct history *h)
{
	uint32_t phase = below(10);

	for (uint32_t f = phase; f < h->forks; f += 10)
		h->alive[f] = 1;
}

static void one_in_two(struct history *h)
{
	for (uint32_t f = 0; f < h->forks; f++)
		h->alive[f] = chance() < 0.5;
}

static void one_in_ten(struct history *h)
{
	for (uint32_t f = 0; f < h->forks; f++)
		h->alive[f] = chance() < 0.1;
}

static void some_times_many(struct history *h)
{
	for (uint32_t f = 0; f < h->forks; f++)
		h->alive[f] = chance() < 0.1 ? 1 + below(5) : 0;
}

static void leak_after_warm_up(struct history *h)
{
	one_in_ten(h);
	for (uint32_t f = 0; f < h->forks / 12; f++)
		h->alive[f] += 1;
}

static void leak_and_ring(struct history *h)
{
	one_in_ten(h);
	for (uint32_t f = h->forks - h->forks / 12; f < h->forks; f++)
		h->alive[f] += 1;
}

static void ever_more(struct history *h)
{
	for (uint32_t f = 0; f < h->forks; f++)
		h->alive[f] = chance() < 0.2 * (0.5 + (double)f / h->forks);
}

static void pool_of_a_tenth(struct history *h)
{
	for (uint32_t f = 0; f < h->forks / 10; f++)
		h->alive[f] = 1;
}

static void pool_of_a_half(struct history *h)
{
	for (uint32_t f = 0; f < h->forks / 2; f++)
		h->alive[f] = 1;
}

/* Each fork needs one of K things, which are kept once they are there. */
static void keys_of_a_tenth(struct history *h)
{
	static bool there[FORKS_MAX];
	uint32_t keys = h->forks / 10, key;

	memset(there, 0, sizeof(there));
	for (uint32_t f = 0; f < h->forks; f++) {
		key = below(keys);
		h->alive[f] = !there[key];
		there[key] = true;
	}
}

static void keep_last(struct history *h, uint32_t n)
{
	for (uint32_t f = h->forks - n; f < h->forks; f++)
		h->alive[f] = 1;
}

static void ring_of_a_tenth(struct history *h)
{
	keep_last(h, h->forks / 10);
}

static void ring_of_a_half(struct history *h)
{
	keep_last(h, h->forks / 2);
}

/* A cache of K things where each new one drives out any old one. */
static void random_cache(struct history *h, uint32_t size)
{
	static uint32_t slot[FORKS_MAX];

	for (uint32_t f = 0; f < h->forks; f++)
		slot[f < size ? f : below(size)] = f;
	for (uint32_t i = 0; i < size; i++)
		h->alive[slot[i]]++;
}

static void cache_of_a_tenth(struct history *h)
{
	random_cache(h, h->forks / 10);
}

static void cache_of_a_fifth(struct history *h)
{
	random_cache(h, h->forks / 5);
}

static void sawtooth(struct history *h)
{
	uint32_t period = h->forks / 4 + below(h->forks / 8 + 1);

	keep_last(h, below(period));
}

static void up_to_five_once(struct history *h)
{
	for (uint32_t n = below(6); n; n--)
		h->alive[below(h->forks)]++;
}

static void table_that_doubles(struct history *h)
{
	for (uint32_t f = 1 + below(4); f < h->forks; f *= 2)
		h->alive[f]++;
}

static void grow_by(struct history *h, double (*pages)(uint32_t f), double noise)
{
	double level = 50;

	for (uint32_t f = 0; f < h->forks; f++) {
		level += pages ? pages(f) : 0;
		h->level[f] = level + floor(chance() * noise);
	}
}

static double page_each(uint32_t f)
{
	return 1;
}

static double three_pages_in_ten(uint32_t f)
{
	return chance() < 0.1 ? 3 : 0;
}

static double page_in_ten(uint32_t f)
{
	return f % 10 == 3;
}

static double chunks_of_33(uint32_t f)
{
	return f % 40 == 7 ? 33 : 0;
}

static void heap_page_each(struct history *h)
{
	grow_by(h, page_each, 0);
}

static void heap_one_in_ten(struct history *h)
{
	grow_by(h, three_pages_in_ten, 0);
}

static void heap_noisy(struct history *h)
{
	grow_by(h, h->forks > 500 ? page_in_ten : page_each, 12);
}

static void heap_chunks(struct history *h)
{
	grow_by(h, h->forks >= 500 ? chunks_of_33 : page_each, 0);
}

static void heap_leak_and_step(struct history *h)
{
	uint32_t step = h->forks / 4 + below(h->forks / 2);

	grow_by(h, three_pages_in_ten, 0);
	for (uint32_t f = step; f < h->forks; f++)
		h->level[f] += 5000;
}

/*
 * What stays are blocks that an allocator packs: pages are touched as the sum of them grows.
 * GNU make keeps 1,944 bytes for each target in 18 blocks, and tables that double.
 */
static void keep_packed(struct history *h, double (*bytes)(void), bool tables)
{
	double sum = below(4096);

	for (uint32_t f = 0; f < h->forks; f++) {
		sum += bytes();
		h->level[f] = 50 + floor(sum / 4096);
		if (tables)
			h->level[f] += exp2(floor(log2(f + 1))) * 16 / 4096 +
				       exp2(floor(log2(f * 1.7 + 7))) * 32 / 4096;
	}
}

static double record_of_make(void)
{
	double bytes = 1600 + 700 * chance();

	return chance() < 0.05 ? bytes + 8176 : bytes; /* a block of strings, filled later */
}

static double hundred_bytes(void)
{
	return 100;
}

static double five_thousand(void)
{
	return 5016;
}

static double two_pages_in_ten(void)
{
	return chance() < 0.1 ? 8208 : 0;
}

static void heap_record_of_work(struct history *h)
{
	keep_packed(h, record_of_make, true);
}

static void heap_hundred_bytes(struct history *h)
{
	keep_packed(h, hundred_bytes, false);
}

static void heap_five_thousand(struct history *h)
{
	keep_packed(h, five_thousand, false);
}

static void heap_two_pages_in_ten(struct history *h)
{
	keep_packed(h, two_pages_in_ten, false);
}

static void heap_noise(struct history *h)
{
	grow_by(h, NULL, 100);
}

static void heap_warm_up(struct history *h)
{
	double k = 0.02 + 0.1 * chance();

	for (uint32_t f = 0; f < h->forks; f++)
		h->level[f] = 50 + floor(300 * (1 - exp(-(double)f / (k * h->forks)))) + below(3);
}

static void heap_steps(struct history *h)
{
	uint32_t steps = below(5);

	grow_by(h, NULL, 3);
	for (uint32_t i = 0; i < steps; i++) {
		uint32_t at = below(h->forks);

		for (uint32_t f = at; f < h->forks; f++)
			h->level[f] += 200;
	}
}

static void heap_sawtooth(struct history *h)
{
	uint32_t period = 5 + below(h->forks / 4);

	for (uint32_t f = 0; f < h->forks; f++)
		h->level[f] = 50 + 3 * (f % period);
}

static void heap_doubling(struct history *h)
{
	for (uint32_t f = 0; f < h->forks; f++)
		h->level[f] = 50 + exp2(ceil(log2(f + 1)));
}

struct scenario {
	const char *name;
	void (*make)(struct history *h);
	bool leak, heap;
	uint32_t forks_min; /* what it needs to be what its name says */
	uint32_t allow;	    /* errors in 1000 with 200 forks; a fifth with more. 0: 20 */
};

static const struct scenario scenarios[] = {
    {"one each fork", each_fork, true, false, 8, 0},
    {"one in two, by chance", one_in_two, true, false, 50, 0},
    {"one in ten, regular", every_tenth, true, false, 200, 0},
    {"one in ten, by chance", one_in_ten, true, false, 200, 40},
    {"one in ten, 1 to 5 at once", some_times_many, true, false, 200, 60},
    {"one in ten after a warm-up", leak_after_warm_up, true, false, 200, 400},
    {"one in ten and a ring", leak_and_ring, true, false, 200, 400},
    {"one in five, rate rises threefold", ever_more, true, false, 200, 60},
    {"heap: a page each fork", heap_page_each, true, true, 23, 0},
    {"heap: 3 pages in one of ten", heap_one_in_ten, true, true, 200, 40},
    {"heap: 8,208 bytes in one of ten", heap_two_pages_in_ten, true, true, 200, 40},
    {"heap: 5,016 bytes each fork", heap_five_thousand, true, true, 23, 0},
    {"heap: growth under noise", heap_noisy, true, true, 50, 0},
    {"heap: growth in chunks", heap_chunks, true, true, 50, 0},
    {"heap: growth and a step of 20 MB", heap_leak_and_step, true, true, 200, 70},
    {"pool filled in the first tenth", pool_of_a_tenth, false, false, 8, 0},
    {"pool filled in the first half", pool_of_a_half, false, false, 8, 0},
    {"keys seen once, N/10 of them", keys_of_a_tenth, false, false, 50, 0},
    {"ring of the last N/10", ring_of_a_tenth, false, false, 8, 0},
    {"ring of the last N/2", ring_of_a_half, false, false, 8, 0},
    {"random cache of N/10", cache_of_a_tenth, false, false, 50, 0},
    {"random cache of N/5", cache_of_a_fifth, false, false, 200, 0},
    {"sawtooth", sawtooth, false, false, 23, 0},
    {"up to five once", up_to_five_once, false, false, 50, 0},
    {"a table that doubles", table_that_doubles, false, false, 8, 0},
    {"heap: a record of work, as make's", heap_record_of_work, false, true, 23, 40},
    {"heap: 100 bytes each fork", heap_hundred_bytes, false, true, 23, 0},
    {"heap: noise", heap_noise, false, true, 23, 0},
    {"heap: warm-up", heap_warm_up, false, true, 50, 0},
    {"heap: up to four steps", heap_steps, false, true, 23, 0},
    {"heap: sawtooth", heap_sawtooth, false, true, 50, 0},
    {"heap: a table that doubles", heap_doubling, false, true, 8, 0},
};
#define SCENARIOS (sizeof(scenarios) / sizeof(*scenarios))

static const uint32_t sizes[] = {8, 23, 50, 200, 1000, 5000};
#define SIZES (sizeof(sizes) / sizeof(*sizes))

static bool grows(const struct scenario *s, struct history *h)
{
	struct births b = {0};
	struct levels l = {0};
	struct profile p;
	struct growth g;

	memset(h->alive, 0, sizeof(h->alive));
	s->make(h);
	for (uint32_t f = 0; f < h->forks; f++) {
		if (s->heap)
			assert_int_equal(levels_add(&l, f, (int64_t)(h->level[f] * 4096), -1, 4096),
					 0);
		else if (h->alive[f])
			assert_int_equal(births_add(&b, f, h->alive[f]), 0);
	}
	if (s->heap)
		profile_bytes(&p, &l, h->forks, false, 4096);
	else
		profile_births(&p, &b, h->forks);
	births_release(&b);
	levels_release(&l);
	g = growth_judge(&p, s->heap ? HEAP_PAGES_MIN : 0);
	return s->heap ? heap_is_leak(&p, &g) : g.grows;
}

static void errors_are_rare(void **ctx)
{
	static struct history h;
	bool held = true;

	printf("%-36s", "errors in 1000, of");
	for (size_t n = 0; n < SIZES; n++)
		printf("%6u", sizes[n]);
	printf("  forks\n");
	for (size_t i = 0; i < SCENARIOS; i++) {
		const struct scenario *s = &scenarios[i];

		printf("%-6s%-30s", s->leak ? "leak" : "clean", s->name);
		for (size_t n = 0; n < SIZES; n++) {
			uint32_t wrong = 0;

			if (sizes[n] < s->forks_min) {
				printf("%6s", "");
				continue;
			}
			state = 88172645463325252u + i * 1000003 + n;
			h.forks = sizes[n];
			for (int t = 0; t < TRIALS; t++)
				wrong += grows(s, &h) != s->leak;
			printf("%6u", wrong);
			if (wrong > (s->allow ? s->allow : 20) / (sizes[n] > 200 ? 5 : 1))
				held = false;
		}
		printf("\n");
	}
	fflush(stdout);
	assert_true(held);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(errors_are_rare)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
