/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: the text report of views made by hand, at several widths, with colour, with hostile
 * names; what happens when it cannot be written.
 * Does not cover: whether the figures are right (test_view.c and the ledger's tests).
 */
#include "golden.h"
#include <errno.h>
#include "out/text.h"
#include "out_sample.h"

static char *text_of(const struct view *v, const struct text_options *opts)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	assert_int_equal(text_write(f, v, opts), 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(strlen(text), len);
	return text;
}

static void check(const char *path, const struct view *v, const struct text_options *opts)
{
	char *text = text_of(v, opts);

	golden_check(path, text);
	free(text);
}

static void a_leak_reads_as_its_golden_file(void **state)
{
	check("test/golden/leak.txt", &sample_leak, NULL);
}

static void a_clean_run_reads_as_its_golden_file(void **state)
{
	check("test/golden/clean.txt", &sample_clean, NULL);
}

static void a_hostile_run_reads_as_its_golden_file(void **state)
{
	check("test/golden/hostile.txt", &sample_hostile, NULL);
}

static void utf8_names_stay_when_asked_for(void **state)
{
	check("test/golden/hostile-utf8.txt", &sample_hostile,
	      &(struct text_options){.width = 100, .utf8 = true});
}

static void ascii_report_holds_printable_ascii_only(void **state)
{
	char *text = text_of(&sample_hostile, NULL);

	for (char *c = text; *c; c++)
		assert_true(*c == '\n' || (*c >= ' ' && *c < 127));
	free(text);
}

/* Hints, reasons and notes are words; the widest table of the samples has 80 columns. */
static void no_line_is_wider_than_the_page(void **state)
{
	const struct view *const views[] = {&sample_leak, &sample_clean, &sample_hostile};
	const unsigned widths[] = {80, 100, 200};

	for (int v = 0; v < 3; v++) {
		for (int w = 0; w < 3; w++) {
			char *text = text_of(views[v], &(struct text_options){.width = widths[w]});

			/* The verdict is one line by design, whatever its length. */
			for (char *line = strchr(text, '\n') + 1; *line;) {
				size_t len = strcspn(line, "\n");

				if (len > widths[w])
					fail_msg("%zu columns of %u: %.*s", len, widths[w],
						 (int)len, line);
				line += len + 1;
			}
			free(text);
		}
	}
}

static void colour_adds_escapes_and_nothing_else(void **state)
{
	char *plain = text_of(&sample_leak, NULL);
	char *coloured = text_of(&sample_leak, &(struct text_options){.colour = true});
	char *to = coloured;

	assert_null(strchr(plain, '\033'));
	assert_non_null(strstr(coloured, "\033[1;31mLEAK\033[0m"));
	for (char *from = coloured; *from;) {
		if (*from == '\033')
			from = strchr(from, 'm') + 1;
		else
			*to++ = *from++;
	}
	*to = '\0';
	assert_string_equal(plain, coloured);
	free(plain);
	free(coloured);
}

static void a_full_disk_is_noticed(void **state)
{
	FILE *f = fopen("/dev/full", "we");

	if (!f)
		skip(); /* not on this machine */
	assert_int_equal(text_write(f, &sample_clean, NULL), -ENOSPC);
	fclose(f);
}

static void a_read_only_file_is_noticed(void **state)
{
	FILE *f = fopen("/dev/null", "re");

	assert_non_null(f);
	assert_int_equal(text_write(f, &sample_clean, NULL), -EBADF);
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_leak_reads_as_its_golden_file),
	    cmocka_unit_test(a_clean_run_reads_as_its_golden_file),
	    cmocka_unit_test(a_hostile_run_reads_as_its_golden_file),
	    cmocka_unit_test(utf8_names_stay_when_asked_for),
	    cmocka_unit_test(ascii_report_holds_printable_ascii_only),
	    cmocka_unit_test(no_line_is_wider_than_the_page),
	    cmocka_unit_test(colour_adds_escapes_and_nothing_else),
	    cmocka_unit_test(a_full_disk_is_noticed),
	    cmocka_unit_test(a_read_only_file_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
