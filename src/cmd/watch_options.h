/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* watch_options.h - what "watch" was asked to do. Pure: looks at nothing but the words. */
#ifndef FORKTALLY_WATCH_OPTIONS_H
#define FORKTALLY_WATCH_OPTIONS_H

#include "cmd/run_options.h"

struct watch_cmd_options {
	/* .report first: REPORT_OPTIONS(run_options) are at the same places */
	struct run_options run;	   /* .timeout_ns: for how long; 0 until a signal */
	uint64_t interval_ns;	   /* 0: watch_interval() chooses */
	const char *user, *cgroup; /* NULL: not asked for */
	uint32_t *pids;		   /* NULL: none were named; watch_options_done() */
	size_t pid_count;
};

extern const struct option_spec watch_option_specs[];

/* Errors: -EINVAL with one line in ret_error; -ENOMEM likewise. */
int watch_options_parse(int argc, char *const argv[], struct watch_cmd_options *ret_options,
			char ret_error[static OPTIONS_ERROR_BYTES]);
void watch_options_done(struct watch_cmd_options *options);

/*
 * Until the next look: what was asked for; else 32 looks in the time that has passed, whatever it
 * is, so that a watch that is ended early can be judged as well, and no more than a fiftieth of one
 * processor. @took_ns: the look before.
 */
uint64_t watch_interval(const struct watch_cmd_options *options, uint64_t passed_ns,
			uint64_t took_ns);

#endif
