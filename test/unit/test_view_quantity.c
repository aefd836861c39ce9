/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Covers: numbers as a person reads them, at the edges where they round or change their unit. */
#include "golden.h"
#include <float.h>
#include <math.h>
#include "view/quantity.h"

static void bytes_change_their_unit_before_they_get_long(void **state)
{
	static const struct {
		int64_t bytes;
		const char *text;
	} cases[] = {
	    {0, "0 B"},
	    {1, "1 B"},
	    {1023, "1,023 B"},
	    {1024, "1.0 KiB"},
	    {1075, "1.0 KiB"},
	    {1076, "1.1 KiB"},
	    {1536, "1.5 KiB"},
	    {1048524, "1023.9 KiB"},
	    {1048525, "1.0 MiB"}, /* and not 1024.0 KiB */
	    {1048576, "1.0 MiB"},
	    {5368709120, "5.0 GiB"},
	    {INT64_MAX, "8.0 EiB"},
	    {INT64_MIN, "-8.0 EiB"},
	    {-1, "-1 B"},
	    {-1536, "-1.5 KiB"},
	};
	char buf[QUANTITY_BYTES];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(quantity_bytes(buf, cases[i].bytes), cases[i].text);
}

static void counts_have_their_thousands_apart(void **state)
{
	char buf[QUANTITY_BYTES];

	assert_string_equal(quantity_count(buf, 0), "0");
	assert_string_equal(quantity_count(buf, 999), "999");
	assert_string_equal(quantity_count(buf, 1000), "1,000");
	assert_string_equal(quantity_count(buf, 100000), "100,000");
	assert_string_equal(quantity_count(buf, UINT64_MAX), "18,446,744,073,709,551,615");
}

static void doubt_is_marked(void **state)
{
	char buf[QUANTITY_BYTES];

	assert_string_equal(quantity_amount(buf, (struct amount){7, KNOWN_EXACT}), "7 B");
	assert_string_equal(quantity_amount(buf, (struct amount){7, KNOWN_AT_LEAST}), ">=7 B");
	assert_string_equal(quantity_amount(buf, (struct amount){7, KNOWN_ESTIMATE}), "~7 B");
	assert_string_equal(quantity_amount(buf, (struct amount){7, KNOWN_NOT}), "?");
	assert_string_equal(quantity_exact(buf, (struct amount){-1234567, KNOWN_ESTIMATE}),
			    "~-1,234,567 B");
	assert_string_equal(quantity_exact(buf, (struct amount){INT64_MIN, KNOWN_AT_LEAST}),
			    ">=-9,223,372,036,854,775,808 B");
	assert_string_equal(quantity_exact(buf, (struct amount){0, KNOWN_NOT}), "?");
}

static void rates_keep_the_digits_that_tell_something(void **state)
{
	static const struct {
		double rate;
		const char *text;
	} cases[] = {
	    {0, "0"},	    {1, "1"},		{0.9999, "1"},	 {1.98, "1.98"},
	    {0.1, "0.1"},   {0.004, "0.004"},	{1e-7, "0"},	 {12.34, "12.3"},
	    {123.4, "123"}, {1234.6, "1,235"},	{-1, "?"},	 {1. / 3, "0.33"},
	    {DBL_MAX, "?"}, {(double)NAN, "?"}, {INFINITY, "?"}, {0.0123, "0.012"},
	};
	char buf[QUANTITY_BYTES];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(quantity_rate(buf, cases[i].rate), cases[i].text);
}

static void parts_of_a_whole(void **state)
{
	char buf[QUANTITY_BYTES];

	assert_string_equal(quantity_percent(buf, 0, 0), "0 %");
	assert_string_equal(quantity_percent(buf, 5, 0), "?");
	assert_string_equal(quantity_percent(buf, 1, 100000), "<0.1 %");
	assert_string_equal(quantity_percent(buf, 44, 10000), "0.4 %");
	assert_string_equal(quantity_percent(buf, -44, 10000), "0.4 %");
	assert_string_equal(quantity_percent(buf, 123, 1000), "12 %");
	assert_string_equal(quantity_percent(buf, 50, 5), "1,000 %");
	assert_string_equal(quantity_percent(buf, INT64_MIN, 1), ">1,000 %");
}

static void one_in_n_is_said_only_where_it_is_true(void **state)
{
	assert_int_equal(quantity_one_in(0.1), 10);
	assert_int_equal(quantity_one_in(0.0995), 10);
	assert_int_equal(quantity_one_in(0.5), 2);
	assert_int_equal(quantity_one_in(0.43), 0); /* neither 1 in 2 nor 1 in 3 */
	assert_int_equal(quantity_one_in(1), 0);
	assert_int_equal(quantity_one_in(0), 0);
	assert_int_equal(quantity_one_in(-0.1), 0);
	assert_int_equal(quantity_one_in((double)NAN), 0);
}

static void times_have_two_units_at_most(void **state)
{
	static const struct {
		double seconds;
		const char *text;
	} cases[] = {
	    {0, "0.0 s"},      {5.84, "5.8 s"},
	    {59.94, "59.9 s"}, {59.96, "1 min"},
	    {60, "1 min"},     {723, "12 min 3 s"},
	    {3599.6, "1 h"},   {7261, "2 h 1 min"},
	    {86400, "1 d"},    {86400 + 3 * 3600 + 59, "1 d 3 h"},
	    {-1, "?"},	       {NAN, "?"},
	};
	char buf[QUANTITY_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(quantity_seconds(buf, cases[i].seconds), cases[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bytes_change_their_unit_before_they_get_long),
	    cmocka_unit_test(counts_have_their_thousands_apart),
	    cmocka_unit_test(doubt_is_marked),
	    cmocka_unit_test(rates_keep_the_digits_that_tell_something),
	    cmocka_unit_test(parts_of_a_whole),
	    cmocka_unit_test(times_have_two_units_at_most),
	    cmocka_unit_test(one_in_n_is_said_only_where_it_is_true),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
