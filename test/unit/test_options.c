/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: the words behind "run", "attach" and "replay": all accepted forms, what ends the options,
 * and that each refusal names the option and the way out. Not: what the options then do.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "cmd/run_options.h"

#define WORDS(...)                                                                                 \
	(char *[])                                                                                 \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}

static char error[OPTIONS_ERROR_BYTES];

static int count(char **words)
{
	int n = 0;

	while (words[n])
		n++;
	return n;
}

static struct run_options run_of(char **words)
{
	struct run_options options = {0};

	if (run_options_parse(count(words), words, &options, error))
		fail_msg("refused: %s", error);
	return options;
}

static void refused(char **words, const char *about)
{
	struct run_options options = {.timeout_ns = 77};

	assert_int_equal(run_options_parse(count(words), words, &options, error), -EINVAL);
	assert_int_equal(options.timeout_ns, 77);
	if (!strstr(error, about))
		fail_msg("\"%s\" does not speak of %s", error, about);
	if (strchr(error, '\n'))
		fail_msg("\"%s\" is more than one line", error);
}

static void test_defaults(void **state)
{
	struct run_options options = run_of(WORDS("true"));

	assert_int_equal(options.source, SOURCE_CHOICE_AUTO);
	assert_int_equal(options.report.error_exitcode, 23);
	assert_int_equal(options.report.color, COLOR_AUTO);
	assert_false(options.report.json);
	assert_false(options.report.quiet);
	assert_null(options.report.path);
	assert_null(options.record_path);
	assert_int_equal(options.timeout_ns + options.settle_ns + options.object_max, 0);
	assert_string_equal(options.command[0], "true");
	assert_null(options.command[1]);
}

static void test_forms(void **state)
{
	struct run_options options =
	    run_of(WORDS("--source=bpf", "--json", "-o", "report", "--record", "log.zst",
			 "--error-exitcode=0", "--timeout=1.5m", "--settle", "250ms",
			 "--objects=2M", "--color", "never", "-q", "--", "cmd", "--json"));

	assert_int_equal(options.source, SOURCE_CHOICE_BPF);
	assert_true(options.report.json);
	assert_true(options.report.quiet);
	assert_string_equal(options.report.path, "report");
	assert_string_equal(options.record_path, "log.zst");
	assert_int_equal(options.report.error_exitcode, 0);
	assert_int_equal(options.timeout_ns, 90000000000);
	assert_int_equal(options.settle_ns, 250000000);
	assert_int_equal(options.object_max, 2 << 20);
	assert_int_equal(options.report.color, COLOR_NEVER);
	assert_string_equal(options.command[0], "cmd");
	assert_string_equal(options.command[1], "--json");

	options = run_of(WORDS("-qoreport", "cmd"));
	assert_true(options.report.quiet);
	assert_string_equal(options.report.path, "report");
	options = run_of(WORDS("--output=a", "--output=b", "cmd"));
	assert_string_equal(options.report.path, "b");
}

static void test_command_begins(void **state)
{
	/* The command's own options are not ours, nor is a second "--". */
	struct run_options options = run_of(WORDS("cmd", "--json", "-o", "x"));

	assert_false(options.report.json);
	assert_null(options.report.path);
	assert_string_equal(options.command[1], "--json");
	options = run_of(WORDS("--", "--", "x"));
	assert_string_equal(options.command[0], "--");
	options = run_of(WORDS("--", "-q"));
	assert_string_equal(options.command[0], "-q");
	options = run_of(WORDS("-"));
	assert_string_equal(options.command[0], "-");
}

static void test_refusals(void **state)
{
	refused(WORDS("--jsno", "cmd"), "'--json'");
	refused(WORDS("--nonsense-option", "cmd"), "--help");
	refused(WORDS("-z", "cmd"), "'-z'");
	refused(WORDS("-qz", "cmd"), "'-qz'");
	refused(WORDS("--json=yes", "cmd"), "--json takes no value");
	refused(WORDS("-o"), "-o FILE");
	refused(WORDS("--record"), "--record=FILE");
	refused(WORDS("--record=", "cmd"), "--record");
	refused(WORDS("--source=ebpf", "cmd"), "auto, proc, bpf");
	refused(WORDS("--color=yes", "cmd"), "auto, always, never");
	refused(WORDS("--error-exitcode=256", "cmd"), "between 0 and 255");
	refused(WORDS("--error-exitcode=-1", "cmd"), "'-1' is not a whole number");
	refused(WORDS("--error-exitcode=", "cmd"), "--error-exitcode");
	refused(WORDS("--timeout=5 minutes", "cmd"), "time span");
	refused(WORDS("--timeout=0", "cmd"), "--timeout");
	refused(WORDS("--timeout=366d", "cmd"), "365d");
	refused(WORDS("--settle=0.1ms", "cmd"), "1ms");
	refused(WORDS("--objects=5", "cmd"), "between 1024 and");
	refused(WORDS("--json"), "no command");
	refused(WORDS("--"), "no command");
	refused(WORDS("--source=\033[2Jx", "cmd"), "'?[2Jx'");
}

