/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: which processes of a census are shown and in which order, trees and their branches,
 * cells, and the text, CSV and JSON of them byte for byte, with hostile names and unknown figures.
 * Does not cover: who takes the census, and the words of the man page (test_census_doc).
 */
#include "golden.h"
#include <errno.h>
#include <jansson.h>
#include "census_sample.h"
#include "out/census.h"

static struct census_view make(const struct census *c, struct census_query q)
{
	struct census_view view;

	assert_int_equal(census_view_make(c, &q, &census_columns_default, &sample_names, &view), 0);
	return view;
}

/* "13 12 1": the rows' processes. */
static void check_rows(struct census_view view, const char *pids)
{
	char made[256] = "";

	for (uint32_t i = 0; i < view.count; i++)
		snprintf(made + strlen(made), sizeof(made) - strlen(made), "%s%u", i ? " " : "",
			 view.row[i].process->tgid);
	assert_string_equal(made, pids);
	census_view_done(&view);
}

static void rows_are_sorted_and_unknown_comes_last(void **state)
{
	struct census *c = sample_census(CENSUS_KINDS_ALL, SOURCE_BPF);

	check_rows(make(c, (struct census_query){.sort = CF_KERNEL}), "13 11 12 14 1 10 20 21 15");
	check_rows(make(c, (struct census_query){.sort = CF_PID}), "1 10 11 12 13 14 15 20 21");
	check_rows(make(c, (struct census_query){.sort = CF_PID, .reverse = true}),
		   "21 20 15 14 13 12 11 10 1");
	/* What of 21 is not known stands behind in both directions. */
	check_rows(make(c, (struct census_query){.sort = CF_FDS}), "13 11 12 14 1 10 20 15 21");
	check_rows(make(c, (struct census_query){.sort = CF_FDS, .reverse = true}),
		   "15 1 10 20 11 12 14 13 21");
	check_rows(make(c, (struct census_query){.sort = CF_KIND_COUNT + KIND_FD_PIPE, .top = 2}),
		   "13 11");
	census_free(c);
}

static void filters_choose(void **state)
{
	struct census *c = sample_census(CENSUS_KINDS_ALL, SOURCE_BPF);
	const uint32_t pids[] = {2, 14, 999};
	struct census_view view;

	check_rows(make(c, (struct census_query){.sort = CF_PID, .by_user = true, .uid = 33}),
		   "10 11 12 13 14 15");
	check_rows(
	    make(c, (struct census_query){.sort = CF_PID, .kernel_threads = true, .by_user = true}),
	    "1 2");
	check_rows(make(c, (struct census_query){.sort = CF_PID, .pids = pids, .pid_count = 3}),
		   "2 14");
	check_rows(make(c, (struct census_query){.sort = CF_PID, .cgroup = "/user"}), "20 21");
	check_rows(make(c, (struct census_query){.sort = CF_PID, .cgroup = "/user/more/"}), "21");
	check_rows(make(c, (struct census_query){.sort = CF_PID, .cgroup = "/use"}), "");
	check_rows(make(c, (struct census_query){.sort = CF_PID, .cgroup = "/"}),
		   "1 10 11 12 13 14 15 20 21");
	view = make(c, (struct census_query){.sort = CF_PID, .top = 3});
	assert_int_equal(view.beyond_top, 6);
	assert_int_equal(view.kernel_threads, 1);
	assert_int_equal(view.sum.processes, 9); /* also those behind `top` */
	assert_int_equal(view.sum.zombies, 1);
	assert_int_equal(view.sum.private.known, KNOWN_AT_LEAST);
	census_view_done(&view);
	census_free(c);
}

static void a_tree_holds_everything_once(void **state)
{
	struct census *c = sample_census(CENSUS_KINDS_ALL, SOURCE_BPF);
	struct census_query q = {.sort = CF_KERNEL, .tree = true};
	struct census_view view = make(c, q);
	char *branch;
	size_t wide;

	assert_int_equal(view.count, 9);
	assert_int_equal(view.row[1].process->tgid, 10); /* the server's subtree is the largest */
	assert_int_equal(view.row[1].level, 1);
	assert_int_equal(view.row[2].process->tgid, 13);
	assert_int_equal(view.row[2].up, 1);
	branch = census_branch(&view, 2, false, &wide);
	assert_string_equal(branch, " |  |- ");
	assert_int_equal(wide, 7);
	free(branch);
	branch = census_branch(&view, 6, true, &wide);
	assert_string_equal(branch, " │  └─ ");
	assert_int_equal(wide, 7);
	free(branch);
	assert_int_equal(view.row[1].process->subtree.zombies, 1);
	check_rows(view, "1 10 13 11 12 14 15 20 21");

	/* A parent that is not shown: its children begin trees of their own. */
	q.by_user = true;
	q.uid = 33;
	q.sort = CF_PID;
	view = make(c, q);
	assert_int_equal(view.row[0].level, 0);
	assert_int_equal(view.row[0].up, CENSUS_NONE);
	check_rows(view, "10 11 12 13 14 15");
	census_free(c);
}

