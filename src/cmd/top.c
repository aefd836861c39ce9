/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* top.c - "forktally top": what every process holds, again and again. */
#include "cmd/top.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/number.h"
#include "cmd/cmd.h"
#include "cmd/options.h"

#define SECOND_NS 1000000000ULL

static const char *const source_choices[] = {"auto", "proc", "bpf", NULL};
static const char *const color_choices[] = {"auto", "always", "never", NULL};

/* clang-format off */
static const struct option_spec top_specs[] = {
	{.name = "delay", .letter = 'd', .kind = OPTION_DURATION, .value = "SECONDS",
	 .min = SECOND_NS / 10, .max = 86400 * SECOND_NS, .offset = offsetof(struct top_options, interval_ns),
	 .help = "between two looks (default 1; 0.1 at least)"},
	{.name = "number", .letter = 'n', .kind = OPTION_NUMBER, .value = "COUNT", .min = 1, .max = 1000000000,
	 .offset = offsetof(struct top_options, count),
	 .help = "end after so many looks"},
	{.name = "batch", .letter = 'b', .kind = OPTION_FLAG, .offset = offsetof(struct top_options, batch),
	 .help = "plain text to stdout, for scripts and logs"},
	{.name = "fields", .letter = 'o', .kind = OPTION_TEXT, .value = "FIELDS",
	 .offset = offsetof(struct top_options, fields),
	 .help = "these columns, in this order: pid,kernel,growth;\n"
		 "+cgroup,maps adds to the usual ones"},
	{.name = "sort", .letter = 's', .kind = OPTION_TEXT, .value = "FIELD",
	 .offset = offsetof(struct top_options, sort),
	 .help = "by this field (default kernel): sizes and counts from\n"
		 "large to small; -FIELD the other way"},
	{.name = "tree", .letter = 't', .kind = OPTION_FLAG, .offset = offsetof(struct top_options, tree),
	 .help = "children below their parents"},
	{.name = "user", .letter = 'u', .kind = OPTION_TEXT, .value = "NAME",
	 .offset = offsetof(struct top_options, user),
	 .help = "only processes of this user, a name or a number"},
	{.name = "cgroup", .letter = 'g', .kind = OPTION_TEXT, .value = "PATH",
	 .offset = offsetof(struct top_options, cgroup),
	 .help = "only processes in this control group and those below it"},
	{.name = "all", .letter = 'a', .kind = OPTION_FLAG, .offset = offsetof(struct top_options, all),
	 .help = "kernel threads too"},
	{.name = "source", .kind = OPTION_CHOICE, .value = "NAME", .choices = source_choices,
	 .offset = offsetof(struct top_options, source),
	 .help = "bpf: exact, needs root; proc: no privileges, kernel\n"
		 "memory is estimated; auto (default): bpf, else proc"},
	{.name = "color", .kind = OPTION_CHOICE, .value = "WHEN", .choices = color_choices,
	 .offset = offsetof(struct top_options, color),
	 .help = "auto, always or never; auto heeds NO_COLOR"},
	{.name = "help", .letter = 'h', .kind = OPTION_FLAG, .offset = offsetof(struct top_options, help),
	 .help = "this text"},
	{.name = NULL},
};
/* clang-format on */

static int parse(int argc, char *const argv[], struct top_options *o)
{
	char error[OPTIONS_ERROR_BYTES];
	int used;

	if (options_parse(top_specs, argc, argv, o, &used, error)) {
		cmd_error("%s", error);
		return STATUS_FAILED;
	}
	if (used < argc) {
		cmd_error("top takes options only, not '%.40s'; --help lists all of them",
			  argv[used]);
		return STATUS_FAILED;
	}
	return 0;
}

static int read_columns(const struct top_options *o, struct top_query *query)
{
	const char *bad;
	size_t length;

	query->columns = top_columns_usual(o->batch ? 160 : 80, o->tree);
	if (!o->fields || !top_columns_parse(o->fields, &query->columns, &bad, &length))
		return 0;
	if (top_column_find(bad, length) != TOP_COLUMNS)
		cmd_error("--fields: '%.*s' is there twice", (int)length, bad);
	else
		cmd_error("--fields: there is no field '%.*s'; --help lists all of them",
			  (int)(length > 40 ? 40 : length), bad);
	return STATUS_FAILED;
}

static int read_user(const char *name, struct census_query *query)
{
	struct passwd *entry = getpwnam(name);
	uint64_t n;

	if (!entry && number_parse(name, 0, UINT32_MAX - 1, &n)) {
		cmd_error("--user: there is no user '%s'", name);
		return STATUS_FAILED;
	}
	query->by_user = true;
	query->uid = entry ? entry->pw_uid : (uint32_t)n;
	return 0;
}

