/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: that the field table, doc/report.md, doc/report.schema.json and what the JSON report
 * holds are one and the same; that the manual's examples are true and that it names all causes.
 * GOLDEN_UPDATE=1 writes the table's part of doc/report.md. Does not cover: the words around the
 * tables.
 */
#include "golden.h"
#include <jansson.h>
#include "ledger/ledger.h"
#include "out/json.h"
#include "out_sample.h"
#include "schema.h"
#include "verdict/rule.h"
#include "view/cause.h"
#include "view/field.h"

#define DOC	   "doc/report.md"
#define PART_BEGIN "<!-- fields: written by test_out_doc -->\n"
#define PART_END   "<!-- fields: end -->\n"

static bool is_container(const struct field *f)
{
	return !strncmp(f->type, "object", 6) || !strcmp(f->type, "array");
}

static void heading(FILE *out, const char *name)
{
	fprintf(out,
		"\n### %s\n\n| field | type | meaning | beware | from |\n|---|---|---|---|---|\n",
		name);
}

/* The table as Markdown, a part for each object of the top. */
static char *fields_as_doc(void)
{
	char *text = NULL, name[64];
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	heading(out, "The run");
	for (int i = 0; i < FIELDS; i++) {
		const struct field *f = field_get(i);
		bool top = !strchr(f->path, '.');

		if (top && is_container(f)) {
			snprintf(name, sizeof(name), "`%s`", f->path);
			heading(out, name);
		} else if (i == FIELD_NOT_SEEN) {
			heading(out, "What was not seen");
		}
		fprintf(out, "| `%s` | %s%s%s | %s | %s | %s |\n", f->path, f->type,
			*f->unit ? ", " : "", f->unit, f->help, f->caveat, f->source);
	}
	fprintf(out, "\n");
	assert_int_equal(fclose(out), 0);
	return text;
}

static void the_document_holds_the_field_table(void **state)
{
	char *doc = golden_read(DOC), *fields = fields_as_doc(), *begin, *end, *whole;

	assert_non_null(doc);
	begin = strstr(doc, PART_BEGIN);
	end = strstr(doc, PART_END);
	assert_non_null(begin);
	assert_non_null(end);
	begin += strlen(PART_BEGIN);
	assert_true(asprintf(&whole, "%.*s%s%s", (int)(begin - doc), doc, fields, end) > 0);
	golden_check(DOC, whole);
	free(whole);
	free(fields);
	free(doc);
}

/* The description of one field in the schema; NULL: it has none. */
static json_t *described(json_t *schema, const char *path)
{
	json_t *at = schema;
	char step[64];

	while (at && *path) {
		size_t len = strcspn(path, ".");
		bool array = len > 2 && path[len - 1] == ']';

		snprintf(step, sizeof(step), "%.*s", (int)(array ? len - 2 : len), path);
		if (!strcmp(step, "POOL") || !strcmp(step, "private"))
			at = schema_point(schema, "$defs/pool");
		else
			at = json_object_get(json_object_get(at, "properties"), step);
		if (array)
			at = json_object_get(at, "items");
		path += len + (path[len] == '.');
	}
	return at;
}

/* "integer or null" of the table against "type" of the schema. */
static bool same_type(const char *type, json_t *described_type, json_t *items)
{
	char made[64] = "", *array_of;
	json_t *one;
	size_t i;

	if (json_is_string(described_type))
		snprintf(made, sizeof(made), "%s", json_string_value(described_type));
	json_array_foreach(described_type, i, one)
	    snprintf(made + strlen(made), sizeof(made) - strlen(made), "%s%s", i ? " or " : "",
		     json_string_value(one));
	array_of = strstr(type, " of ");
	if (!array_of)
		return !strcmp(made, type);
	return !strcmp(made, "array") &&
	       !strcmp(array_of + 4, json_string_value(json_object_get(items, "type")));
}

static size_t properties_below(json_t *node)
{
	json_t *sub;
	const char *key;
	size_t n = 0;

	json_object_foreach(json_object_get(node, "properties"), key,
			    sub) if (!json_object_get(sub, "$ref")) n +=
	    1 + properties_below(sub) + properties_below(json_object_get(sub, "items"));
	return n;
}

