/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Covers: numbers and time spans as people type them, their limits, and UTF-8. Not: locale. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>
#include "base/number.h"
#include "base/utf8.h"

#define UNTOUCHED 77

static void check(const char *text, int expected_err, uint64_t expected)
{
	uint64_t number = UNTOUCHED;

	assert_int_equal(number_parse(text, 3, UINT64_MAX, &number), expected_err);
	assert_int_equal(number, expected_err ? UNTOUCHED : expected);
}

static void test_numbers(void **state)
{
	check("3", 0, 3);
	check("0003", 0, 3);
	check("18446744073709551615", 0, UINT64_MAX);
	check("4K", 0, 4096);
	check("5M", 0, 5 << 20);
	check("7G", 0, 7ULL << 30);
	check("2", -ERANGE, 0);
	check("18446744073709551616", -ERANGE, 0);
	check("99999999999999999999999999", -ERANGE, 0);
	check("17179869184G", -ERANGE, 0);
}

static void test_no_numbers(void **state)
{
	static const char *const texts[] = {"",	   " 5",       "5 ",  "-5",  "+5",
					    "5k",  "5KB",      "0x5", "5.0", "K",
					    "5 K", "\xd9\xa5", "5e3", "nan", "5\n"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check(texts[i], -EINVAL, 0);
}

static void test_range(void **state)
{
	uint64_t number = UNTOUCHED;

	assert_int_equal(number_parse("255", 0, 255, &number), 0);
	assert_int_equal(number, 255);
	assert_int_equal(number_parse("256", 0, 255, &number), -ERANGE);
	assert_int_equal(number, 255);
}

static void check_duration(const char *text, int expected_err, uint64_t expected)
{
	uint64_t ns = UNTOUCHED;

	assert_int_equal(number_parse_duration(text, &ns), expected_err);
	assert_int_equal(ns, expected_err ? UNTOUCHED : expected);
}

static void test_durations(void **state)
{
	check_duration("0", 0, 0);
	check_duration("5", 0, 5000000000);
	check_duration("5s", 0, 5000000000);
	check_duration("250ms", 0, 250000000);
	check_duration("7us", 0, 7000);
	check_duration("7ns", 0, 7);
	check_duration("1.5s", 0, 1500000000);
	check_duration(".5", 0, 500000000);
	check_duration("0.25h", 0, 900000000000);
	check_duration("1.5m", 0, 90000000000);
	check_duration("2d", 0, 172800000000000);
	check_duration("0.0000000019s", 0, 1);
	check_duration("1.9ns", 0, 1);
	check_duration("106751d", 0, 106751ULL * 86400000000000);
	check_duration("106752d", -ERANGE, 0);
	check_duration("9223372036854775807ns", 0, INT64_MAX);
	check_duration("9223372036854775808ns", -ERANGE, 0);
	check_duration("99999999999999999999999s", -ERANGE, 0);
}

static void test_no_durations(void **state)
{
	static const char *const texts[] = {"",	  "s",	 ".",  "5.",  ".s",   "-1",  "+1",
					    "5x", "5 s", "5S", "5ss", "1:30", "1e3", "5.5.5"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check_duration(texts[i], -EINVAL, 0);
}

static void test_utf8(void **state)
{
	static const struct {
		const char *text;
		size_t size, expected;
	} cases[] = {
	    {"a", 1, 1},
	    {"", 0, 0},
	    {"\xc3\xa9", 2, 2},		/* e acute */
	    {"\xc3\xa9", 1, 0},		/* cut */
	    {"\xe2\x82\xac", 3, 3},	/* euro */
	    {"\xf0\x9f\x98\x80", 4, 4}, /* beyond 16 bits */
	    {"\xc0\x80", 2, 0},		/* overlong */
	    {"\xe0\x80\x80", 3, 0},	/* overlong */
	    {"\xed\xa0\x80", 3, 0},	/* a surrogate */
	    {"\xf4\x90\x80\x80", 4, 0}, /* above the last character */
	    {"\xf8\x88\x80\x80\x80", 5, 0},
	    {"\x80", 1, 0},
	    {"\xff", 1, 0},
	    {"\xc3(", 2, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(utf8_length(cases[i].text, cases[i].size), cases[i].expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_numbers),	 cmocka_unit_test(test_no_numbers),
	    cmocka_unit_test(test_range),	 cmocka_unit_test(test_durations),
	    cmocka_unit_test(test_no_durations), cmocka_unit_test(test_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
