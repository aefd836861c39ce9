/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * run_options.h - what "run", "attach" and "replay" were asked to do. Pure: looks at nothing but
 * the words.
 */
#ifndef FORKTALLY_RUN_OPTIONS_H
#define FORKTALLY_RUN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "cmd/options.h"

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };
enum source_choice { SOURCE_CHOICE_AUTO, SOURCE_CHOICE_PROC, SOURCE_CHOICE_BPF };

/* Where the report goes and how the verdict becomes an exit status. */
struct report_options {
	const char *path; /* NULL: stderr */
	bool json;
	bool quiet;		      /* nothing when the verdict is clean */
	int color;		      /* enum color */
	uint64_t error_exitcode;      /* for a leak; 0: the command's own status */
	struct option_texts suppress; /* files of known residues */
	bool gen_suppressions;
	const char *junit_path, *sarif_path, *folded_path; /* NULL: none */
};

/* Of "run" and of "attach". */
struct run_options {
	struct report_options report;
	int source; /* enum source_choice */
	const char *record_path;
	uint64_t timeout_ns; /* 0: none; attach: of the window */
	uint64_t settle_ns;  /* 0: the source's default */
	uint64_t object_max; /* 0: the source's default */
	bool heap;	     /* run: the allocator hook */
	bool help;
	char *const *command; /* run: NULL-terminated, borrowed from argv; NULL with help */
	pid_t pid;	      /* attach; 0 with help */
};

struct replay_options {
	struct report_options report;
	const char *path; /* of the session; "-": standard input */
	bool help;
};

extern const char *const report_color_choices[]; /* as enum color */

/* The rows of an option table for a struct with a `struct report_options report`. */
/* clang-format off */
#define REPORT_OPTIONS(owner)                                                                      \
	{.name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct owner, report.json),       \
	 .help = "report as JSON (doc/report.md has the fields)"},                                 \
	{.name = "output", .letter = 'o', .kind = OPTION_TEXT, .value = "FILE",                    \
	 .offset = offsetof(struct owner, report.path),                                            \
	 .help = "report to FILE instead of stderr"},                                              \
	{.name = "junit", .kind = OPTION_TEXT, .value = "FILE",                                    \
	 .offset = offsetof(struct owner, report.junit_path),                                      \
	 .help = "the findings as JUnit XML too, for Jenkins and GitLab"},                         \
	{.name = "sarif", .kind = OPTION_TEXT, .value = "FILE",                                    \
	 .offset = offsetof(struct owner, report.sarif_path),                                      \
	 .help = "the findings as SARIF 2.1.0 too, for code scanning"},                            \
	{.name = "folded", .kind = OPTION_TEXT, .value = "FILE",                                   \
	 .offset = offsetof(struct owner, report.folded_path),                                     \
	 .help = "where bytes stayed as folded stacks too, for flame\n"                            \
		 "graphs"},                                                                        \
	{.name = "suppress", .kind = OPTION_TEXTS, .value = "FILE",                                \
	 .offset = offsetof(struct owner, report.suppress),                                        \
	 .help = "known residues, which are no leak; may be given again;\n"                         \
		 "forktally-run(1) has the form"},                                                \
	{.name = "gen-suppressions", .kind = OPTION_FLAG,                                          \
	 .offset = offsetof(struct owner, report.gen_suppressions),                                \
	 .help = "print a block for --suppress for each finding"},                                 \
	{.name = "error-exitcode", .kind = OPTION_NUMBER, .value = "N", .min = 0, .max = 255,      \
	 .offset = offsetof(struct owner, report.error_exitcode),                                  \
	 .help = "exit status for a leak (default 23); 0: leave the\n"                             \
		 "command's own status, whatever the verdict"},                                    \
	{.name = "quiet", .letter = 'q', .kind = OPTION_FLAG,                                      \
	 .offset = offsetof(struct owner, report.quiet),                                           \
	 .help = "no text report when the verdict is clean"},                                      \
	{.name = "color", .kind = OPTION_CHOICE, .value = "WHEN", .choices = report_color_choices,        \
	 .offset = offsetof(struct owner, report.color),                                           \
	 .help = "auto, always or never; auto heeds NO_COLOR"}
/* clang-format on */

extern const struct option_spec run_option_specs[], attach_option_specs[], replay_option_specs[];

/**
 * run_options_parse() / attach_options_parse() / replay_options_parse() - from the words behind the
 * subcommand's name.
 * @argv: argc words and then NULL.
 * Errors: -EINVAL with one line in ret_error.
 */
int run_options_parse(int argc, char *const argv[], struct run_options *ret_options,
		      char ret_error[static OPTIONS_ERROR_BYTES]);
int attach_options_parse(int argc, char *const argv[], struct run_options *ret_options,
			 char ret_error[static OPTIONS_ERROR_BYTES]);
int replay_options_parse(int argc, char *const argv[], struct replay_options *ret_options,
			 char ret_error[static OPTIONS_ERROR_BYTES]);

#endif