static void the_schema_holds_the_field_table_and_no_more(void **state)
{
	json_t *schema = schema_load("doc/report.schema.json");

	for (int i = 0; i < FIELDS; i++) {
		const struct field *f = field_get(i);
		json_t *at = described(schema, f->path);

		if (!at)
			fail_msg("%s is not in the schema", f->path);
		if (!same_type(f->type, json_object_get(at, "type"), json_object_get(at, "items")))
			fail_msg("%s has another type in the schema", f->path);
	}
	assert_int_equal(properties_below(schema) +
			     properties_below(schema_point(schema, "$defs/pool")),
			 FIELDS);
	json_decref(schema);
}

static bool key_is_known(const char *key)
{
	for (int i = 0; i < FIELDS; i++)
		if (!strcmp(field_key(i), key))
			return true;
	for (int i = 0; i < POOLS; i++)
		if (!strcmp(pool_name(i), key))
			return true;
	return false;
}

static void check_keys(json_t *node)
{
	const char *key;
	json_t *sub;
	size_t i;

	json_object_foreach(node, key, sub)
	{
		if (!key_is_known(key))
			fail_msg("\"%s\" is written, but not in the field table", key);
		check_keys(sub);
	}
	json_array_foreach(node, i, sub) check_keys(sub);
}

static void nothing_is_written_that_is_not_described(void **state)
{
	const struct view *const views[] = {&sample_leak, &sample_hostile};

	for (int i = 0; i < 2; i++) {
		FILE *f = tmpfile();
		json_t *root;

		assert_non_null(f);
		assert_int_equal(json_write(f, views[i]), 0);
		rewind(f);
		root = json_loadf(f, 0, NULL);
		assert_non_null(root);
		check_keys(root);
		json_decref(root);
		fclose(f);
	}
}

static void every_field_says_what_it_is(void **state)
{
	for (int i = 0; i < FIELDS; i++) {
		const struct field *f = field_get(i);
		size_t len = strlen(f->help);

		if (!len || f->help[len - 1] != '.' || strchr(f->help, '|') ||
		    strchr(f->caveat, '|'))
			fail_msg("%s: \"%s\"", f->path, f->help);
		for (int k = 0; k < i; k++)
			if (!strcmp(field_get(k)->path, f->path))
				fail_msg("%s stands twice in the table", f->path);
	}
}

/* Examples that nobody checks are soon wrong. */
static void the_manual_shows_a_true_report(void **state)
{
	char *page = golden_read("doc/man/forktally-report.7");
	char *report = golden_read("test/golden/leak.txt"), *line, *next;
	bool literal = false;
	size_t lines = 0;

	assert_non_null(page);
	assert_non_null(report);
	for (line = page; *line; line = next) {
		char wanted[256];

		next = line + strcspn(line, "\n");
		assert_true((size_t)(next - line) < sizeof(wanted) - 1);
		memcpy(wanted, line, (size_t)(next - line));
		strcpy(wanted + (next - line), "\n");
		next += *next == '\n';
		if (!strncmp(line, ".Bd -literal", 12)) {
			literal = true;
		} else if (!strncmp(line, ".Ed", 3)) {
			literal = false;
		} else if (literal) {
			lines++;
			if (!strstr(report, wanted))
				fail_msg("not in the golden report: %s", wanted);
		}
	}
	assert_true(lines > 20);
	free(report);
	free(page);
}

static void every_cause_has_words_and_a_place_in_the_manual(void **state)
{
	char *page = golden_read("doc/man/forktally-report.7"), *causes;
	const struct rule *rule;
	size_t i;

	assert_non_null(page);
	causes = strstr(page, ".Sh CAUSES");
	assert_non_null(causes);
	for (i = 0; (rule = rule_at(i)); i++) {
		if (!*cause_words(rule->cause)->slug)
			fail_msg("%s has no words in src/view/cause.c", rule->cause);
		if (!strstr(causes, rule->cause))
			fail_msg("%s is not in forktally-report(7)", rule->cause);
	}
	assert_true(i > 0);
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_document_holds_the_field_table),
	    cmocka_unit_test(the_schema_holds_the_field_table_and_no_more),
	    cmocka_unit_test(nothing_is_written_that_is_not_described),
	    cmocka_unit_test(every_field_says_what_it_is),
	    cmocka_unit_test(the_manual_shows_a_true_report),
	    cmocka_unit_test(every_cause_has_words_and_a_place_in_the_manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
