/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ps.c - "forktally ps": what every process holds now, as a table. */
#include <errno.h>
#include <pwd.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/number.h"
#include "cmd/census_session.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/ps_check.h"
#include "out/census.h"

#define STATUS_NONE 1 /* no process matches */
#define PIDS_MAX    4096

struct ps_options {
	const char *fields, *sort, *cgroup, *user;
	uint64_t top;
	int source, color; /* enum source_choice, enum color */
	bool tree, all, bytes, json, csv, check, help;
	uint32_t *pids; /* NULL: none given */
	size_t pid_count;
};

static const char *const source_choices[] = {"auto", "proc", "bpf", NULL};
static const char *const color_choices[] = {"auto", "always", "never", NULL};

/* clang-format off */
static const struct option_spec ps_specs[] = {
	{.name = "fields", .letter = 'o', .kind = OPTION_TEXT, .value = "FIELDS",
	 .offset = offsetof(struct ps_options, fields),
	 .help = "these columns, in this order: pid,kernel,fd.pipe;\n"
		 "+cgroup,maps adds to the usual ones"},
	{.name = "sort", .letter = 's', .kind = OPTION_TEXT, .value = "FIELD",
	 .offset = offsetof(struct ps_options, sort),
	 .help = "by this field (default kernel): sizes and counts from\n"
		 "large to small; -FIELD the other way"},
	{.name = "tree", .letter = 't', .kind = OPTION_FLAG, .offset = offsetof(struct ps_options, tree),
	 .help = "children below their parents, with sums of each subtree"},
	{.name = "user", .letter = 'u', .kind = OPTION_TEXT, .value = "NAME",
	 .offset = offsetof(struct ps_options, user),
	 .help = "only processes of this user, a name or a number"},
	{.name = "cgroup", .letter = 'g', .kind = OPTION_TEXT, .value = "PATH",
	 .offset = offsetof(struct ps_options, cgroup),
	 .help = "only processes in this control group and those below it"},
	{.name = "top", .letter = 'n', .kind = OPTION_NUMBER, .value = "N", .min = 1, .max = 1000000,
	 .offset = offsetof(struct ps_options, top),
	 .help = "only the first N rows"},
	{.name = "all", .letter = 'a', .kind = OPTION_FLAG, .offset = offsetof(struct ps_options, all),
	 .help = "kernel threads too"},
	{.name = "bytes", .letter = 'b', .kind = OPTION_FLAG, .offset = offsetof(struct ps_options, bytes),
	 .help = "every byte: 1,234,567 in place of 1.2M"},
	{.name = "check", .kind = OPTION_FLAG, .offset = offsetof(struct ps_options, check),
	 .help = "compare the sum with what the kernel charges each control\n"
		 "group, or that of --cgroup; needs source bpf"},
	{.name = "json", .letter = 'j', .kind = OPTION_FLAG, .offset = offsetof(struct ps_options, json),
	 .help = "as JSON, all fields unless -o names some"},
	{.name = "csv", .kind = OPTION_FLAG, .offset = offsetof(struct ps_options, csv),
	 .help = "as comma-separated values"},
	{.name = "source", .kind = OPTION_CHOICE, .value = "NAME", .choices = source_choices,
	 .offset = offsetof(struct ps_options, source),
	 .help = "bpf: exact, needs root; proc: no privileges, kernel\n"
		 "memory is estimated; auto (default): bpf, else proc"},
	{.name = "color", .kind = OPTION_CHOICE, .value = "WHEN", .choices = color_choices,
	 .offset = offsetof(struct ps_options, color),
	 .help = "auto, always or never; auto heeds NO_COLOR"},
	{.name = "help", .letter = 'h', .kind = OPTION_FLAG, .offset = offsetof(struct ps_options, help),
	 .help = "this text"},
	{.name = NULL},
};
/* clang-format on */

static int read_pid(struct ps_options *o, const char *word)
{
	if (!o->pids)
		o->pids = calloc(PIDS_MAX, sizeof(*o->pids));
	if (!o->pids || o->pid_count == PIDS_MAX) {
		cmd_error("more than %d process ids", PIDS_MAX);
		return STATUS_FAILED;
	}
	if (census_pid_parse(word, &o->pids[o->pid_count])) {
		cmd_error("'%s' is no process id; ps takes numbers and options only", word);
		return STATUS_FAILED;
	}
	o->pid_count++;
	return 0;
}

