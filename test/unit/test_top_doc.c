/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: that forktally-top(1) has every key and every column of top's own tables:
 * GOLDEN_UPDATE=1 writes them. Does not cover: the words around them.
 */
#include "golden.h"
#include "out/top.h"

#define MAN "doc/man/forktally-top.1"

static void check_part(const char *name, char *part)
{
	char *man = golden_read(MAN), *begin, *end, *whole, *first, *last;

	assert_non_null(man);
	assert_true(asprintf(&first, ".\\\" %s: written by test_top_doc\n", name) > 0);
	assert_true(asprintf(&last, ".\\\" %s: end\n", name) > 0);
	begin = strstr(man, first);
	end = strstr(man, last);
	assert_non_null(begin);
	assert_non_null(end);
	begin += strlen(first);
	assert_true(asprintf(&whole, "%.*s%s%s", (int)(begin - man), man, part, end) > 0);
	golden_check(MAN, whole);
	free(whole);
	free(first);
	free(last);
	free(part);
	free(man);
}

static void the_manual_has_every_key(void **state)
{
	const char *key, *does;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	for (unsigned i = 0; top_help_key(i, &key, &does); i++)
		fprintf(f, ".It Ic %s\n%s.\n", *key == '?' ? "\\&? F1 h" : key, does);
	assert_int_equal(fclose(f), 0);
	check_part("keys", text);
}

static void the_manual_has_every_column(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	for (unsigned id = TOP_GROWTH; id < TOP_COLUMNS; id++) {
		struct top_column column = top_column_get(id);

		fprintf(f, ".It Cm %s\n%s\n.br\nBeware: %s\n", column.name, column.help,
			column.caveat);
	}
	assert_int_equal(fclose(f), 0);
	check_part("fields", text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_manual_has_every_key),
	    cmocka_unit_test(the_manual_has_every_column),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
