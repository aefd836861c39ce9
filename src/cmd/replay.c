/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * replay.c - "forktally replay": a recorded session through the same books, and the same report.
 * Needs nothing of the kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "base/cleanup.h"
#include "cmd/cmd.h"
#include "cmd/report.h"
#include "cmd/run_options.h"
#include "cmd/session.h"
#include "event/log_reader.h"

/* Returns 0 or the exit status. */
static int open_session(const char *path, struct log_reader **ret_reader, int *ret_fd)
{
	int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
				   : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	int err = fd < 0 ? -errno : 0;

	if (!err)
		err = log_reader_new(fd, ret_reader);
	if (err) {
		cmd_error("cannot open the session '%s': %s", path, strerror(-err));
		return STATUS_FAILED;
	}
	*ret_fd = fd;
	return 0;
}

static int say_cut_off(struct session *session, const char *path, uint64_t line)
{
	_cleanup_free_ char *text = NULL;
	struct event ev = {.type = EVENT_BLIND};

	cmd_error("the session '%s' is cut off after line %llu: the report goes up to there", path,
		  (unsigned long long)line);
	if (asprintf(&text, "the recording is cut off after line %llu", (unsigned long long)line) <
	    0) {
		text = NULL;
		return -ENOMEM;
	}
	ev.text = text;
	return session_emit(session, &ev);
}

/* All events of the file into the books. Returns 0 or the exit status. */
static int read_session(struct session *session, struct log_reader *reader, const char *path)
{
	struct event ev;
	int state, err = 0;

	while ((state = log_reader_next(reader, &ev)) == 1) {
		err = session_emit(session, &ev);
		if (err)
			break;
	}
	if (state < 0) {
		if (log_reader_line(reader))
			cmd_error("%s:%llu: %s", path, (unsigned long long)log_reader_line(reader),
				  log_reader_error(reader));
		else
			cmd_error("%s: %s", path, log_reader_error(reader));
		return STATUS_FAILED;
	}
	if (!err && log_reader_is_cut(reader))
		err = say_cut_off(session, path, log_reader_line(reader));
	if (err == -EINVAL) {
		cmd_error("%s:%llu: this event cannot be booked after those before it: the session "
			  "is damaged",
			  path, (unsigned long long)log_reader_line(reader));
		return STATUS_FAILED;
	}
	if (err) {
		cmd_error("%s: %s", path, strerror(-err));
		return STATUS_FAILED;
	}
	return 0;
}

static int replay(const struct replay_options *options)
{
	_cleanup_(log_reader_freep) struct log_reader *reader = NULL;
	_cleanup_(session_done) struct session session = {0};
	_cleanup_(report_close) struct report report = {.fd = -1};
	int fd, status;

	status = open_session(options->path, &reader, &fd);
	if (!status)
		status = report_open(&options->report, fd, &report);
	if (status)
		return status;
	if (session_init(&session, NULL, NULL)) {
		cmd_error("out of memory");
		return STATUS_FAILED;
	}
	status = read_session(&session, reader, options->path);
	return status ? status : report_write(&report, session.ledger);
}

static void print_help(FILE *f)
{
	fprintf(f,
		"Usage: forktally replay [OPTIONS] FILE\n"
		"Prints the report of a session that 'forktally run --record=FILE' kept: the same\n"
		"bytes and the same exit status as the run gave, on any machine. FILE may be\n"
		"compressed by zstd; '-' reads standard input. A session that was cut off is\n"
		"replayed up to the cut.\n\n"
		"Options:\n");
	options_help(replay_option_specs, f);
	fprintf(f, "\nExit status: as that of the run; 125 when FILE cannot be read.\n"
		   "\nExamples:\n"
		   "  forktally replay night.ndjson.zst\n"
		   "  forktally replay --json night.ndjson.zst 2>&1 | jq .findings\n"
		   "  zstdcat night.ndjson.zst | jq -r 'select(.type == \"fork\") | .comm'\n");
}

int cmd_replay(int argc, char *const argv[])
{
	struct replay_options options;
	char error[OPTIONS_ERROR_BYTES];

	if (replay_options_parse(argc, argv, &options, error)) {
		cmd_error("%s", error);
		return STATUS_FAILED;
	}
	if (options.help) {
		print_help(stdout);
		return 0;
	}
	return replay(&options);
}