static int parse(int argc, char *const argv[], struct ps_options *o)
{
	char error[OPTIONS_ERROR_BYTES];
	int at = 0, used;

	while (at < argc) {
		if (options_parse(ps_specs, argc - at, argv + at, o, &used, error)) {
			cmd_error("%s", error);
			return STATUS_FAILED;
		}
		at += used;
		if (at < argc && read_pid(o, argv[at++]))
			return STATUS_FAILED;
	}
	if (o->json && o->csv) {
		cmd_error("--json and --csv exclude each other");
		return STATUS_FAILED;
	}
	if (o->check &&
	    (o->csv || o->pids || o->user || o->tree || o->top || o->fields || o->sort || o->all)) {
		cmd_error("--check goes with --cgroup, --json, --bytes, --source and --color only");
		return STATUS_FAILED;
	}
	if (o->tree && o->top) {
		cmd_error("--top cuts a list; with --tree use --user, --cgroup or process ids");
		return STATUS_FAILED;
	}
	return 0;
}

static int read_columns(const struct ps_options *o, struct census_columns *columns)
{
	const char *bad;
	size_t length;

	*columns = o->tree ? census_columns_tree : census_columns_default;
	if (o->json && !o->fields) {
		columns->count = 0;
		for (unsigned id = 0; id < CENSUS_OWN_FIELDS; id++) {
			if (census_field_get(id)->depth <= CENSUS_KINDS_ALL)
				columns->at[columns->count++] = id;
		}
	}
	if (!o->fields || !census_columns_parse(o->fields, columns, &bad, &length))
		return 0;
	if (census_field_find(bad, length) != CENSUS_FIELDS)
		cmd_error("--fields: '%.*s' is there twice", (int)length, bad);
	else
		cmd_error("--fields: there is no field '%.*s'; --help lists all of them",
			  (int)(length > 40 ? 40 : length), bad);
	return STATUS_FAILED;
}

static int read_user(const char *name, uint32_t *ret_uid)
{
	struct passwd *entry = getpwnam(name);
	uint64_t n;

	if (!entry && number_parse(name, 0, UINT32_MAX - 1, &n)) {
		cmd_error("--user: there is no user '%s'", name);
		return STATUS_FAILED;
	}
	*ret_uid = entry ? entry->pw_uid : (uint32_t)n;
	return 0;
}

static int read_query(const struct ps_options *o, char *cgroup, size_t size,
		      struct census_query *query)
{
	const char *sort = o->sort ? o->sort : "kernel";
	bool reverse = *sort == '-';

	*query = (struct census_query){.pids = o->pids,
				       .pid_count = o->pid_count,
				       .kernel_threads = o->all,
				       .by_user = o->user,
				       .tree = o->tree,
				       .reverse = reverse,
				       .top = (uint32_t)o->top};
	query->sort = census_field_find(sort + reverse, strlen(sort + reverse));
	if (query->sort == CENSUS_FIELDS) {
		cmd_error("--sort: there is no field '%.40s'; --help lists all of them",
			  sort + reverse);
		return STATUS_FAILED;
	}
	if (o->cgroup) {
		names_cgroup_directory(o->cgroup, cgroup, size);
		query->cgroup = cgroup;
	}
	return o->user ? read_user(o->user, &query->uid) : 0;
}

/* Those that were asked for and are not there. */
static int say_missing(const struct ps_options *o, const struct census *c)
{
	int status = 0;

	for (size_t i = 0; i < o->pid_count; i++) {
		if (census_find(c, o->pids[i], 0) != CENSUS_NONE)
			continue;
		cmd_error("there is no process %u%s", o->pids[i],
			  c->source == SOURCE_PROC && census_proc_hides()
			      ? ", or /proc (hidepid) does not show it"
			  : c->source == SOURCE_BPF && o->pids[i] == 1
			      ? " that BPF iterators show; --source=proc sees it"
			      : "");
		status = STATUS_NONE;
	}
	return status;
}

