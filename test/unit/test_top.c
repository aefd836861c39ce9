/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: what top makes of several censuses: growth, its rate and trend; a pid that is used again;
 * the order of rows, the filter, the cursor; columns; figures carried from one census to the next;
 * the text of a look and of the help, byte for byte, with hostile and wide names. Does not cover:
 * the terminal (test/e2e/top.sh), who takes the census.
 */
#include "golden.h"
#include <errno.h>
#include <locale.h>
#include "census/carry.h"
#include "census_sample.h"
#include "out/columns.h"
#include "out/top.h"
#include "out/top_pane.h"

/* One process that holds so much, seen at that time. */
static struct census *one(uint32_t pid, uint64_t start, uint64_t seconds, int64_t anon)
{
	struct census_record r = sample_record(pid, 0, 0, "one");
	struct census *c = NULL;
	struct build *b;

	r.start_ns = start;
	r.anon_bytes = anon;
	assert_int_equal(build_open(CENSUS_KINDS_ALL, SOURCE_BPF, &b), 0);
	sample_add(b, &r);
	assert_int_equal(build_finish(b, NULL, &c), 0);
	build_close(b);
	c->time_ns = seconds * SECOND;
	return c;
}

static void see(struct top_history *h, struct census *c)
{
	assert_int_equal(top_history_see(h, c), 0);
	top_history_sample(h, c);
	census_free(c);
}

static void growth_needs_two_looks_and_is_since_the_first(void **state)
{
	struct top_history *h = top_history_new();
	unsigned char height[8];

	see(h, one(7, 1, 100, 1 << 20));
	assert_int_equal(top_history_growth(h, top_history_find(h, 7, 1)).known, KNOWN_NOT);
	assert_int_equal(top_history_rate(h, top_history_find(h, 7, 1)).known, KNOWN_NOT);
	see(h, one(7, 1, 130, (1 << 20) + 50000));
	assert_int_equal(top_history_growth(h, top_history_find(h, 7, 1)).bytes, 50000);
	assert_int_equal(top_history_growth(h, top_history_find(h, 7, 1)).known, KNOWN_EXACT);
	assert_int_equal(top_history_rate(h, top_history_find(h, 7, 1)).bytes, 100000);
	see(h, one(7, 1, 160, (1 << 20) + 25000));
	assert_int_equal(top_history_growth(h, top_history_find(h, 7, 1)).bytes, 25000);
	assert_int_equal(top_history_rate(h, top_history_find(h, 7, 1)).bytes, 25000);
	assert_int_equal(top_history_trend(h, top_history_find(h, 7, 1), 8, height), 3);
	assert_int_equal(height[0], 0);
	assert_int_equal(height[1], 7);
	assert_int_equal(height[2], 3);
	/* Each of these is more than a minute behind the one before it. */
	see(h, one(7, 1, 360, (1 << 20) + 25000 + 600));
	assert_int_equal(top_history_rate(h, top_history_find(h, 7, 1)).bytes, 180);
	top_history_free(h);
}

static void the_rate_is_of_the_last_minute(void **state)
{
	struct top_history *h = top_history_new();
	unsigned char height[8];

	/* More looks than are kept; it grows in the first 200 s only. */
	for (unsigned s = 0; s <= 300; s++)
		see(h, one(7, 1, 1000 + s, 100000 + 1000 * (s < 200 ? s : 200)));
	assert_int_equal(top_history_growth(h, top_history_find(h, 7, 1)).bytes, 200000);
	assert_int_equal(top_history_rate(h, top_history_find(h, 7, 1)).bytes, 0);
	see(h, one(7, 1, 1301, 300000 + 1300));
	assert_int_equal(top_history_rate(h, top_history_find(h, 7, 1)).bytes, 1300);
	/* Less than a page is no trend. */
	assert_int_equal(top_history_trend(h, top_history_find(h, 7, 1), 2, height), 2);
	assert_int_equal(height[0], 0);
	assert_int_equal(height[1], 2);
	top_history_free(h);
}

