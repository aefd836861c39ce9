/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/cleanup.h"
#include "cmd/cmd.h"
#include "event/log_writer.h"
#include "ledger/ledger.h"

#define FLUSH_NS 1000000000ULL /* what kill -9 may cost a recording */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int recording_open(const char *path, int *ret_fd, struct log_writer **ret_log)
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

int session_init(struct session *session, struct log_writer *log, const char *log_path)
{
	struct ledger *ledger = ledger_new();

	if (!ledger) {
		(void)log_writer_close(log);
		return -ENOMEM;
	}
	*session = (struct session){
	    .ledger = ledger, .log = log, .log_path = log_path, .flushed_ns = now_ns()};
	return 0;
}

/* The recording ends here. The books and the report must say so. */
static int cut_off(struct session *session, int err)
{
	struct event ev = {.type = EVENT_BLIND};
	_cleanup_free_ char *text = NULL;

	(void)log_writer_close(session->log); /* it fails again with the same */
	session->log = NULL;
	cmd_error("the recording '%s' is cut off here: %s; the run goes on without it",
		  session->log_path, strerror(-err));
	if (asprintf(&text, "the recording %s is cut off: %s", session->log_path, strerror(-err)) <
	    0) {
		text = NULL;
		return -ENOMEM;
	}
	ev.text = text;
	return ledger_apply(session->ledger, &ev);
}

static int record(struct session *session, const struct event *ev)
{
	int err = log_writer_add(session->log, ev);

	if (err == -EINVAL)
		return err; /* the source's bug, not the disk's fault */
	if (!err && ev->type == EVENT_END) {
		err = log_writer_close(session->log);
		session->log = NULL;
	}
	return err ? cut_off(session, err) : 0;
}

int session_emit(void *ctx, const struct event *ev)
{
	struct session *session = ctx;
	int err = 0;

	session_tick(session);
	if (session->log)
		err = record(session, ev);
	return err ? err : ledger_apply(session->ledger, ev);
}

void session_tick(struct session *session)
{
	uint64_t now = now_ns();
	int err;

	if (!session->log || now - session->flushed_ns < FLUSH_NS)
		return;
	session->flushed_ns = now;
	err = log_writer_flush(session->log);
	if (err)
		(void)cut_off(session, err); /* no memory now: the next event says so */
}

bool session_begun(const struct session *session)
{
	return ledger_counts(session->ledger)->events > 0;
}

void session_done(struct session *session)
{
	int err = log_writer_close(session->log);

	if (err)
		cmd_error("the recording '%s' is cut off: %s", session->log_path, strerror(-err));
	session->log = NULL;
	ledger_free(session->ledger);
	session->ledger = NULL;
}