static void cells_are_short_and_unknown_is_not_nothing(void **state)
{
	struct census *c = sample_census(CENSUS_KINDS_ALL, SOURCE_PROC);
	struct census_view view = make(c, (struct census_query){.sort = CF_PID});
	const struct census_row *server = &view.row[1], *secret = &view.row[8];
	char buf[CENSUS_CELL_BYTES];

	assert_string_equal(census_cell(CF_PRIVATE, server, false, buf), "1004K");
	assert_string_equal(census_cell(CF_PRIVATE, server, true, buf), "1,028,096");
	assert_string_equal(census_cell(CF_KERNEL, server, false, buf), "~48.6K");
	assert_string_equal(census_cell(CF_KERNEL, secret, false, buf), ">=48.6K");
	assert_string_equal(census_cell(CF_PRIVATE, secret, false, buf), "?");
	assert_string_equal(census_cell(CF_ANON, secret, false, buf), "?");
	assert_string_equal(census_cell(CF_FDS, secret, false, buf), "?");
	assert_string_equal(census_cell(CF_CPU, server, false, buf), "1.50");
	assert_string_equal(census_cell(CF_AGE, server, false, buf), "59:50");
	assert_string_equal(census_cell(CF_PID_NAMESPACE, server, false, buf), "4026531836");
	assert_string_equal(census_cell(CF_UNCHARGED, server, false, buf), "?");
	census_view_done(&view);
	census_free(c);
}

static void a_summary_says_what_it_does_not_know(void **state)
{
	struct census *c = sample_census(CENSUS_SUMMARY, SOURCE_BPF);
	struct census_view view = make(c, (struct census_query){.sort = CF_PID});
	char buf[CENSUS_CELL_BYTES];

	assert_string_equal(census_cell(CF_KERNEL, &view.row[0], false, buf), ">=48.0K");
	assert_string_equal(census_cell(CF_SHARED, &view.row[0], false, buf), "?");
	assert_string_equal(census_cell(CF_KIND_BYTES + KIND_FD_PIPE, &view.row[0], false, buf),
			    "?");
	census_view_done(&view);
	census_free(c);
}

static void columns_are_named_once(void **state)
{
	struct census_columns columns = census_columns_default;
	const char *bad;
	size_t length;

	assert_int_equal(census_columns_parse("pid,fd.pipe,fd.pipe.count", &columns, &bad, &length),
			 0);
	assert_int_equal(columns.count, 3);
	assert_int_equal(columns.at[2], CF_KIND_COUNT + KIND_FD_PIPE);
	assert_int_equal(census_columns_parse("+cgroup", &columns, &bad, &length), 0);
	assert_int_equal(columns.count, 4);
	assert_int_equal(census_columns_parse("pid,,fds", &columns, &bad, &length), -EINVAL);
	assert_int_equal(length, 0);
	assert_int_equal(census_columns_parse("pid,pid", &columns, &bad, &length), -EINVAL);
	assert_int_equal(census_columns_parse("pid,", &columns, &bad, &length), -EINVAL);
	assert_int_equal(census_columns_parse("+pid", &columns, &bad, &length), -EINVAL);
	assert_int_equal(census_columns_parse("nope", &columns, &bad, &length), -EINVAL);
	assert_int_equal(length, 4);
	assert_int_equal(columns.count, 4); /* as they were */
}

static void the_depth_is_what_the_columns_need(void **state)
{
	struct census_columns columns = {.at = {CF_PID, CF_PRIVATE}, .count = 2};
	struct census_query q = {.sort = CF_PRIVATE};

	assert_int_equal(census_view_depth(&columns, &q), CENSUS_SUMMARY);
	q.sort = CF_KIND_COUNT + KIND_FD_PIPE;
	assert_int_equal(census_view_depth(&columns, &q), CENSUS_KINDS_ALL);
	q.sort = CF_PID;
	columns.at[1] = CF_UNCHARGED;
	assert_int_equal(census_view_depth(&columns, &q), CENSUS_PAYERS);
}

static char *written(int (*write)(FILE *, const struct census_print *), struct census_print print,
		     struct census_query q, const struct census *c)
{
	static const char *const notes[] = {"One note with an \033 escape."};
	struct census_view view;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_int_equal(census_view_make(c, &q, print.columns, &sample_names, &view), 0);
	print.view = &view;
	print.tree = q.tree;
	print.notes = notes;
	print.note_count = 1;
	assert_int_equal(write(f, &print), 0);
	assert_int_equal(fclose(f), 0);
	census_view_done(&view);
	return text;
}

static void check_written(const char *golden, int (*write)(FILE *, const struct census_print *),
			  struct census_print print, struct census_query q)
{
	struct census *c = sample_census(CENSUS_KINDS_ALL, SOURCE_PROC);
	char *text = written(write, print, q, c);

	golden_check(golden, text);
	free(text);
	census_free(c);
}

