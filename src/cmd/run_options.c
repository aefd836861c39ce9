/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/run_options.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include "base/number.h"
#include "cmd/cmd.h"

#define SECOND_NS 1000000000ULL
#define DAY_NS	  (86400 * SECOND_NS)

static const char *const source_choices[] = {"auto", "proc", "bpf", NULL};
const char *const report_color_choices[] = {"auto", "always", "never", NULL};

/* clang-format off */
/* What "run" and "attach" share, but for how the time is bounded. */
#define WATCH_OPTIONS(...)                                                                         \
	{.name = "source", .kind = OPTION_CHOICE, .value = "NAME", .choices = source_choices,      \
	 .offset = offsetof(struct run_options, source),                                           \
	 .help = "bpf: exact, needs root; proc: no privileges, kernel\n"                           \
		 "memory is estimated; auto (default): bpf, else proc"},                           \
	REPORT_OPTIONS(run_options),                                                               \
	{.name = "record", .kind = OPTION_TEXT, .value = "FILE",                                   \
	 .offset = offsetof(struct run_options, record_path),                                      \
	 .help = "keep the session for 'forktally replay', as lines of\n"                          \
		 "JSON; compressed where FILE ends in .zst"},                                      \
	__VA_ARGS__,                                                                               \
	{.name = "settle", .kind = OPTION_DURATION, .value = "TIME", .min = 1000000,               \
	 .max = 3600 * SECOND_NS, .offset = offsetof(struct run_options, settle_ns),               \
	 .help = "wait at most TIME for what the kernel gives back late"},                         \
	{.name = "objects", .kind = OPTION_NUMBER, .value = "N", .min = 1024, .max = 1U << 28,     \
	 .offset = offsetof(struct run_options, object_max),                                       \
	 .help = "room for N open kernel objects (K, M: times 1024);\n"                            \
		 "raise it when the report says that the table was full"},                         \
	{.name = "help", .letter = 'h', .kind = OPTION_FLAG,                                       \
	 .offset = offsetof(struct run_options, help), .help = "this text"},                       \
	{.name = NULL}

const struct option_spec run_option_specs[] = {
	WATCH_OPTIONS(
	{.name = "heap", .kind = OPTION_FLAG, .offset = offsetof(struct run_options, heap),
	 .help = "name the lines that allocate memory which stays;\n"
		 "loads a hook into CMD by LD_PRELOAD"},
	{.name = "timeout", .kind = OPTION_DURATION, .value = "TIME", .min = 1, .max = 365 * DAY_NS,
	 .offset = offsetof(struct run_options, timeout_ns),
	 .help = "end the run after TIME: SIGTERM to all of its\n"
		 "processes, SIGKILL 2 s later; the report still comes"}),
};

const struct option_spec attach_option_specs[] = {
	WATCH_OPTIONS(
	{.name = "for", .kind = OPTION_DURATION, .value = "TIME", .min = 1, .max = 365 * DAY_NS,
	 .offset = offsetof(struct run_options, timeout_ns),
	 .help = "watch for TIME; without it, until Ctrl-C"}),
};

const struct option_spec replay_option_specs[] = {
	REPORT_OPTIONS(replay_options),
	{.name = "help", .letter = 'h', .kind = OPTION_FLAG,
	 .offset = offsetof(struct replay_options, help), .help = "this text"},
	{.name = NULL},
};
/* clang-format on */

static int refuse(char error[static OPTIONS_ERROR_BYTES], const char *text)
{
	snprintf(error, OPTIONS_ERROR_BYTES, "%s", text);
	return -EINVAL;
}

int run_options_parse(int argc, char *const argv[], struct run_options *ret_options,
		      char ret_error[static OPTIONS_ERROR_BYTES])
{
	struct run_options options = {.report.error_exitcode = STATUS_LEAK};
	int rest, err;

	err = options_parse(run_option_specs, argc, argv, &options, &rest, ret_error);
	if (err)
		return err;
	if (!options.help) {
		if (rest == argc)
			return refuse(ret_error, "no command given: forktally run [options] -- CMD "
						 "[ARG...]");
		options.command = argv + rest;
	}
	*ret_options = options;
	return 0;
}

int attach_options_parse(int argc, char *const argv[], struct run_options *ret_options,
			 char ret_error[static OPTIONS_ERROR_BYTES])
{
	struct run_options options = {.report.error_exitcode = STATUS_LEAK};
	const char *word = NULL;
	uint64_t pid = 0;
	int err =
	    options_parse_around(attach_option_specs, argc, argv, &options, &word,
			 "one process at a time; those below it are watched with it", ret_error);

	if (err)
		return err;
	if (!options.help) {
		if (!word)
			return refuse(ret_error,
				      "no process given: forktally attach [options] PID");
		if (strspn(word, "0123456789") != strlen(word) ||
		    number_parse(word, 1, INT32_MAX, &pid))
			return refuse(ret_error,
				      "a process is named by its number, as ps(1) and "
				      "pgrep(1) show it: forktally attach [options] PID");
		options.pid = (pid_t)pid;
	}
	*ret_options = options;
	return 0;
}

int replay_options_parse(int argc, char *const argv[], struct replay_options *ret_options,
			 char ret_error[static OPTIONS_ERROR_BYTES])
{
	struct replay_options options = {.report.error_exitcode = STATUS_LEAK};
	int err = options_parse_around(replay_option_specs, argc, argv, &options, &options.path,
			       "one session file at a time", ret_error);

	if (err)
		return err;
	if (!options.help && !options.path)
		return refuse(ret_error, "no session file given: forktally replay [options] FILE");
	if (options.path && !*options.path)
		return refuse(ret_error, "the session file's name is empty");
	*ret_options = options;
	return 0;
}
