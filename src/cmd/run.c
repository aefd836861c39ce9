/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * run.c - "forktally run": launch the command, let a source watch it, keep the books, report.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/words.h"
#include "cmd/cmd.h"
#include "cmd/report.h"
#include "cmd/run_options.h"
#include "cmd/session.h"
#include "cmd/signals.h"
#include "event/log_writer.h"
#include "source/launch.h"
#include "source/registry.h"
#include "view/quantity.h"

#define POLL_MS	      500 /* how late a deadline may be noticed, and a recording flushed */
#define KILL_AFTER_NS 2000000000ULL /* from a timeout's SIGTERM to its SIGKILL */
#define GIVE_UP_NS    5000000000ULL /* from SIGKILL to no longer waiting for the command */

struct run {
	const struct run_options *options;
	char *command_line;
	struct launch launch;
	struct signals signals;
	struct session session;
	struct report report;
	struct source *source;
	bool progress_shown;
	bool terminated, killed; /* SIGTERM, SIGKILL went to the tree */
	uint64_t kill_ns, give_up_ns;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void show_progress(void *ctx, const char *what, uint64_t open_bytes, double seconds_left)
{
	struct run *run = ctx;
	char buf[QUANTITY_BYTES];

	fprintf(stderr, "\r\033[Kforktally: %s", what);
	if (open_bytes)
		fprintf(stderr, ", %s still open", quantity_bytes(buf, (int64_t)open_bytes));
	if (seconds_left >= 1)
		fprintf(stderr, ", at most %.0f s more", seconds_left);
	fputs(" (Ctrl-C: wait no longer)", stderr);
	fflush(stderr);
	run->progress_shown = true;
}

static void hide_progress(struct run *run)
{
	if (run->progress_shown)
		fputs("\r\033[K", stderr);
	run->progress_shown = false;
}

static bool can_show_progress(const struct run_options *options)
{
	const char *term = getenv("TERM");

	return !options->report.quiet && isatty(STDERR_FILENO) && term && strcmp(term, "dumb");
}

/* Launches the command and opens the source on it. -errno with a sentence in *ret_why. */
static int open_source(struct run *run, const struct source_ops *ops, const char **ret_why)
{
	struct source_options options = {
	    .command_line = run->command_line,
	    .settle_max_ms = (uint32_t)((run->options->settle_ns + 999999) / 1000000),
	    .object_max = (uint32_t)run->options->object_max,
	    .emit = session_emit,
	    .emit_ctx = &run->session,
	    .progress = can_show_progress(run->options) ? show_progress : NULL,
	    .progress_ctx = run,
	};
	int err;

	err = launch_open(run->options->command, ops->before_exec, NULL, &run->launch);
	if (err) {
		*ret_why = "a process for the command cannot be made";
		return err;
	}
	err = signals_open(run->launch.pid, &run->signals);
	if (err) {
		*ret_why = "signals cannot be caught";
		goto err_launch;
	}
	options.wake_fd = run->signals.fd;
	*ret_why = "";
	err = ops->open(&options, &run->launch, &run->source, ret_why);
	if (err)
		goto err_signals;
	return 0;

err_signals:
	signals_undo(&run->signals); /* or the next one's command would inherit them */
err_launch:
	launch_close(&run->launch);
	(void)waitpid(run->launch.pid, NULL, 0); /* it ends by itself: it was not released */
	run->launch.pid = 0;
	run->source = NULL;
	return err;
}

/* Opens the source that was asked for, or the best one. Returns 0 or the exit status. */
static int choose_source(struct run *run)
{
	static const char *const names[][2] = {
	    [SOURCE_CHOICE_AUTO] = {"bpf", "proc"},
	    [SOURCE_CHOICE_BPF] = {"bpf"},
	    [SOURCE_CHOICE_PROC] = {"proc"},
	};
	const char *const *name = names[run->options->source];

	for (int i = 0; i < 2 && name[i]; i++) {
		const struct source_ops *ops = source_by_name(name[i]);
		const char *why = "it is not part of this build";
		bool last = i == 1 || !name[i + 1];
		int err = ops ? open_source(run, ops, &why) : -ENOSYS;

		if (!err)
			return 0;
		if (!*why)
			why = strerror(-err);
		if (last || session_begun(&run->session)) {
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

/* Ctrl-Z: when the command has stopped, we stop too, so that the shell sees its job stopped. */
static void suspend(struct run *run)
{
	int held = 0;

	run->signals.suspend = false;
	for (int i = 0; i < 50; i++) {
		if (run->source->ops->poll(run->source, 10) != 1)
			return;
		held = signals_is_stopped(run->launch.pid) ? held + 1 : 0;
		if (held < 3) /* a tracer's stops are short */
			continue;
		signals_stop_self();
		return; /* SIGCONT came to us, and to the command with it or through us */
	}
}

static void kill_tree(struct run *run, uint64_t now)
{
	run->killed = true;
	run->give_up_ns = now + GIVE_UP_NS;
	run->source->ops->kill(run->source, SIGKILL);
}

/* Deadlines and second Ctrl-Cs. False: the command is not waited for any longer. */
static bool keep_waiting(struct run *run, uint64_t begin_ns)
{
	uint64_t now = now_ns(), timeout = run->options->timeout_ns;

	if (timeout && !run->terminated && now - begin_ns >= timeout) {
		run->terminated = true;
		run->kill_ns = now + KILL_AFTER_NS;
		if (!run->signals.ended_by)
			run->signals.ended_by = SIGALRM; /* which is what a timeout is called */
		run->source->ops->kill(run->source, SIGTERM);
	}
	if (!run->killed &&
	    ((run->terminated && now >= run->kill_ns) || run->signals.interrupts >= 2))
		kill_tree(run, now);
	return !run->killed || now < run->give_up_ns;
}

static int poll_ms(const struct run *run, uint64_t begin_ns)
{
	uint64_t now = now_ns(), deadline = now + POLL_MS * 1000000ULL;
	uint64_t end = begin_ns + run->options->timeout_ns;

	if (run->options->timeout_ns && !run->terminated && end < deadline)
		deadline = end;
	return deadline > now ? (int)((deadline - now + 999999) / 1000000) : 0;
}

/* Until the command has ended, or is to be waited for no longer. */
static int watch(struct run *run)
{
	uint64_t begin_ns = now_ns();
	int state;

	do {
		state = run->source->ops->poll(run->source, poll_ms(run, begin_ns));
		if (state <= 0)
			break;
		session_tick(&run->session);
		signals_handle(&run->signals);
		if (run->signals.suspend)
			suspend(run);
	} while (keep_waiting(run, begin_ns));
	return state < 0 ? state : 0;
}

static int report_not_run(const char *name, int err)
{
	struct stat st;

	if (err == -ENOENT && !strchr(name, '/'))
		cmd_error("cannot run '%s': there is no such command in PATH", name);
	else if (err == -ENOENT && !stat(name, &st))
		cmd_error("cannot run '%s': the interpreter that it names does not exist", name);
	else
		cmd_error("cannot run '%s': %s", name, strerror(-err));
	return err == -ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
}

/* From the open source to its END. Returns 0 or the exit status. */
static int observe(struct run *run)
{
	const char *name = run->source->ops->name;
	int err = watch(run), exec_err = 0;

	/* A source may stop because of it; not known, and not to be waited for, if that came first.
	 */
	if (!err || run->launch.result != LAUNCH_PENDING)
		exec_err = launch_result(&run->launch);
	if (exec_err)
		return report_not_run(run->options->command[0], exec_err);
	if (!err)
		err = signals_command_ended(&run->signals);
	if (!err)
		err = run->source->ops->settle(run->source, run->signals.ended_by);
	hide_progress(run);
	if (err) {
		cmd_error("source %s failed while it watched '%s': %s", name,
			  run->options->command[0], strerror(-err));
		return STATUS_FAILED;
	}
	return 0;
}

/* The recording, opened and begun before anything runs. Returns 0 or the exit status. */
static int open_recording(const char *path, int *ret_fd, struct log_writer **ret_log)
{
	size_t length = strlen(path);
	bool compressed = length > 4 && !strcmp(path + length - 4, ".zst");
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
	int err = fd < 0 ? -errno : 0;

	if (!err)
		err = log_writer_new(fd, compressed, ret_log);
	if (err) {
		cmd_error("cannot record to '%s': %s", path, strerror(-err));
		return STATUS_FAILED;
	}
	*ret_fd = fd;
	return 0;
}

/* Everything that can fail before the command exists. Returns 0 or the exit status. */
static int prepare(struct run *run)
{
	const struct run_options *options = run->options;
	struct log_writer *log = NULL;
	int log_fd = -1, status = 0;

	run->command_line = words_join(options->command);
	if (options->record_path)
		status = open_recording(options->record_path, &log_fd, &log);
	if (!status)
		status = report_open(&options->report, log_fd, &run->report);
	if (status) {
		(void)log_writer_close(log); /* nothing worth keeping */
		return status;
	}
	if (session_init(&run->session, log, options->record_path) || !run->command_line) {
		cmd_error("out of memory");
		return STATUS_FAILED;
	}
	return 0;
}

static int run_command(struct run *run)
{
	int status = prepare(run);

	if (status)
		return status;
	status = choose_source(run);
	if (status)
		return status;
	status = observe(run);
	/* Before the report: when that stands there, nothing of the run is left. */
	run->source->ops->close(run->source);
	launch_close(&run->launch);
	return status ? status : report_write(&run->report, run->session.ledger);
}

static void print_help(FILE *f)
{
	fprintf(f,
		"Usage: forktally run [OPTIONS] [--] CMD [ARG...]\n"
		"Runs CMD and keeps the books on every process that it forks. The report goes to\n"
		"stderr: does everything that a fork took come back, and if not, how much stays\n"
		"per fork, what it is and who holds it.\n\n"
		"Options:\n");
	options_help(run_option_specs, f);
	fprintf(
	    f, "\nTIME is a number and one of ns us ms s m h d; no unit means seconds.\n"
	       "\nExit status: the command's own when the verdict is clean (128+N when signal N\n"
	       "ended it); 23 a leak, even if the command failed; 24 inconclusive; 125 forktally\n"
	       "failed; 126 the command cannot be run; 127 there is no such command.\n"
	       "\nCtrl-C ends the run and still reports; a second one kills all of its processes,\n"
	       "a third one shortens settling. Signals sent to forktally go on to CMD.\n"
	       "\nExamples:\n"
	       "  forktally run -- make -j2\n"
	       "  forktally run --timeout=5m --json -o report.json -- ./server --port 8080\n"
	       "  forktally run --record=night.ndjson.zst -q -- ./nightly.sh\n"
	       "  forktally replay night.ndjson.zst\n");
}

int cmd_run(int argc, char *const argv[])
{
	struct run_options options;
	struct run run = {.options = &options, .signals.fd = -1, .report.fd = -1};
	char error[OPTIONS_ERROR_BYTES];
	int status;

	if (run_options_parse(argc, argv, &options, error)) {
		cmd_error("%s", error);
		return STATUS_FAILED;
	}
	if (options.help) {
		print_help(stdout);
		return 0;
	}
	status = run_command(&run);
	session_done(&run.session);
	report_close(&run.report);
	signals_close(&run.signals);
	free(run.command_line);
	return status;
}
