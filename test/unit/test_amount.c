/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is known of a sum, for every pair of what is known of its parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "event/amount.h"

#define E KNOWN_EXACT
#define L KNOWN_AT_LEAST
#define S KNOWN_ESTIMATE
#define N KNOWN_NOT

static void check(struct amount got, int64_t bytes, enum known known)
{
	assert_int_equal(got.bytes, bytes);
	assert_int_equal(got.known, known);
}

static void sums_are_as_well_known_as_their_worst_part(void **state)
{
	static const enum known sum[4][4] = {
	    [E] = {[E] = E, [L] = L, [S] = S, [N] = L},
	    [L] = {[E] = L, [L] = L, [S] = L, [N] = L},
	    [S] = {[E] = S, [L] = L, [S] = S, [N] = L},
	    [N] = {[E] = L, [L] = L, [S] = L, [N] = N},
	};

	for (int a = 0; a < 4; a++) {
		for (int b = 0; b < 4; b++) {
			struct amount x = {.bytes = a == N ? 0 : 7, .known = a};
			struct amount y = {.bytes = b == N ? 0 : 11, .known = b};

			check(amount_add(x, y), x.bytes + y.bytes, sum[a][b]);
		}
	}
}

static void a_difference_from_a_bound_is_not_known(void **state)
{
	struct amount x = amount_exact(7), least = {5, L}, guess = {5, S};

	check(amount_sub(x, amount_exact(11)), -4, E);
	check(amount_sub(least, amount_exact(2)), 3, L);
	check(amount_sub(x, guess), 2, S);
	check(amount_sub(x, least), 0, N);
	check(amount_sub(x, (struct amount){0, N}), 0, N);
	check(amount_sub((struct amount){0, N}, x), 0, N);
	check(amount_sub(x, amount_exact(INT64_MIN)), 0, N);
}

static void a_sum_that_does_not_fit_says_so(void **state)
{
	check(amount_add(amount_exact(INT64_MAX), amount_exact(1)), INT64_MAX, L);
	check(amount_add(amount_exact(INT64_MIN), amount_exact(-1)), 0, N);
	check(amount_add(amount_exact(INT64_MAX), amount_exact(INT64_MIN)), -1, E);
}

static void an_events_unknown_is_no_number(void **state)
{
	check(amount_from_event(EVENT_UNKNOWN_BYTES), 0, N);
	check(amount_from_event(0), 0, E);
	check(amount_from_event(4099), 4099, E);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sums_are_as_well_known_as_their_worst_part),
	    cmocka_unit_test(a_difference_from_a_bound_is_not_known),
	    cmocka_unit_test(a_sum_that_does_not_fit_says_so),
	    cmocka_unit_test(an_events_unknown_is_no_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
