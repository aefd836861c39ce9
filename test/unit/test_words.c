/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Covers: a command as one line, as a shell would take it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "base/words.h"

static void check(char *const words[], const char *expected)
{
	char *line = words_join(words);

	assert_non_null(line);
	assert_string_equal(line, expected);
	free(line);
}

static void test_join(void **state)
{
	check((char *[]){"make", "-j2", "CC=gcc", NULL}, "make -j2 CC=gcc");
	check((char *[]){"sh", "-c", "a b; $c", NULL}, "sh -c 'a b; $c'");
	check((char *[]){"echo", "", "it's", "\"", "*", "~", NULL},
	      "echo '' 'it'\\''s' '\"' '*' '~'");
	check((char *[]){"\xff\n", NULL}, "'\xff\n'");
	check((char *[]){NULL}, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_join)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
