/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: how wide a text is on a terminal, where it is cut, and that a page cut to its columns is
 * never wider. Does not cover: terminals that disagree with wcwidth(3).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "out/columns.h"
#include "out/page.h"

#define WIDE "\xe6\x97\xa5" /* a character of two columns */

static void characters_have_their_width(void **state)
{
	assert_int_equal(columns_of(""), 0);
	assert_int_equal(columns_of("abc"), 3);
	assert_int_equal(columns_of("\xc3\xa9"), 1);  /* e acute */
	assert_int_equal(columns_of("e\xcc\x81"), 1); /* e and a combining acute */
	assert_int_equal(columns_of(WIDE WIDE), 4);
	assert_int_equal(columns_of("\xf0\x9f\x98\x80"), 2); /* emoji */
	assert_int_equal(columns_of("\xff"
				    "a"),
			 2); /* not UTF-8 */
}

static void a_cut_leaves_characters_whole(void **state)
{
	assert_int_equal(columns_bytes_before(WIDE "a" WIDE, 0), 0);
	assert_int_equal(columns_bytes_before(WIDE "a" WIDE, 1), 0);
	assert_int_equal(columns_bytes_before(WIDE "a" WIDE, 2), 3);
	assert_int_equal(columns_bytes_before(WIDE "a" WIDE, 4), 4);
	assert_int_equal(columns_bytes_before(WIDE "a" WIDE, 5), 7);
	assert_int_equal(columns_bytes_before("e\xcc\x81"
					      "b",
					      1),
			 3); /* what combines stays */
}

static void a_page_is_never_wider(void **state)
{
	for (size_t max = 3; max < 12; max++) {
		char *text = NULL;
		size_t size, said;
		FILE *f = open_memstream(&text, &size);
		struct page p = {.f = f, .width = 80, .utf8 = true};

		said = page_text_cut(&p, "a" WIDE WIDE "\033[31m" WIDE, max);
		assert_int_equal(fclose(f), 0);
		assert_int_equal(said, columns_of(text));
		assert_true(said <= max);
		assert_null(strchr(text, 033));
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(characters_have_their_width),
	    cmocka_unit_test(a_cut_leaves_characters_whole),
	    cmocka_unit_test(a_page_is_never_wider),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
