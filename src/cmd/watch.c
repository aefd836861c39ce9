/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/watch.h"

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

uint64_t watch_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void show_progress(void *ctx, const char *what, uint64_t open_bytes, double seconds_left)
{
	struct watch *w = ctx;
	char buf[QUANTITY_BYTES];

	fprintf(stderr, "\r\033[Kforktally: %s", what);
	if (open_bytes)
		fprintf(stderr, ", %s still open", quantity_bytes(buf, (int64_t)open_bytes));
	if (seconds_left >= 1)
		fprintf(stderr, ", at most %.0f s more", seconds_left);
	fputs(" (Ctrl-C: wait no longer)", stderr);
	fflush(stderr);
	w->progress_shown = true;
}

static void hide_progress(struct watch *w)
{
	if (w->progress_shown)
		fputs("\r\033[K", stderr);
	w->progress_shown = false;
}

static bool can_show_progress(const struct run_options *options)
{
	const char *term = getenv("TERM");

	return !options->report.quiet && isatty(STDERR_FILENO) && term && strcmp(term, "dumb");
}

/* Launches the command and opens the source on it. -errno with a sentence in *ret_why. */
static int open_source(struct watch *w, const struct source_ops *ops, const char **ret_why)
{
	bool attached = w->launch.attached;
	struct source_options options = {
	    .command_line = w->command_line,
	    .settle_max_ms = (uint32_t)((w->options->settle_ns + 999999) / 1000000),
	    .object_max = (uint32_t)w->options->object_max,
	    .emit = w->blocks ? blocks_emit : session_emit,
	    .emit_ctx = w->blocks ? (void *)w->blocks : &w->session,
	    .progress = can_show_progress(w->options) ? show_progress : NULL,
	    .progress_ctx = w,
	};
	int err = 0;

	if (!attached)
		err = launch_open(w->options->command, ops->before_exec, NULL, &w->launch);
	if (err) {
		*ret_why = "a process for the command cannot be made";
		return err;
	}
	if (!attached)
		err = signals_open(w->launch.pid, &w->signals);
	if (err) {
		*ret_why = "signals cannot be caught";
		goto out;
	}
	options.wake_fd = w->signals.fd;
	*ret_why = "";
	err = ops->open(&options, &w->launch, &w->source, ret_why);
	if (!err)
		return 0;
	if (!attached)
		signals_undo(&w->signals); /* or the next one's command would inherit them */
out:
	if (!attached)
		launch_abandon(&w->launch);
	w->source = NULL;
	return err;
}

int watch_open(struct watch *w)
{
	static const char *const names[][2] = {
	    [SOURCE_CHOICE_AUTO] = {"bpf", "proc"},
	    [SOURCE_CHOICE_BPF] = {"bpf"},
	    [SOURCE_CHOICE_PROC] = {"proc"},
	};
	const char *const *name = names[w->options->source];

	for (int i = 0; i < 2 && name[i]; i++) {
		const struct source_ops *ops = source_by_name(name[i]);
		const char *why = "it is not part of this build";
		bool last = i == 1 || !name[i + 1];
		int err = ops ? open_source(w, ops, &why) : -ENOSYS;

		if (!err)
			return 0;
		if (!*why)
			why = strerror(-err);
		if (last || session_begun(&w->session)) {
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

static int poll_ms(const struct watch *w)
{
	uint64_t now = watch_now_ns(), until = now + POLL_MS * 1000000ULL;

	if (w->deadline_ns && w->deadline_ns < until)
		until = w->deadline_ns;
	return until > now ? (int)((until - now + 999999) / 1000000) : 0;
}

int watch_until(struct watch *w, bool (*keep_on)(struct watch *w, uint64_t now_ns))
{
	int state;

	do {
		state = w->source->ops->poll(w->source, poll_ms(w));
		if (state <= 0)
			return state;
		session_tick(&w->session);
		signals_handle(&w->signals);
	} while (keep_on(w, watch_now_ns()));
	return 1;
}

int watch_settle(struct watch *w, int interrupted, int err)
{
	if (!err)
		err = w->source->ops->settle(w->source, interrupted);
	hide_progress(w);
	if (!err)
		return 0;
	cmd_error("source %s failed while it watched '%s': %s", w->source->ops->name,
		  w->command_line, strerror(-err));
	return STATUS_FAILED;
}

static int open_blocks(struct watch *w)
{
	const char *why;
	int err = blocks_new(session_emit, &w->session, &w->blocks, &why);

	if (!err)
		return 0;
	cmd_error("--heap cannot be had: %s", *why ? why : strerror(-err));
	return STATUS_FAILED;
}

int watch_prepare(struct watch *w)
{
	const struct run_options *options = w->options;
	struct log_writer *log = NULL;
	int log_fd = -1, status = 0;

	if (options->record_path)
		status = recording_open(options->record_path, &log_fd, &log);
	if (!status)
		status = report_open(&options->report, log_fd, &w->report);
	if (status) {
		(void)log_writer_close(log); /* nothing worth keeping */
		return status;
	}
	if (session_init(&w->session, log, options->record_path) || !w->command_line) {
		cmd_error("out of memory");
		return STATUS_FAILED;
	}
	return options->heap ? open_blocks(w) : 0;
}

void watch_close(struct watch *w)
{
	if (w->source)
		w->source->ops->close(w->source);
	w->source = NULL;
	launch_close(&w->launch);
}

int watch_report(struct watch *w)
{
	return report_write(&w->report, w->session.ledger);
}

void watch_done(struct watch *w)
{
	blocks_free(w->blocks);
	w->blocks = NULL;
	session_done(&w->session);
	report_close(&w->report);
	signals_close(&w->signals);
	free(w->command_line);
	w->command_line = NULL;
}
