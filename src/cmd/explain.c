/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* explain.c - "forktally explain PID": all that one process holds, and what is unusual about it. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "cmd/census_session.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "out/explain.h"
#include "source/open_files.h"

#define STATUS_NONE 1 /* there is no such process */

struct explain_options {
	int source, color;
	bool all, bytes, json, help;
	uint32_t pid; /* 0: none given */
};

static const char *const source_choices[] = {"auto", "proc", "bpf", NULL};
static const char *const color_choices[] = {"auto", "always", "never", NULL};

/* clang-format off */
static const struct option_spec explain_specs[] = {
	{.name = "all", .letter = 'a', .kind = OPTION_FLAG, .offset = offsetof(struct explain_options, all),
	 .help = "every descriptor and child, not only the first ten"},
	{.name = "bytes", .letter = 'b', .kind = OPTION_FLAG, .offset = offsetof(struct explain_options, bytes),
	 .help = "every byte: 1,234,567 in place of 1.2M"},
	{.name = "json", .letter = 'j', .kind = OPTION_FLAG, .offset = offsetof(struct explain_options, json),
	 .help = "as JSON, everything"},
	{.name = "source", .kind = OPTION_CHOICE, .value = "NAME", .choices = source_choices,
	 .offset = offsetof(struct explain_options, source),
	 .help = "bpf: exact, needs root; proc: no privileges, kernel\n"
		 "memory is estimated; auto (default): bpf, else proc"},
	{.name = "color", .kind = OPTION_CHOICE, .value = "WHEN", .choices = color_choices,
	 .offset = offsetof(struct explain_options, color),
	 .help = "auto, always or never; auto heeds NO_COLOR"},
	{.name = "help", .letter = 'h', .kind = OPTION_FLAG, .offset = offsetof(struct explain_options, help),
	 .help = "this text"},
	{.name = NULL},
};
/* clang-format on */

static int parse(int argc, char *const argv[], struct explain_options *o)
{
	char error[OPTIONS_ERROR_BYTES];
	int at = 0, used;

	while (at < argc) {
		if (options_parse(explain_specs, argc - at, argv + at, o, &used, error)) {
			cmd_error("%s", error);
			return STATUS_FAILED;
		}
		at += used;
		if (at == argc)
			break;
		if (o->pid) {
			cmd_error("one process at a time: forktally explain PID");
			return STATUS_FAILED;
		}
		if (census_pid_parse(argv[at], &o->pid)) {
			cmd_error("'%s' is no process id; try forktally explain $(pgrep -o %s)",
				  argv[at], argv[at]);
			return STATUS_FAILED;
		}
		at++;
	}
	if (!o->pid && !o->help) {
		cmd_error("no process given: forktally explain [OPTIONS] PID; forktally ps lists "
			  "all");
		return STATUS_FAILED;
	}
	return 0;
}

/* A thread's number is not a process's: say whose it is. */
static void say_missing(uint32_t pid)
{
	char path[64], line[256];
	unsigned owner = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%u/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f) && sscanf(line, "Tgid: %u", &owner) != 1)
		;
	if (f)
		(void)fclose(f);
	if (owner && owner != pid)
		cmd_error("%u is a thread of process %u: forktally explain %u", pid, owner, owner);
	else if (owner)
		cmd_error("process %u was not in the census, but it is there: try again, or with "
			  "--source=proc",
			  pid);
	else
		cmd_error("there is no process %u%s", pid,
			  census_proc_hides() ? ", or /proc (hidepid) does not show it" : "");
}

static int print(const struct explain_options *o, const struct census_session *s,
		 const struct explain *e)
{
	struct census_screen screen = census_screen_look(o->color);
	struct explain_print print = {.explain = e,
				      .notes = s->notes,
				      .note_count = s->note_count,
				      .width = screen.width,
				      .colour = screen.colour,
				      .utf8 = screen.utf8,
				      .exact = o->bytes,
				      .all = o->all};
	int err = o->json ? explain_json_write(stdout, &print) : explain_text_write(stdout, &print);

	return err ? cmd_stdout_failed(err) : 0;
}

static int show(const struct explain_options *o, struct census_session *s)
{
	struct census_names names = census_session_names(s);
	struct census_files files = {.err = 0};
	struct explain *e = NULL;
	struct census *census;
	uint32_t process;
	int status = census_session_take(s, CENSUS_KINDS_ALL, &census), err;

	if (status)
		return status;
	process = census_find(census, o->pid, 0);
	if (process == CENSUS_NONE) {
		say_missing(o->pid);
		census_free(census);
		return STATUS_NONE;
	}
	err = census->process[process].flags & (CENSUS_ZOMBIE | CENSUS_KERNEL_THREAD)
		  ? 0
		  : open_files_read(o->pid, &files);
	if (err == -ESRCH)
		files.err = err; /* gone since: the census is what is left to tell */
	if (!err || err == -ESRCH)
		err = explain_new(census, process, &files, &names, &e);
	if (err) {
		cmd_error("cannot explain process %u: %s", o->pid, strerror(-err));
		status = STATUS_FAILED;
	} else {
		if (files.err == -ESRCH || files.err == -ENOENT)
			cmd_error("process %u has ended since the census was taken", o->pid);
		status = print(o, s, e);
	}
	explain_free(e);
	open_files_done(&files);
	census_free(census);
	return status;
}

static void print_help(void)
{
	printf("Usage: forktally explain [OPTIONS] PID\n"
	       "Tells all that one process holds now: each kind of kernel and shared memory with\n"
	       "count, bytes and with whom it is shared; its descriptors with who is at the other\n"
	       "end and what waits there; its children and zombies; and in words what is unusual\n"
	       "beside processes of the same name, and what to do.\n\nOptions:\n");
	options_help(explain_specs, stdout);
	printf("\nExit status: 0; 1 there is no such process; 125 on failure.\n"
	       "\nExamples:\n"
	       "  forktally explain $(pgrep -o nginx)\n"
	       "  forktally explain --json 1 | jq '.files[] | select(.queued > 0)'\n");
}

int cmd_explain(int argc, char *const argv[])
{
	struct explain_options options = {.pid = 0};
	struct census_session session;
	int status = parse(argc, argv, &options);

	if (status)
		return status;
	if (options.help) {
		print_help();
		return 0;
	}
	status = census_session_open((enum source_choice)options.source, &session);
	if (status)
		return status;
	status = show(&options, &session);
	census_session_close(&session);
	return status;
}