static void a_pid_that_is_used_again_begins_anew(void **state)
{
	struct top_history *h = top_history_new();

	see(h, one(7, 1, 1, 4096));
	see(h, one(7, 1, 2, 8192));
	see(h, one(7, 99, 3, 1 << 20));
	assert_null(top_history_find(h, 7, 1));
	assert_int_equal(top_history_growth(h, top_history_find(h, 7, 99)).known, KNOWN_NOT);
	see(h, one(8, 100, 4, 1 << 20));
	assert_null(top_history_find(h, 7, 99));
	top_history_free(h);
}

static void many_come_and_go_and_none_is_lost(void **state)
{
	struct top_history *h = top_history_new();

	for (unsigned round = 0; round < 20; round++) {
		struct census *c = NULL;
		struct build *b;

		assert_int_equal(build_open(CENSUS_KINDS_ALL, SOURCE_BPF, &b), 0);
		for (uint32_t pid = 1; pid <= 997; pid++) {
			struct census_record r = sample_record(pid, 0, 0, "many");

			r.start_ns = pid % 3 ? pid : pid * 1000 + round;
			r.anon_bytes = 4096 * (int64_t)(round + pid);
			sample_add(b, &r);
		}
		assert_int_equal(build_finish(b, NULL, &c), 0);
		build_close(b);
		c->time_ns = (round + 1) * SECOND;
		see(h, c);
	}
	for (uint32_t pid = 1; pid <= 997; pid++) {
		struct top_past *p =
		    top_history_find(h, pid, pid % 3 ? pid : (uint64_t)pid * 1000 + 19);

		assert_non_null(p);
		assert_int_equal(p->samples, pid % 3 ? 20 : 1);
		if (pid % 3)
			assert_int_equal(top_history_growth(h, p).bytes, 19 * 4096);
		else
			assert_null(top_history_find(h, pid, (uint64_t)pid * 1000 + 18));
	}
	top_history_free(h);
}

static void what_is_known_in_part_grows_by_an_estimate(void **state)
{
	struct top_history *h = top_history_new();

	see(h, sample_census(CENSUS_KINDS_ALL, SOURCE_PROC));
	see(h, sample_census(CENSUS_KINDS_ALL, SOURCE_PROC));
	assert_int_equal(top_history_growth(h, top_history_find(h, 13, 13 * SECOND)).known,
			 KNOWN_ESTIMATE);
	/* What is not known does not grow by 0. */
	assert_int_equal(top_history_growth(h, top_history_find(h, 21, 21 * SECOND)).known,
			 KNOWN_NOT);
	top_history_free(h);
}

/* "13 12 1": the rows' processes. */
static void check_rows(const struct census *c, const struct top_history *h, struct top_query q,
		       const char *pids)
{
	struct census_view view;
	char made[256] = "";

	if (!q.columns.count)
		q.columns = top_columns_usual(80, q.tree);
	assert_int_equal(top_view_make(c, &q, h, &sample_names, &view), 0);
	for (uint32_t i = 0; i < view.count; i++)
		snprintf(made + strlen(made), sizeof(made) - strlen(made), "%s%u", i ? " " : "",
			 view.row[i].process->tgid);
	assert_string_equal(made, pids);
	census_view_done(&view);
}

