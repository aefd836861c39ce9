/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: the JSON report of views made by hand against golden files and against
 * doc/report.schema.json; that unknown is null, bounds and estimates are marked, hostile names
 * stay valid; write errors.
 * Does not cover: whether the figures are right (test_view.c and the ledger's tests).
 */
#include "golden.h"
#include <errno.h>
#include <jansson.h>
#include "out/escape.h"
#include "out/json.h"
#include "out_sample.h"
#include "schema.h"

static char *json_of(const struct view *v)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	assert_int_equal(json_write(f, v), 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(strlen(text), len);
	return text;
}

static json_t *parsed(const struct view *v)
{
	char *text = json_of(v);
	json_error_t error;
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (!root)
		fail_msg("%s in %s", error.text, text);
	free(text);
	return root;
}

static void check(const char *path, const struct view *v)
{
	char *text = json_of(v);

	golden_check(path, text);
	free(text);
}

static void reports_are_as_their_golden_files(void **state)
{
	check("test/golden/leak.json", &sample_leak);
	check("test/golden/clean.json", &sample_clean);
	check("test/golden/hostile.json", &sample_hostile);
}

static void reports_follow_the_schema(void **state)
{
	const struct view *const views[] = {&sample_leak, &sample_clean, &sample_hostile};
	json_t *schema = schema_load("doc/report.schema.json");

	for (int i = 0; i < 3; i++) {
		json_t *root = parsed(views[i]);
		char why[SCHEMA_WHY_BYTES] = "";

		if (!schema_allows(schema, schema, root, "report", why))
			fail_msg("%s", why);
		json_decref(root);
	}
	json_decref(schema);
}

/* A schema that allows everything would prove nothing: each of these must be refused. */
static void the_schema_refuses_what_is_wrong(void **state)
{
	static const struct {
		const char *where; /* a pointer into the report */
		const char *key;
		const char *value; /* JSON; NULL: the key goes */
	} wrongs[] = {
	    {"", "verdict", NULL},
	    {"", "verdict", "\"perhaps\""},
	    {"", "schema_version", "2"},
	    {"", "forks", "null"},
	    {"", "forks", "1.5"},
	    {"", "reasons", "[1]"},
	    {"", "notes", NULL},
	    {"pools", "cache", NULL},
	    {"pools/kernel", "live_bytes", "\"0\""},
	    {"pools/private", "inherited_bytes", NULL},
	    {"pools/kernel", "estimated", "\"live_bytes\""},
	    {"findings/0", "where", "\"gone\""},
	    {"findings/0", "cause", NULL},
	    {"findings/0/holder", "pid", "\"4711\""},
	    {"findings/0/taken_at/3", "line", "\"112\""},
	    {"findings/1/tags/0", "bytes", NULL},
	    {"books/0", "moment", "1"},
	};
	json_t *schema = schema_load("doc/report.schema.json");

	for (size_t i = 0; i < sizeof(wrongs) / sizeof(*wrongs); i++) {
		json_t *root = parsed(&sample_leak), *at = schema_point(root, wrongs[i].where);
		char why[SCHEMA_WHY_BYTES] = "";

		assert_true(json_is_object(at));
		assert_true(schema_allows(schema, schema, root, "report", why));
		if (wrongs[i].value)
			json_object_set_new(at, wrongs[i].key,
					    json_loads(wrongs[i].value, JSON_DECODE_ANY, NULL));
		else
			assert_int_equal(json_object_del(at, wrongs[i].key), 0);
		if (schema_allows(schema, schema, root, "report", why))
			fail_msg("%s/%s = %s was allowed", wrongs[i].where, wrongs[i].key,
				 wrongs[i].value ? wrongs[i].value : "(nothing)");
		json_decref(root);
	}
	json_decref(schema);
}

static void what_is_told_at_the_end_is_null_without_it(void **state)
{
	struct view cut = sample_hostile;
	json_t *root;
	static const char *const keys[] = {"alive", "zombies", "killed", "settle_seconds",
					   "lost_events"};

	cut.cut_off = true;
	root = parsed(&cut);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		assert_true(json_is_null(json_object_get(root, keys[i])));
	json_decref(root);
	root = parsed(&sample_hostile);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		assert_true(json_is_number(json_object_get(root, keys[i])));
	json_decref(root);
}

static bool lists(json_t *array, const char *word)
{
	json_t *value;
	size_t i;

	json_array_foreach(array, i,
			   value) if (strcmp(json_string_value(value), word) == 0) return true;
	return false;
}

static void unknown_is_null_and_doubt_is_marked(void **state)
{
	json_t *root = parsed(&sample_hostile), *private = schema_point(root, "pools/private"),
	       *kernel = schema_point(root, "pools/kernel");

	assert_true(json_is_null(json_object_get(private, "returned_bytes")));
	assert_true(json_is_null(json_object_get(private, "inherited_bytes")));
	assert_int_equal(json_integer_value(json_object_get(private, "charged_bytes")), 1025);
	assert_true(lists(json_object_get(private, "at_least"), "charged_bytes"));
	assert_false(lists(json_object_get(private, "at_least"), "returned_bytes"));
	assert_null(json_object_get(private, "estimated"));
	assert_true(lists(json_object_get(kernel, "estimated"), "live_bytes"));
	assert_int_equal(json_integer_value(json_object_get(kernel, "unattributed_bytes")), -1000);
	assert_true(json_is_null(schema_point(root, "findings/0/holder")));
	assert_true(json_is_null(schema_point(root, "findings/1/bytes_per_fork")));
	assert_int_equal(json_integer_value(schema_point(root, "exit_status")), 137);
	assert_int_equal(json_integer_value(schema_point(root, "signal")), 9);
	json_decref(root);
}

/* A frame's address above 2^63 has no place in a JSON integer. */
static void hostile_names_and_numbers_stay_readable(void **state)
{
	json_t *root = parsed(&sample_hostile);

	assert_string_equal(json_string_value(schema_point(root, "findings/1/holder/comm")),
			    "\xe2\x80\xae\x01"
			    "a\"b\\\\xc0\\xaf");
	assert_string_equal(json_string_value(schema_point(root, "findings/0/taken_at/1/offset")),
			    "0xffffffff81234567");
	assert_string_equal(json_string_value(schema_point(root, "command")),
			    "./a\nb\tc\x7f\xf0\x9f\x90\xa7\\xed\\xa0\\x80");
	json_decref(root);
}

static void utf8_is_told_from_what_only_looks_like_it(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} cases[] = {
	    {"", 0},
	    {"a", 1},
	    {"\x7f", 1},
	    {"\x80", 0},
	    {"\xc2\x80", 2},
	    {"\xc1\xbf", 0},
	    {"\xdf\xbf", 2},
	    {"\xc3", 0},
	    {"\xc3(", 0},
	    {"\xe0\xa0\x80", 3},
	    {"\xe0\x9f\xbf", 0},
	    {"\xed\x9f\xbf", 3},
	    {"\xed\xa0\x80", 0},
	    {"\xef\xbf\xbf", 3},
	    {"\xf0\x90\x80\x80", 4},
	    {"\xf0\x8f\xbf\xbf", 0},
	    {"\xf4\x8f\xbf\xbf", 4},
	    {"\xf4\x90\x80\x80", 0},
	    {"\xf5\x80\x80\x80", 0},
	    {"\xf0\x90\x80", 0},
	    {"\xff", 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (escape_utf8_len(cases[i].text) != cases[i].len)
			fail_msg("case %zu: %zu", i, escape_utf8_len(cases[i].text));
}

static void a_full_disk_is_noticed(void **state)
{
	FILE *f = fopen("/dev/full", "we");

	if (!f)
		skip(); /* not on this machine */
	assert_int_equal(json_write(f, &sample_clean), -ENOSPC);
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reports_are_as_their_golden_files),
	    cmocka_unit_test(reports_follow_the_schema),
	    cmocka_unit_test(the_schema_refuses_what_is_wrong),
	    cmocka_unit_test(what_is_told_at_the_end_is_null_without_it),
	    cmocka_unit_test(unknown_is_null_and_doubt_is_marked),
	    cmocka_unit_test(hostile_names_and_numbers_stay_readable),
	    cmocka_unit_test(utf8_is_told_from_what_only_looks_like_it),
	    cmocka_unit_test(a_full_disk_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
