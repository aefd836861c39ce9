/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/census_session.h"

#include <errno.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "base/number.h"
#include "cmd/cmd.h"

static int open_one(const struct census_source_ops *ops, struct census_session *s)
{
	const char *why = "";
	int err = census_source_open(ops, &s->source, &why);

	if (err)
		cmd_error("cannot take a census from source %s: %s (%s)", ops->name, why,
			  strerror(-err));
	return err ? STATUS_FAILED : 0;
}

int census_session_open(enum source_choice choice, struct census_session *ret_session)
{
	struct census_session s = {.source = NULL};
	int err = names_open(&s.names), status = 0;
	const char *why = "";

	if (err) {
		cmd_error("/proc cannot be read: %s; mount -t proc proc /proc", strerror(-err));
		return STATUS_FAILED;
	}
	if (choice == SOURCE_CHOICE_AUTO && census_source_open(&census_bpf, &s.source, &why)) {
		s.source = NULL;
		s.refused = why;
	}
	if (!s.source)
		status = open_one(choice == SOURCE_CHOICE_BPF ? &census_bpf : &census_proc, &s);
	if (status) {
		names_free(s.names);
		return status;
	}
	*ret_session = s;
	return 0;
}

void census_session_close(struct census_session *s)
{
	census_source_close(s->source);
	names_free(s->names);
	s->source = NULL;
	s->names = NULL;
}

static void __attribute__((format(printf, 2, 3)))
add_note(struct census_session *s, const char *format, ...)
{
	va_list args;

	if (s->note_count == CENSUS_NOTES)
		return;
	va_start(args, format);
	(void)vsnprintf(s->note[s->note_count], CENSUS_NOTE_BYTES, format, args);
	va_end(args);
	s->notes[s->note_count] = s->note[s->note_count];
	s->note_count++;
}

#define WHO_SEES_HIDDEN                                                                            \
	"Who has CAP_SYS_PTRACE sees them, as root does; without hidepid=ptraceable also the "     \
	"group of the mount option gid=."

static void note_what_is_missing(struct census_session *s, const struct census *c)
{
	uint32_t cut = 0;

	for (uint32_t i = 0; i < c->count; i++)
		cut += !!(c->process[i].flags & CENSUS_CUT);
	s->note_count = 0;
	if (c->source == SOURCE_PROC)
		add_note(s,
			 "Source proc: what is marked ~ is an estimate, counted objects times a "
			 "table of costs; data in pipes and sockets is not in it.%s%s%s",
			 s->refused ? " Source bpf is exact: " : "", s->refused ? s->refused : "",
			 s->refused ? "; as root, or with CAP_BPF and CAP_PERFMON." : "");
	if (cut && c->source == SOURCE_PROC)
		add_note(s,
			 "Of %u process%s, marked >= or ?, files and mappings may not be read: "
			 "root, CAP_SYS_PTRACE or the same user can.",
			 cut, cut == 1 ? "" : "es");
	else if (cut)
		add_note(s, "Of %u process%s, marked >=, some of what it holds was not counted.",
			 cut, cut == 1 ? "" : "es");
	if (c->source == SOURCE_BPF && census_find(c, 1, 0) == CENSUS_NONE)
		add_note(
		    s,
		    "This kernel does not show process 1 to BPF iterators: it is missing here and "
		    "in all sums. --source=proc shows it.");
	if (c->outside)
		add_note(s,
			 "Only processes of this pid namespace are seen: what those outside hold "
			 "is in no sum, and what no process holds is not known.");
	if (c->hidden == CENSUS_UNKNOWN_COUNT)
		add_note(s, "/proc is mounted with hidepid: processes of others are not shown, and "
			    "how many are missing cannot be told. " WHO_SEES_HIDDEN);
	else if (c->hidden)
		add_note(
		    s,
		    "/proc is mounted with hidepid: %llu process%s of others may not be looked "
		    "at, and %s missing here and in all sums. " WHO_SEES_HIDDEN,
		    (unsigned long long)c->hidden, c->hidden == 1 ? "" : "es",
		    c->hidden == 1 ? "is" : "are");
}

int census_session_take(struct census_session *s, enum census_depth depth,
			struct census **ret_census)
{
	const struct census_source_ops *ops = s->source->ops;
	const char *why = "";
	int err;

	if (depth > ops->depth_max)
		depth = ops->depth_max;
	err = census_take(s->source, depth, ret_census, &why);
	if (err) {
		cmd_error("the census from source %s failed: %s (%s)", ops->name, why,
			  strerror(-err));
		return STATUS_FAILED;
	}
	note_what_is_missing(s, *ret_census);
	return 0;
}

static const char *user(void *ctx, uint32_t uid)
{
	return names_user(ctx, uid);
}

static const char *command(void *ctx, const struct census_process *p)
{
	return names_command(ctx, p);
}

static const char *cgroup(void *ctx, const struct census_process *p)
{
	return names_cgroup(ctx, p);
}

struct census_names census_session_names(struct census_session *s)
{
	return (struct census_names){
	    .ctx = s->names, .user = user, .command = command, .cgroup = cgroup};
}

struct census_screen census_screen_look(enum color color)
{
	struct census_screen screen = {.utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8"),
				       .colour = color == COLOR_ALWAYS};
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return screen;
	if (color == COLOR_AUTO)
		screen.colour = (!no_color || !*no_color) && term && strcmp(term, "dumb") != 0;
	screen.width = 80;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		screen.width = size.ws_col;
	return screen;
}

int census_pid_parse(const char *word, uint32_t *ret_pid)
{
	uint64_t n;
	int err = strspn(word, "0123456789") == strlen(word) ? number_parse(word, 1, INT32_MAX, &n)
							     : -EINVAL;

	if (!err)
		*ret_pid = (uint32_t)n;
	return err;
}