static void test_long_words(void **state)
{
	char word[5000];

	memset(word, 'x', sizeof(word));
	memcpy(word, "--", 2);
	word[sizeof(word) - 1] = '\0';
	refused(WORDS(word, "cmd"), "unknown option");
	memcpy(word, "--source=", 9);
	refused(WORDS(word, "cmd"), "auto, proc, bpf");
}

static void test_help(void **state)
{
	struct run_options options = run_of(WORDS("--help"));
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_true(options.help);
	assert_null(options.command);
	options_help(run_option_specs, f);
	fclose(f);
	for (const struct option_spec *spec = run_option_specs; spec->name; spec++) {
		char name[64];

		snprintf(name, sizeof(name), "--%s", spec->name);
		assert_non_null(strstr(text, name));
	}
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		assert_in_range(strlen(line), 1, 80);
	free(text);
}

static int attach(struct run_options *options, char **words)
{
	return attach_options_parse(count(words), words, options, error);
}

static void test_attach(void **state)
{
	static const char *const wrong[] = {
	    "0", "-1", "+1", "1K", "init", "1 ", "", "0x1", "2147483648", "99999999999999999999"};
	struct run_options options = {0};

	assert_int_equal(attach(&options, WORDS("4711")), 0);
	assert_int_equal(options.pid, 4711);
	assert_int_equal(options.timeout_ns, 0);
	assert_int_equal(options.report.error_exitcode, 23);
	assert_null(options.command);
	assert_int_equal(attach(&options, WORDS("--for=1.5m", "2147483647", "--json")), 0);
	assert_int_equal(options.pid, INT32_MAX);
	assert_int_equal(options.timeout_ns, 90000000000);
	assert_true(options.report.json);
	assert_int_equal(attach(&options, WORDS("1", "--for", "250ms", "--source=proc")), 0);
	assert_int_equal(options.timeout_ns, 250000000);
	assert_int_equal(options.source, SOURCE_CHOICE_PROC);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(attach(&options, WORDS("--", (char *)wrong[i])), -EINVAL);
		assert_non_null(strstr(error, "number"));
	}
	assert_int_equal(attach(&options, WORDS("--for=30s")), -EINVAL);
	assert_non_null(strstr(error, "no process"));
	assert_int_equal(attach(&options, WORDS("1", "2")), -EINVAL);
	assert_non_null(strstr(error, "one process"));
	assert_int_equal(attach(&options, WORDS("1", "--for=0")), -EINVAL);
	assert_int_equal(attach(&options, WORDS("1", "--for=soon")), -EINVAL);
	assert_non_null(strstr(error, "time span"));
	assert_int_equal(attach(&options, WORDS("1", "--timeout=1")), -EINVAL);
	assert_int_equal(attach(&options, WORDS("--help")), 0);
	assert_true(options.help);
}

static void test_replay(void **state)
{
	struct replay_options options;
	char **words = WORDS("log.zst", "--json", "-o", "out");

	assert_int_equal(replay_options_parse(4, words, &options, error), 0);
	assert_string_equal(options.path, "log.zst");
	assert_true(options.report.json);
	assert_string_equal(options.report.path, "out");
	assert_int_equal(options.report.error_exitcode, 23);
	words = WORDS("--json", "-");
	assert_int_equal(replay_options_parse(2, words, &options, error), 0);
	assert_string_equal(options.path, "-");
	words = WORDS("--", "-x");
	assert_int_equal(replay_options_parse(2, words, &options, error), 0);
	assert_string_equal(options.path, "-x");
	words = WORDS("a", "b");
	assert_int_equal(replay_options_parse(2, words, &options, error), -EINVAL);
	words = WORDS("--json");
	assert_int_equal(replay_options_parse(1, words, &options, error), -EINVAL);
	words = WORDS("--timeout=5", "a");
	assert_int_equal(replay_options_parse(2, words, &options, error), -EINVAL);
	words = WORDS("");
	assert_int_equal(replay_options_parse(1, words, &options, error), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults),	   cmocka_unit_test(test_forms),
	    cmocka_unit_test(test_command_begins), cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_long_words),	   cmocka_unit_test(test_help),
	    cmocka_unit_test(test_attach),	   cmocka_unit_test(test_replay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