static void rows_are_filtered_and_sorted(void **state)
{
	struct census *c = sample_census(CENSUS_KINDS_ALL, SOURCE_BPF);
	struct top_history *h = top_history_new();

	check_rows(c, h, (struct top_query){.sort = CF_KERNEL}, "13 11 12 14 1 10 20 21 15");
	check_rows(c, h, (struct top_query){.sort = CF_PID, .reverse = true},
		   "21 20 15 14 13 12 11 10 1");
	check_rows(c, h, (struct top_query){.sort = CF_PID, .filter = "WORK"}, "11 12 13 14 15");
	check_rows(c, h, (struct top_query){.sort = CF_PID, .filter = "2"}, "20 21");
	check_rows(c, h, (struct top_query){.sort = CF_PID, .filter = "somebody"}, "20");
	check_rows(c, h, (struct top_query){.sort = CF_PID, .filter = "no such thing"}, "");
	/* Nothing grew yet, and nothing is known of it: by pid. */
	check_rows(c, h, (struct top_query){.sort = TOP_GROWTH}, "1 10 11 12 13 14 15 20 21");
	see(h, sample_census(CENSUS_KINDS_ALL, SOURCE_BPF));
	c->process[census_find(c, 12, 0)].private.bytes += 5000;
	c->process[census_find(c, 14, 0)].private.bytes -= 5000;
	assert_int_equal(top_history_see(h, c), 0);
	top_history_sample(h, c);
	check_rows(c, h, (struct top_query){.sort = TOP_GROWTH}, "12 1 10 11 13 15 20 14 21");
	check_rows(c, h, (struct top_query){.sort = TOP_GROWTH, .reverse = true},
		   "14 1 10 11 13 15 20 12 21");
	check_rows(c, h, (struct top_query){.sort = CF_PID, .tree = true},
		   "1 10 11 12 13 14 15 20 21");
	top_history_free(h);
	census_free(c);
}

static void sorting_moves_over_the_columns(void **state)
{
	struct top_query q = {.sort = CF_PID, .columns = top_columns_usual(80, false)};
	size_t length;
	const char *bad;

	top_query_sort_move(&q, -1);
	assert_int_equal(q.sort, CF_COMMAND);
	top_query_sort_move(&q, 1);
	assert_int_equal(q.sort, CF_PID);
	top_query_sort_by(&q, CF_PID);
	assert_true(q.reverse);
	top_query_sort_by(&q, TOP_GROWTH);
	assert_false(q.reverse);
	assert_int_equal(top_columns_parse("pid,growth,fd.pipe", &q.columns, &bad, &length), 0);
	assert_int_equal(q.columns.count, 3);
	assert_int_equal(q.columns.at[1], TOP_GROWTH);
	assert_int_equal(top_columns_parse("+trend,kernel", &q.columns, &bad, &length), 0);
	assert_int_equal(q.columns.count, 5);
	assert_int_equal(top_columns_parse("pid,nonsense", &q.columns, &bad, &length), -EINVAL);
	assert_int_equal(length, 8);
	assert_int_equal(top_columns_parse("pid,pid", &q.columns, &bad, &length), -EINVAL);
	assert_int_equal(top_columns_parse("", &q.columns, &bad, &length), -EINVAL);
	assert_int_equal(q.columns.count, 5);
	/* By a column that is not shown. */
	q.sort = CF_SWAP;
	top_query_sort_move(&q, 1);
	assert_int_equal(q.sort, CF_PID);
	q.columns.count = 1;
	assert_int_equal(top_query_depth(&q), CENSUS_SUMMARY);
	q.sort = TOP_RATE;
	assert_int_equal(top_query_depth(&q), CENSUS_KINDS_ALL);
}

static void the_cursor_stays_with_its_process(void **state)
{
	struct census *c = sample_census(CENSUS_KINDS_ALL, SOURCE_BPF);
	struct census_row rows[9];
	struct census_view view = {.row = rows, .count = 9};
	struct top_cursor cursor = {.row = 0};

	for (uint32_t i = 0; i < 9; i++)
		rows[i].process = &c->process[i];
	top_cursor_move(&cursor, &view, 5);
	top_cursor_settle(&cursor, &view, 4);
	assert_int_equal(cursor.row, 5);
	assert_int_equal(cursor.first, 2);
	rows[5].process = &c->process[0];
	rows[0].process = &c->process[5];
	top_cursor_settle(&cursor, &view, 4);
	assert_int_equal(cursor.row, 0);
	assert_int_equal(cursor.first, 0);
	/* On the first row it follows nobody. */
	rows[0].process = &c->process[0];
	rows[5].process = &c->process[5];
	top_cursor_settle(&cursor, &view, 4);
	assert_int_equal(cursor.row, 0);
	top_cursor_move(&cursor, &view, 100);
	assert_int_equal(cursor.row, 8);
	view.count = 2;
	top_cursor_settle(&cursor, &view, 4);
	assert_int_equal(cursor.row, 1);
	assert_int_equal(cursor.first, 0);
	view.count = 0;
	top_cursor_move(&cursor, &view, 1);
	top_cursor_settle(&cursor, &view, 0);
	assert_int_equal(cursor.row, 0);
	census_free(c);
}

