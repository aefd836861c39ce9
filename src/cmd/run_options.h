/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * run_options.h - what "run", "attach" and "replay" were asked to do. Pure: looks at nothing but the words.
 */
#ifndef FORKTALLY_RUN_OPTIONS_H
#define FORKTALLY_RUN_OPTIONS_H

#include <stdbool.h>
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

extern const struct option_spec run_option_specs[], attach_option_specs[], replay_option_specs[];

/**
 * run_options_parse() / attach_options_parse() / replay_options_parse() - from the words behind the subcommand's name.
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