static void the_table_is_as_it_was(void **state)
{
	struct census_query q = {.sort = CF_KERNEL};

	check_written("test/golden/census.txt", census_text_write,
		      (struct census_print){.columns = &census_columns_default, .width = 80}, q);
	q.tree = true;
	check_written(
	    "test/golden/census-tree.txt", census_text_write,
	    (struct census_print){
		.columns = &census_columns_tree, .width = 100, .utf8 = true, .exact = true},
	    q);
	check_written(
	    "test/golden/census-colour.txt", census_text_write,
	    (struct census_print){.columns = &census_columns_tree, .width = 0, .colour = true}, q);
}

static void a_line_is_no_wider_than_the_terminal(void **state)
{
	struct census *c = sample_census(CENSUS_KINDS_ALL, SOURCE_PROC);
	struct census_query q = {.sort = CF_KERNEL};

	for (unsigned width = 80; width <= 200; width += 40) {
		struct census_print print = {.columns = &census_columns_default, .width = width};
		char *text = written(census_text_write, print, q, c);

		for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
			assert_true(strlen(line) <= width);
		free(text);
	}
	census_free(c);
}

static void csv_holds_hostile_names(void **state)
{
	check_written("test/golden/census.csv", census_csv_write,
		      (struct census_print){.columns = &census_columns_default},
		      (struct census_query){.sort = CF_PID});
}

/* The command of every process. */
static const char *formula;
static const char *formula_of(void *ctx, const struct census_process *p)
{
	return formula;
}

static void csv_holds_no_formula(void **state)
{
	static const char *const cells[][2] = {
	    {"=HYPERLINK(\"x\")", "\n1,\"'=HYPERLINK(\"\"x\"\")\",,\n"},
	    {"+1", "\n1,\"'+1\",,\n"},
	    {"-bash", "\n1,\"'-bash\",,\n"},
	    {"@SUM(A1)", "\n1,\"'@SUM(A1)\",,\n"},
	    {"\uff1d1", "\n1,\"'\uff1d1\",,\n"},
	    {"\t=1", "\n1,\\t=1,,\n"},
	    {"a=1", "\n1,a=1,,\n"},
	};
	const struct census_columns columns = {.count = 2, .at = {CF_PID, CF_COMMAND}};
	const struct census_query q = {.sort = CF_PID};
	struct census *c = sample_census(CENSUS_KINDS_ALL, SOURCE_BPF);
	struct census_names names = sample_names;

	names.command = formula_of;
	for (size_t i = 0; i < sizeof(cells) / sizeof(*cells); i++) {
		struct census_view view;
		struct census_print print = {.view = &view, .columns = &columns};
		char *text = NULL;
		size_t size;
		FILE *f = open_memstream(&text, &size);

		formula = cells[i][0];
		assert_int_equal(census_view_make(c, &q, &columns, &names, &view), 0);
		assert_int_equal(census_csv_write(f, &print), 0);
		assert_int_equal(fclose(f), 0);
		census_view_done(&view);
		if (!strstr(text, cells[i][1]))
			fail_msg("%s: no %s in:\n%s", cells[i][0], cells[i][1], text);
		free(text);
	}
	census_free(c);
}

static void json_is_json_and_names_what_is_estimated(void **state)
{
	struct census *c = sample_census(CENSUS_KINDS_ALL, SOURCE_PROC);
	struct census_columns all = {.count = 0};
	json_t *root, *processes, *p;
	char *text;

	for (unsigned id = 0; id < CENSUS_OWN_FIELDS; id++)
		all.at[all.count++] = id;
	text = written(census_json_write, (struct census_print){.columns = &all},
		       (struct census_query){.sort = CF_PID}, c);
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "source")), "proc");
	assert_true(json_is_false(json_object_get(root, "complete")));
	processes = json_object_get(root, "processes");
	assert_int_equal(json_array_size(processes), 9);
	p = json_array_get(processes, 8);
	assert_true(json_is_null(json_object_get(p, "fds")));
	assert_true(json_is_null(json_object_get(p, "anon")));
	assert_true(json_is_null(json_object_get(p, "uncharged")));
	assert_int_equal(json_array_size(json_object_get(p, "at_least")) > 0, true);
	p = json_array_get(processes, 7);
	assert_true(
	    !strncmp(json_string_value(json_object_get(p, "command")), HOSTILE, strlen(HOSTILE)));
	assert_non_null(strstr(json_string_value(json_object_get(p, "command")), "\\xff"));
	json_decref(root);
	golden_check("test/golden/census.json", text);
	free(text);
	census_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_are_sorted_and_unknown_comes_last),
	    cmocka_unit_test(filters_choose),
	    cmocka_unit_test(a_tree_holds_everything_once),
	    cmocka_unit_test(cells_are_short_and_unknown_is_not_nothing),
	    cmocka_unit_test(a_summary_says_what_it_does_not_know),
	    cmocka_unit_test(columns_are_named_once),
	    cmocka_unit_test(the_depth_is_what_the_columns_need),
	    cmocka_unit_test(the_table_is_as_it_was),
	    cmocka_unit_test(a_line_is_no_wider_than_the_terminal),
	    cmocka_unit_test(csv_holds_hostile_names),
	    cmocka_unit_test(csv_holds_no_formula),
	    cmocka_unit_test(json_is_json_and_names_what_is_estimated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
