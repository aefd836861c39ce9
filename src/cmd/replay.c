/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * replay.c - "forktally replay": a recorded session through the same books, and the same report.
 */
#include "cmd/cmd.h"
#include "cmd/run_options.h"

int cmd_replay(int argc, char *const argv[])
{
	struct replay_options options;
	char error[OPTIONS_ERROR_BYTES];

	if (replay_options_parse(argc, argv, &options, error)) {
		cmd_error("%s", error);
		return STATUS_FAILED;
	}
	if (options.help) {
		options_help(replay_option_specs, stdout);
		return 0;
	}
	cmd_error("cannot read '%s' yet", options.path);
	return STATUS_FAILED;
}