static void a_summary_gets_what_it_does_not_know(void **state)
{
	struct census *all = sample_census(CENSUS_KINDS_ALL, SOURCE_BPF);
	struct census *c = sample_census(CENSUS_SUMMARY, SOURCE_BPF);
	uint32_t i = census_find(c, 13, 0);

	assert_int_equal(c->process[i].kernel.known, KNOWN_AT_LEAST);
	all->process[census_find(all, 20, 0)].start_ns++; /* that is another now */
	assert_int_equal(census_carry(c, all), 0);
	assert_int_equal(c->process[i].kernel.known, KNOWN_EXACT);
	assert_int_equal(c->process[i].kernel.bytes, all->process[i].kernel.bytes);
	assert_int_equal(c->process[census_find(c, 20, 0)].kernel.known, KNOWN_AT_LEAST);
	assert_int_equal(c->process[census_find(c, 10, 0)].subtree.zombies, 1);
	assert_int_equal(c->all.kernel.known, KNOWN_AT_LEAST);
	assert_int_equal(c->unattributed.bytes, all->unattributed.bytes);
	census_free(c);
	census_free(all);
}

static struct top_show show_of(const struct census *c, const struct census_view *view,
			       const struct top_history *h, const struct top_query *q)
{
	return (struct top_show){.census = c,
				 .view = view,
				 .history = h,
				 .query = q,
				 .passed = {.known = true, .last = 3, .all = 1234},
				 .clock = "12:34:56",
				 .source = "bpf",
				 .interval_ns = SECOND,
				 .all_kinds_ns = 8300000000,
				 .utf8 = true,
				 .width = 80};
}

static void a_look_as_text(void **state)
{
	static const char *const golden[] = {"test/golden/top.txt", "test/golden/top-tree.txt"};
	struct top_history *h = top_history_new();
	struct census *c = sample_census(CENSUS_KINDS_ALL, SOURCE_BPF);

	see(h, sample_census(CENSUS_KINDS_ALL, SOURCE_BPF));
	c->time_ns += 10 * SECOND;
	c->process[census_find(c, 13, 0)].private.bytes += 123456;
	assert_int_equal(top_history_see(h, c), 0);
	top_history_sample(h, c);
	for (int tree = 0; tree < 2; tree++) {
		struct top_query q = {.sort = CF_KERNEL, .tree = tree};
		struct census_view view;
		struct top_show show;
		size_t size;
		char *text = NULL;
		FILE *f = open_memstream(&text, &size);

		q.columns = top_columns_usual(160, tree);
		assert_int_equal(top_view_make(c, &q, h, &sample_names, &view), 0);
		show = show_of(c, &view, h, &q);
		show.utf8 = tree;
		show.passed.estimate = tree;
		assert_int_equal(top_batch_write(f, &show), 0);
		assert_int_equal(fclose(f), 0);
		golden_check(golden[tree], text);
		free(text);
		census_view_done(&view);
	}
	top_history_free(h);
	census_free(c);
}

