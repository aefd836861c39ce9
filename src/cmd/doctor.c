/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * doctor.c - "forktally doctor": what this machine allows, what is lost without it and how to get
 * it; with --calibrate, what kernel objects cost here.
 */
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "source/probe.h"
#include "source/proc/calibrate.h"
#include "source/proc/cost.h"

#define STATUS_NO_SOURCE 1
#define JSON_FORMAT	 (JSON_INDENT(2) | JSON_PRESERVE_ORDER)

struct doctor_options {
	bool json, calibrate, help;
};

static const struct option_spec doctor_specs[] = {
    {.name = "calibrate",
     .kind = OPTION_FLAG,
     .offset = offsetof(struct doctor_options, calibrate),
     .help = "measure what kernel objects cost and keep the table for source proc"},
    {.name = "json",
     .letter = 'j',
     .kind = OPTION_FLAG,
     .offset = offsetof(struct doctor_options, json),
     .help = "JSON instead of text"},
    {.name = "help",
     .letter = 'h',
     .kind = OPTION_FLAG,
     .offset = offsetof(struct doctor_options, help),
     .help = "this text"},
    {0},
};

static int print_json(json_t *root)
{
	int failed = !root || json_dumpf(root, stdout, JSON_FORMAT);

	json_decref(root);
	if (failed || putchar('\n') == EOF) {
		cmd_error("cannot write the JSON");
		return STATUS_FAILED;
	}
	return 0;
}

static json_t *json_of_ability(enum ability a)
{
	const struct ability_spec *spec = probe_spec(a);
	const struct probe_result *r = probe(a);
	json_t *needed = json_array();

	if (spec->need & NEED_BPF)
		json_array_append_new(needed, json_string("bpf"));
	if (spec->need & NEED_PROC)
		json_array_append_new(needed, json_string("proc"));
	return json_pack("{s:s, s:s, s:b, s:s?, s:s, s:o, s:s, s:s}", "name", spec->name, "title",
			 spec->title, "works", r->works, "error",
			 r->works ? NULL : strerrorname_np(-r->err), "detail", r->detail,
			 "needed_by", needed, "lost_without", spec->lack, "how_to_get", spec->get);
}

static json_t *json_of_costs(const struct cost_table *table)
{
	json_t *bytes = json_object();

	for (int i = 0; i < COSTS; i++)
		json_object_set_new(bytes, cost_name((enum cost)i), json_integer(table->bytes[i]));
	return json_pack("{s:b, s:s?, s:o}", "measured_here", table->measured, "kernel",
			 table->measured ? table->kernel : NULL, "bytes", bytes);
}

static int examine_json(const struct utsname *uts)
{
	json_t *abilities = json_array();
	enum ability missing;
	const char *source;
	struct cost_table costs;
	int status;

	for (int a = 0; a < ABILITIES; a++)
		json_array_append_new(abilities, json_of_ability((enum ability)a));
	source = probe_source(&missing);
	cost_table_load(&costs);
	status = print_json(json_pack("{s:i, s:s, s:s, s:i, s:s?, s:s?, s:o, s:o}", "version", 1,
				      "kernel", uts->release, "machine", uts->machine, "uid",
				      (int)geteuid(), "source", source, "missing",
				      missing == ABILITIES ? NULL : probe_spec(missing)->name,
				      "abilities", abilities, "cost_table", json_of_costs(&costs)));
	return status ? status : source ? 0 : STATUS_NO_SOURCE;
}

/* What several in a row need is said once. */
static void print_ability(enum ability a, const char **last_get)
{
	const struct ability_spec *spec = probe_spec(a);
	const struct probe_result *r = probe(a);

	printf("%-3s  %s", r->works ? "yes" : "NO", spec->title);
	if (!r->works)
		printf(": %s", strerror(-r->err));
	if (*r->detail)
		printf(" (%s)", r->detail);
	putchar('\n');
	if (r->works)
		return;
	printf("       lost:   %s\n", spec->lack);
	if (!*last_get || strcmp(*last_get, spec->get))
		printf("       to get: %s\n", spec->get);
	*last_get = spec->get;
}

