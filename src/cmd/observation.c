/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/observation.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "cmd/cmd.h"
#include "event/log_writer.h"
#include "heap/region.h"
#include "ledger/ledger.h"
#include "source/heap/blocks.h"
#include "source/registry.h"
#include "view/quantity.h"

static_assert(HEAP_FORKS_MIN == LEDGER_FORKS_MIN && HEAP_BINS == SERIES_BINS,
	      "the hook keeps births as the ledger does");

#define POLL_MS 500 /* how late an end may be noticed, and a recording flushed */

uint64_t observation_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void show_progress(void *ctx, const char *what, uint64_t open_bytes, double seconds_left)
{
	struct observation *o = ctx;
	char buf[QUANTITY_BYTES];

	fprintf(stderr, "\r\033[Kforktally: %s", what);
	if (open_bytes)
		fprintf(stderr, ", %s still open", quantity_bytes(buf, (int64_t)open_bytes));
	if (seconds_left >= 1)
		fprintf(stderr, ", at most %.0f s more", seconds_left);
	fputs(" (Ctrl-C: wait no longer)", stderr);
	fflush(stderr);
	o->progress_shown = true;
}

static void hide_progress(struct observation *o)
{
	if (o->progress_shown)
		fputs("\r\033[K", stderr);
	o->progress_shown = false;
}

static bool can_show_progress(const struct run_options *options)
{
	const char *term = getenv("TERM");

	return !options->report.quiet && isatty(STDERR_FILENO) && term && strcmp(term, "dumb");
}

/* Launches the command and opens the source on it. -errno with a sentence in *ret_why. */
static int open_source(struct observation *o, const struct source_ops *ops, const char **ret_why)
{
	bool attached = o->launch.attached;
	struct source_options options = {
	    .command_line = o->command_line,
	    .settle_max_ms = (uint32_t)((o->options->settle_ns + 999999) / 1000000),
	    .object_max = (uint32_t)o->options->object_max,
	    .emit = o->blocks ? blocks_emit : session_emit,
	    .emit_ctx = o->blocks ? (void *)o->blocks : &o->session,
	    .progress = can_show_progress(o->options) ? show_progress : NULL,
	    .progress_ctx = o,
	};
	int err = 0;

	if (!attached)
		err = launch_open(o->options->command, ops->before_exec, NULL, &o->launch);
	if (err) {
		*ret_why = "a process for the command cannot be made";
		return err;
	}
	if (!attached)
		err = signals_open(o->launch.pid, &o->signals);
	if (err) {
		*ret_why = "signals cannot be caught";
		goto out;
	}
	options.wake_fd = o->signals.fd;
	*ret_why = "";
	err = ops->open(&options, &o->launch, &o->source, ret_why);
	if (!err)
		return 0;
	if (!attached)
		signals_undo(&o->signals); /* or the next one's command would inherit them */
out:
	if (!attached)
		launch_abandon(&o->launch);
	o->source = NULL;
	return err;
}

int observation_open(struct observation *o)
{
	static const char *const names[][2] = {
	    [SOURCE_CHOICE_AUTO] = {"bpf", "proc"},
	    [SOURCE_CHOICE_BPF] = {"bpf"},
	    [SOURCE_CHOICE_PROC] = {"proc"},
	};
	const char *const *name = names[o->options->source];

	for (int i = 0; i < 2 && name[i]; i++) {
		const struct source_ops *ops = source_by_name(name[i]);
		const char *why = "it is not part of this build";
		bool last = i == 1 || !name[i + 1];
		int err = ops ? open_source(o, ops, &why) : -ENOSYS;

		if (!err)
			return 0;
		if (!*why)
			why = strerror(-err);
		if (last || session_begun(&o->session)) {
			cmd_error("source %s cannot be used: %s (%s); 'forktally doctor' says what "
				  "this machine allows",
				  name[i], why, strerror(-err));
			return STATUS_FAILED;
		}
		cmd_error("source %s cannot be used: %s; source %s is used instead, kernel memory "
			  "is estimated and not counted",
			  name[i], why, name[i + 1]);
	}
	return STATUS_FAILED;
}

static int poll_ms(const struct observation *o)
{
	uint64_t now = observation_now_ns(), until = now + POLL_MS * 1000000ULL;

	if (o->deadline_ns && o->deadline_ns < until)
		until = o->deadline_ns;
	return until > now ? (int)((until - now + 999999) / 1000000) : 0;
}

int observation_until(struct observation *o,
		      bool (*keep_on)(struct observation *o, uint64_t now_ns))
{
	int state;

	do {
		state = o->source->ops->poll(o->source, poll_ms(o));
		if (state <= 0)
			return state;
		session_tick(&o->session);
		signals_handle(&o->signals);
	} while (keep_on(o, observation_now_ns()));
	return 1;
}

int observation_settle(struct observation *o, int interrupted, int err)
{
	if (!err)
		err = o->source->ops->settle(o->source, interrupted);
	hide_progress(o);
	if (!err)
		return 0;
	cmd_error("source %s failed while it watched '%s': %s", o->source->ops->name,
		  o->command_line, strerror(-err));
	return STATUS_FAILED;
}

static int open_blocks(struct observation *o)
{
	const char *why;
	int err = blocks_new(session_emit, &o->session, &o->blocks, &why);

	if (!err)
		return 0;
	cmd_error("--heap cannot be had: %s", *why ? why : strerror(-err));
	return STATUS_FAILED;
}

int observation_prepare(struct observation *o)
{
	const struct run_options *options = o->options;
	struct log_writer *log = NULL;
	int log_fd = -1, status = 0;

	if (options->record_path)
		status = recording_open(options->record_path, &log_fd, &log);
	if (!status)
		status = report_open(&options->report, log_fd, &o->report);
	if (status) {
		(void)log_writer_close(log); /* nothing worth keeping */
		return status;
	}
	if (session_init(&o->session, log, options->record_path) || !o->command_line) {
		cmd_error("out of memory");
		return STATUS_FAILED;
	}
	return options->heap ? open_blocks(o) : 0;
}

void observation_close(struct observation *o)
{
	if (o->source)
		o->source->ops->close(o->source);
	o->source = NULL;
	launch_close(&o->launch);
}

int observation_report(struct observation *o)
{
	return report_write(&o->report, o->session.ledger);
}

void observation_done(struct observation *o)
{
	blocks_free(o->blocks);
	o->blocks = NULL;
	session_done(&o->session);
	report_close(&o->report);
	signals_close(&o->signals);
	free(o->command_line);
	o->command_line = NULL;
}