static int read_query(struct top *t)
{
	const struct top_options *o = t->options;
	const char *sort = o->sort ? o->sort : "kernel";
	int status = read_columns(o, &t->query);

	if (status)
		return status;
	t->query.tree = o->tree;
	t->query.reverse = *sort == '-';
	sort += t->query.reverse;
	t->query.sort = top_column_find(sort, strlen(sort));
	if (t->query.sort == TOP_COLUMNS) {
		cmd_error("--sort: there is no field '%.40s'; --help lists all of them", sort);
		return STATUS_FAILED;
	}
	t->query.base.kernel_threads = o->all;
	if (o->cgroup) {
		names_cgroup_directory(o->cgroup, t->cgroup, sizeof(t->cgroup));
		t->query.base.cgroup = t->cgroup;
	}
	return o->user ? read_user(o->user, &t->query.base) : 0;
}

int top_open(const struct top_options *options, struct top *t)
{
	int status;

	*t = (struct top){.options = options, .forks = CENSUS_UNKNOWN_COUNT};
	status = read_query(t);
	if (status)
		return status;
	t->history = top_history_new();
	if (!t->history) {
		cmd_error("out of memory");
		return STATUS_FAILED;
	}
	status = census_session_open((enum source_choice)options->source, &t->session);
	if (status)
		top_history_free(t->history);
	else
		top_passed_open(t);
	return status;
}

void top_close(struct top *t)
{
	census_view_done(&t->view);
	if (t->all != t->now)
		census_free(t->all);
	census_free(t->now);
	top_history_free(t->history);
	follow_close(t->follow);
	census_session_close(&t->session);
}

/* False: nobody reads what we write. */
static bool wait_until(uint64_t then_ns)
{
	uint64_t now = top_clock_ns();

	while (now < then_ns) {
		struct timespec t = {(time_t)((then_ns - now) / SECOND_NS),
				     (long)((then_ns - now) % SECOND_NS)};
		struct pollfd out = {.fd = STDOUT_FILENO};

		if (ppoll(&out, 1, &t, NULL) > 0)
			return false;
		now = top_clock_ns();
	}
	return true;
}

int top_batch(struct top *t)
{
	bool utf8 = census_screen_look(COLOR_NEVER).utf8;
	uint64_t next = top_clock_ns();

	for (;;) {
		int status = top_look(t, false), err;
		struct top_show show;

		if (status)
			return status;
		show = top_show(t, 0, utf8, false);
		err = top_batch_write(stdout, &show);
		if (!err && t->looks == t->options->count)
			return 0;
		next += t->options->interval_ns;
		if (next < top_clock_ns()) /* we stood still, or a look takes longer */
			next = top_clock_ns();
		if (!err && !wait_until(next)) {
			(void)raise(SIGPIPE); /* as writing would, unless it is ignored */
			err = -EPIPE;
		}
		if (err)
			return cmd_stdout_failed(err);
	}
}

static void print_help(void)
{
	printf("Usage: forktally top [OPTIONS]\n"
	       "Shows what every process holds, again and again: private memory, the kernel\n"
	       "memory that exists because of it, shared memory; who grows, and how fast; and\n"
	       "what of the kernel's memory no process holds. ? shows the keys. ~ marks an\n"
	       "estimate, >= a lower bound, ? what is not known.\n\nOptions:\n");
	options_help(top_specs, stdout);
	printf("\nFields: those of forktally ps --help, and\n");
	for (unsigned id = TOP_GROWTH; id < TOP_COLUMNS; id++)
		printf("  %-14s %s\n", top_column_get(id).name, top_column_get(id).help);
	printf("\nExit status: 0; 125 on failure.\n"
	       "\nExamples:\n"
	       "  forktally top                               who holds the kernel's memory now?\n"
	       "  forktally top --sort growth.minute          who grows?\n"
	       "  forktally top --tree --user www-data        a server and its workers\n"
	       "  forktally top -b -d 60 >>/var/log/held.log  once a minute, for later\n");
}

int cmd_top(int argc, char *const argv[])
{
	struct top_options options = {.interval_ns = SECOND_NS};
	struct top *t;
	int status = parse(argc, argv, &options);

	if (status)
		return status;
	if (options.help) {
		print_help();
		return 0;
	}
	/* A census is some MiB, each look: it goes back as a whole, names do not pin it. */
#ifdef M_MMAP_THRESHOLD
	(void)mallopt(M_MMAP_THRESHOLD, 128 * 1024);
#endif
	t = malloc(sizeof(*t));
	if (!t) {
		cmd_error("out of memory");
		return STATUS_FAILED;
	}
	status = top_open(&options, t);
	if (!status) {
		status = options.batch ? top_batch(t) : top_interactive(t);
		top_close(t);
	}
	free(t);
	return status;
}