static int print(const struct ps_options *o, const struct census_session *s,
		 const struct census_view *view, const struct census_columns *columns)
{
	struct census_screen screen = census_screen_look(o->color);
	struct census_print print = {.view = view,
				     .columns = columns,
				     .notes = s->notes,
				     .note_count = s->note_count,
				     .width = screen.width,
				     .colour = screen.colour,
				     .utf8 = screen.utf8,
				     .exact = o->bytes,
				     .tree = o->tree};
	int err = o->json  ? census_json_write(stdout, &print)
		  : o->csv ? census_csv_write(stdout, &print)
			   : census_text_write(stdout, &print);

	return err ? cmd_stdout_failed(err) : 0;
}

static int check(const struct ps_options *o, struct census_session *s)
{
	struct census_screen screen = census_screen_look((enum color)o->color);
	struct census_print look = {
	    .width = screen.width, .colour = screen.colour, .utf8 = screen.utf8, .exact = o->bytes};
	char cgroup[4096];

	if (o->cgroup)
		names_cgroup_directory(o->cgroup, cgroup, sizeof(cgroup));
	return ps_check(s, o->cgroup ? cgroup : NULL, &look, o->json);
}

static int show(const struct ps_options *o, struct census_session *s)
{
	struct census_names names = census_session_names(s);
	struct census_columns columns;
	struct census_query query;
	struct census_view view;
	struct census *census;
	char cgroup[4096];
	int status = read_columns(o, &columns), err;

	if (!status)
		status = read_query(o, cgroup, sizeof(cgroup), &query);
	if (!status)
		status = census_session_take(s, census_view_depth(&columns, &query), &census);
	if (status)
		return status;
	status = say_missing(o, census);
	err = census_view_make(census, &query, &columns, &names, &view);
	if (err) {
		cmd_error("out of memory");
		status = STATUS_FAILED;
	} else if (!view.count && !o->json && !o->csv) {
		if (!status)
			cmd_error("no process matches");
		status = STATUS_NONE;
	} else {
		int printed = print(o, s, &view, &columns);

		if (printed || !view.count)
			status = printed ? printed : STATUS_NONE;
	}
	if (!err)
		census_view_done(&view);
	census_free(census);
	return status;
}

static void print_fields(void)
{
	int column = 0;

	for (unsigned id = 0; id < CENSUS_OWN_FIELDS; id++) {
		const struct census_field *f = census_field_get(id);

		printf("  %-14s %s\n", f->name, f->help);
	}
	printf("  and for each kind of kernel or shared object its bytes, and objects with .count "
	       "behind:");
	for (unsigned k = 0; k < CENSUS_KINDS; k++) {
		const char *name = census_field_get(CF_KIND_BYTES + k)->name;

		if (!k || column + (int)strlen(name) + 1 > 78)
			column = printf("\n   ") - 1;
		column += printf(" %s", name);
	}
	putchar('\n');
}

static void print_help(void)
{
	printf("Usage: forktally ps [OPTIONS] [PID...]\n"
	       "Shows what every process holds now: private memory, the kernel memory that exists\n"
	       "because of it, shared memory and swap. What several hold is divided among them,\n"
	       "so columns add up and nothing counts twice. ~ marks an estimate, >= a lower\n"
	       "bound, ? what is not known.\n\nOptions:\n");
	options_help(ps_specs, stdout);
	printf("\nFields:\n");
	print_fields();
	printf("\nExit status: 0; 1 no process matches, or a PID is not there; 125 on failure.\n"
	       "\nExamples:\n"
	       "  forktally ps                          who holds the kernel's memory?\n"
	       "  forktally ps --tree --user www-data   a server and its workers, with sums\n"
	       "  forktally ps -n 10 -o pid,fds,fd.pipe.count,command --sort fds\n"
	       "  forktally ps --json | jq '.processes[] | select(.zombies > 0)'\n"
	       "  forktally explain PID                 all that one of them holds\n");
}

int cmd_ps(int argc, char *const argv[])
{
	struct ps_options options = {.fields = NULL};
	struct census_session session;
	int status = parse(argc, argv, &options);

	if (!status && options.help) {
		print_help();
	} else if (!status) {
		status = census_session_open((enum source_choice)options.source, &session);
		if (!status) {
			status =
			    options.check ? check(&options, &session) : show(&options, &session);
			census_session_close(&session);
		}
	}
	free(options.pids);
	return status;
}