static int examine_text(const struct utsname *uts)
{
	struct cost_table costs;
	enum ability missing;
	const char *source, *last_get = NULL;

	printf("Linux %s, %s, user %d\n\n", uts->release, uts->machine, (int)geteuid());
	for (int a = 0; a < ABILITIES; a++)
		print_ability((enum ability)a, &last_get);
	cost_table_load(&costs);
	if (costs.measured)
		printf("\nKernel bytes of source proc: by a table that was measured here.\n");
	else
		printf("\nKernel bytes of source proc: by the table that comes with forktally;\n"
		       "'forktally doctor --calibrate' measures this machine's.\n");
	source = probe_source(&missing);
	if (!source) {
		printf("forktally run: no source can be used here, for want of: %s.\n",
		       probe_spec(missing)->title);
		return STATUS_NO_SOURCE;
	}
	if (missing == ABILITIES)
		printf("forktally run takes source %s: exact.\n", source);
	else
		printf("forktally run takes source %s: kernel memory is estimated, because this is "
		       "missing: %s.\n",
		       source, probe_spec(missing)->title);
	return 0;
}

static void show_progress(void *ctx, enum cost kind)
{
	fprintf(stderr, "\r\033[Kforktally: measuring %s", cost_name(kind));
	fflush(stderr);
}

static void print_costs(const struct calibration *c)
{
	struct cost_table shipped;

	cost_table_default(&shipped);
	printf("%-16s %8s %8s %8s  %s\n", "object", "bytes", "shipped", "made", "what it is");
	for (int i = 0; i < COSTS; i++) {
		if (c->objects[i])
			printf("%-16s %8lld %8lld %8d  %s\n", cost_name((enum cost)i),
			       (long long)c->table.bytes[i], (long long)shipped.bytes[i],
			       c->objects[i], cost_help((enum cost)i));
		else
			printf("%-16s %8s %8lld %8s  %s: %s\n", cost_name((enum cost)i), "-",
			       (long long)shipped.bytes[i], "-", cost_help((enum cost)i),
			       strerror(-c->err[i]));
	}
}

static int calibrate_machine(bool json)
{
	bool show = isatty(STDERR_FILENO);
	struct calibration c;
	char path[4096];
	const char *why;
	int err = calibrate(show ? show_progress : NULL, NULL, &c, &why);

	if (show)
		fputs("\r\033[K", stderr);
	if (err) {
		cmd_error("cannot measure what kernel objects cost: %s (%s)", why, strerror(-err));
		return STATUS_FAILED;
	}
	err = cost_table_store(&c.table, path, sizeof(path));
	if (json) {
		int status = print_json(json_of_costs(&c.table));

		if (status)
			return status;
	} else {
		printf("Linux %s, memory cgroup v%d: bytes charged for one object\n\n",
		       c.table.kernel, c.v2 ? 2 : 1);
		print_costs(&c);
	}
	if (err) {
		cmd_error("cannot keep the table%s%s: %s", *path ? " in " : "", path,
			  strerror(-err));
		return STATUS_FAILED;
	}
	if (!json)
		printf("\nKept in %s for source proc, as long as this kernel runs.\n", path);
	return 0;
}

int cmd_doctor(int argc, char *const argv[])
{
	struct doctor_options options = {0};
	char error[OPTIONS_ERROR_BYTES];
	struct utsname uts;
	int rest;

	if (options_parse(doctor_specs, argc, argv, &options, &rest, error)) {
		cmd_error("%s", error);
		return STATUS_FAILED;
	}
	if (rest < argc) {
		cmd_error("doctor takes no further words, but there is '%s'", argv[rest]);
		return STATUS_FAILED;
	}
	if (options.help) {
		printf(
		    "Usage: forktally doctor [OPTIONS]\n"
		    "Tries each ability that forktally can use and says what is lost without it\n"
		    "and how to get it.\n\n");
		options_help(doctor_specs, stdout);
		printf("\nExit status: 0; 1 when no source can be used here; 125 on failure.\n");
		return 0;
	}
	if (options.calibrate)
		return calibrate_machine(options.json);
	if (uname(&uts)) {
		cmd_error("uname: %s", strerror(errno));
		return STATUS_FAILED;
	}
	return options.json ? examine_json(&uts) : examine_text(&uts);
}