/* Nothing of the machine is known: nothing of it is 0. */
static void unknown_is_never_zero(void **state)
{
	struct census *c = one(7, 1, 1, 4096);
	struct top_history *h = top_history_new();
	struct top_query q = {.sort = CF_PID, .columns = top_columns_usual(80, false)};
	struct census_view view;
	struct top_show show;
	struct top_line line;

	c->unattributed.known = KNOWN_NOT;
	assert_int_equal(top_view_make(c, &q, h, &sample_names, &view), 0);
	show = show_of(c, &view, h, &q);
	show.passed.known = false;
	top_line_init(&line, true);
	top_header_line(&show, 1, &line);
	assert_non_null(strstr(line.text, "] ? of ? not free"));
	top_line_clear(&line);
	top_header_line(&show, 2, &line);
	assert_string_equal(line.text, "private ?  kernel ?  shared ?  cache ?  free ?  swap ?");
	top_line_clear(&line);
	top_header_line(&show, 3, &line);
	assert_non_null(strstr(line.text, "unattributed ?"));
	top_line_clear(&line);
	top_header_line(&show, 4, &line);
	assert_null(strstr(line.text, "came and went"));
	top_line_done(&line);
	census_view_done(&view);
	top_history_free(h);
	census_free(c);
}

static void wide_and_hostile_names_keep_their_columns(void **state)
{
	struct top_line line;

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	assert_int_equal(columns_of("a你好é"), 6);
	assert_int_equal(columns_bytes_before("你好", 3), 3);
	top_line_init(&line, true);
	assert_int_equal(top_line_escaped(&line, TOP_PLAIN, "你好世界", 5), 5);
	assert_string_equal(line.text, "你好+");
	top_line_clear(&line);
	assert_int_equal(top_line_escaped(&line, TOP_PLAIN, "\033[31mx\a", 0), 13);
	assert_string_equal(line.text, "\\x1b[31mx\\x07");
	top_line_clear(&line);
	line.utf8 = false;
	assert_int_equal(top_line_escaped(&line, TOP_PLAIN, "é", 0), 8);
	assert_string_equal(line.text, "\\xc3\\xa9");
	top_line_done(&line);
	setlocale(LC_CTYPE, "C");
}

static void check_width(void *ctx, const struct top_line *line)
{
	unsigned *lines = ctx;

	++*lines;
	assert_in_range(line->columns, 0, 80);
}

static void the_help_fits_and_a_pane_scrolls(void **state)
{
	struct top_pane pane = {.line = NULL};
	unsigned lines = 0;

	top_help(80, true, check_width, &lines);
	assert_in_range(lines, 60, 400);
	top_help(80, true, top_pane_add, &pane);
	assert_int_equal(pane.count, lines);
	top_pane_scroll(&pane, 10000, 23);
	assert_int_equal(pane.first, lines - 23);
	top_pane_scroll(&pane, -10000, 23);
	assert_int_equal(pane.first, 0);
	top_pane_clear(&pane);
	top_pane_add_text(&pane, "a \033[1;31mred\033[0m b\n\nlast", true);
	assert_int_equal(pane.count, 3);
	assert_string_equal(pane.line[0].text, "a red b");
	assert_int_equal(pane.line[0].span[1].style, TOP_RED);
	assert_int_equal(pane.line[0].span[2].style, TOP_PLAIN);
	assert_string_equal(pane.line[2].text, "last");
	assert_false(pane.failed);
	top_pane_done(&pane);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(growth_needs_two_looks_and_is_since_the_first),
	    cmocka_unit_test(the_rate_is_of_the_last_minute),
	    cmocka_unit_test(a_pid_that_is_used_again_begins_anew),
	    cmocka_unit_test(many_come_and_go_and_none_is_lost),
	    cmocka_unit_test(what_is_known_in_part_grows_by_an_estimate),
	    cmocka_unit_test(rows_are_filtered_and_sorted),
	    cmocka_unit_test(sorting_moves_over_the_columns),
	    cmocka_unit_test(the_cursor_stays_with_its_process),
	    cmocka_unit_test(a_summary_gets_what_it_does_not_know),
	    cmocka_unit_test(a_look_as_text),
	    cmocka_unit_test(unknown_is_never_zero),
	    cmocka_unit_test(wide_and_hostile_names_keep_their_columns),
	    cmocka_unit_test(the_help_fits_and_a_pane_scrolls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
