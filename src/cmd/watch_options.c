/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/watch_options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/number.h"
#include "cmd/cmd.h"

#define SECOND_NS      1000000000ULL
#define DAY_NS	       (86400 * SECOND_NS)
#define PIDS_MAX       4096
#define INTERVAL_PARTS 32
#define INTERVAL_MIN   (SECOND_NS / 4)
#define INTERVAL_MAX   (10 * SECOND_NS)
#define COST_PARTS     50

static const char *const source_choices[] = {"auto", "proc", "bpf", NULL};

/* clang-format off */
const struct option_spec watch_option_specs[] = {
	{.name = "for", .kind = OPTION_DURATION, .value = "TIME", .min = 1, .max = 365 * DAY_NS,
	 .offset = offsetof(struct watch_cmd_options, run.timeout_ns),
	 .help = "watch for TIME; without it, until Ctrl-C or SIGTERM"},
	{.name = "interval", .letter = 'd', .kind = OPTION_DURATION, .value = "TIME",
	 .min = SECOND_NS / 100, .max = DAY_NS, .offset = offsetof(struct watch_cmd_options, interval_ns),
	 .help = "look every TIME; without it 4 times a second at first,\n"
		 "later every 10 s, never for more than 2 % of a CPU"},
	{.name = "user", .letter = 'u', .kind = OPTION_TEXT, .value = "NAME",
	 .offset = offsetof(struct watch_cmd_options, user),
	 .help = "only processes of this user, a name or a number, and\n"
		 "what they fork"},
	{.name = "cgroup", .letter = 'g', .kind = OPTION_TEXT, .value = "PATH",
	 .offset = offsetof(struct watch_cmd_options, cgroup),
	 .help = "only processes in this control group and those below\n"
		 "it, and what they fork"},
	{.name = "source", .kind = OPTION_CHOICE, .value = "NAME", .choices = source_choices,
	 .offset = offsetof(struct watch_cmd_options, run.source),
	 .help = "bpf: counts every fork, needs root; proc: sees only\n"
		 "children that are there at a look, and is never sure;\n"
		 "auto (default): bpf, else proc"},
	REPORT_OPTIONS(run_options),
	{.name = "record", .kind = OPTION_TEXT, .value = "FILE",
	 .offset = offsetof(struct watch_cmd_options, run.record_path),
	 .help = "keep the session for 'forktally replay', as lines of\n"
		 "JSON; compressed where FILE ends in .zst"},
	{.name = "help", .letter = 'h', .kind = OPTION_FLAG,
	 .offset = offsetof(struct watch_cmd_options, run.help), .help = "this text"},
	{.name = NULL},
};
/* clang-format on */

static int add_pid(struct watch_cmd_options *o, const char *word,
		   char error[static OPTIONS_ERROR_BYTES])
{
	uint64_t pid;

	if (!o->pids)
		o->pids = calloc(PIDS_MAX, sizeof(*o->pids));
	if (!o->pids || o->pid_count == PIDS_MAX) {
		(void)snprintf(error, OPTIONS_ERROR_BYTES,
			       o->pids ? "more than %d process ids" : "out of memory", PIDS_MAX);
		return o->pids ? -EINVAL : -ENOMEM;
	}
	if (strspn(word, "0123456789") != strlen(word) || number_parse(word, 1, INT32_MAX, &pid)) {
		(void)snprintf(error, OPTIONS_ERROR_BYTES,
			       "'%.40s' is no process id; watch takes numbers and options only",
			       word);
		return -EINVAL;
	}
	o->pids[o->pid_count++] = (uint32_t)pid;
	return 0;
}

int watch_options_parse(int argc, char *const argv[], struct watch_cmd_options *ret_options,
			char ret_error[static OPTIONS_ERROR_BYTES])
{
	struct watch_cmd_options o = {.run.report.error_exitcode = STATUS_LEAK};
	int at = 0, used, err = 0;

	while (!err && at < argc) {
		err = options_parse(watch_option_specs, argc - at, argv + at, &o, &used, ret_error);
		at += err ? 0 : used;
		if (!err && at < argc)
			err = add_pid(&o, argv[at++], ret_error);
	}
	if (!err && o.pids && (o.user || o.cgroup)) {
		(void)snprintf(ret_error, OPTIONS_ERROR_BYTES,
			       "process ids exclude --user and --cgroup");
		err = -EINVAL;
	}
	if (err)
		watch_options_done(&o);
	else
		*ret_options = o;
	return err;
}

void watch_options_done(struct watch_cmd_options *options)
{
	free(options->pids);
	options->pids = NULL;
	options->pid_count = 0;
}

uint64_t watch_interval(const struct watch_cmd_options *options, uint64_t passed_ns,
			uint64_t took_ns)
{
	uint64_t interval = passed_ns / INTERVAL_PARTS;

	if (options->interval_ns)
		return options->interval_ns;
	interval = interval < INTERVAL_MIN ? INTERVAL_MIN : interval;
	interval = interval > INTERVAL_MAX ? INTERVAL_MAX : interval;
	return interval > COST_PARTS * took_ns ? interval : COST_PARTS * took_ns;
}
