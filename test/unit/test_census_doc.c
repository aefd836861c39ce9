/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: that forktally-ps(1) has every field of the table with its definition, source and
 * caveat, and doc/census.md every kind: GOLDEN_UPDATE=1 writes both. Does not cover: the words
 * around them.
 */
#include "golden.h"
#include "view/census_field.h"

#define MAN	  "doc/man/forktally-ps.1"
#define DOC	  "doc/census.md"
#define MAN_BEGIN ".\\\" fields: written by test_census_doc\n"
#define MAN_END	  ".\\\" fields: end\n"
#define DOC_BEGIN "<!-- kinds: written by test_census_doc -->\n"
#define DOC_END	  "<!-- kinds: end -->\n"

static char *fields_as_man(void)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	for (unsigned id = 0; id < CENSUS_OWN_FIELDS; id++) {
		const struct census_field *field = census_field_get(id);

		fprintf(f, ".It Cm %s\n%s\n", field->name, field->help);
		if (*field->unit)
			fprintf(f, "Unit: %s.\n", field->unit);
		fprintf(f, ".br\nFrom: %s.\n", field->source);
		if (*field->caveat)
			fprintf(f, ".br\nBeware: %s\n", field->caveat);
	}
	assert_int_equal(fclose(f), 0);
	return text;
}

static char *kinds_as_doc(void)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	fprintf(f, "\n| kind | what | pool | what is counted | from |\n|---|---|---|---|---|\n");
	for (unsigned k = 0; k < CENSUS_KINDS; k++) {
		const struct census_kind_row *row = kind_get(k);

		fprintf(f, "| `%s` | %s | %s | %s | %s |\n",
			census_field_get(CF_KIND_BYTES + k)->name, row->title,
			row->pool == POOL_SHARED ? "shared" : "kernel", row->help, row->source);
	}
	fprintf(f, "\n");
	assert_int_equal(fclose(f), 0);
	return text;
}

static void check_part(const char *path, const char *part_begin, const char *part_end, char *part)
{
	char *doc = golden_read(path), *begin, *end, *whole;

	assert_non_null(doc);
	begin = strstr(doc, part_begin);
	end = strstr(doc, part_end);
	assert_non_null(begin);
	assert_non_null(end);
	begin += strlen(part_begin);
	assert_true(asprintf(&whole, "%.*s%s%s", (int)(begin - doc), doc, part, end) > 0);
	golden_check(path, whole);
	free(whole);
	free(part);
	free(doc);
}

static void the_manual_has_every_field(void **state)
{
	check_part(MAN, MAN_BEGIN, MAN_END, fields_as_man());
}

static void the_document_has_every_kind(void **state)
{
	check_part(DOC, DOC_BEGIN, DOC_END, kinds_as_doc());
}

static void every_field_says_what_it_is_and_where_it_comes_from(void **state)
{
	for (unsigned id = 0; id < CENSUS_FIELDS; id++) {
		const struct census_field *f = census_field_get(id);
		size_t length = strlen(f->help);

		if (!length || f->help[length - 1] != '.' || !*f->source || !*f->head || !f->get)
			fail_msg("%s is not described", f->name);
		if (*f->caveat && f->caveat[strlen(f->caveat) - 1] != '.')
			fail_msg("%s: \"%s\"", f->name, f->caveat);
		if ((f->type == CENSUS_BYTES) != !strcmp(f->unit, "bytes"))
			fail_msg("%s has another unit than its type", f->name);
		if (strpbrk(f->name, ",+- \"") || *f->help == '.' || *f->help == '\'' ||
		    strchr(f->help, '\\'))
			fail_msg("%s would be read wrongly", f->name);
		if (census_field_get(f->sums)->type != f->type)
			fail_msg("%s is summed by another type", f->name);
		if (census_field_find(f->name, strlen(f->name)) != id)
			fail_msg("%s stands twice in the table", f->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_manual_has_every_field),
	    cmocka_unit_test(the_document_has_every_kind),
	    cmocka_unit_test(every_field_says_what_it_is_and_where_it_comes_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
