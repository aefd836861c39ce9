/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * session.h - where the events of one run go: into the recording, then into the books. A
 * recording that fails (a full disk) does not end the run: stderr and the report say that it is
 * cut off.
 */
#ifndef FORKTALLY_SESSION_H
#define FORKTALLY_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include "event/event.h"

struct ledger;
struct log_writer;

struct session {
	struct ledger *ledger;
	struct log_writer *log; /* NULL: none, ended, or it failed */
	const char *log_path;	/* borrowed */
	uint64_t flushed_ns;
};

/**
 * recording_open() - the recording, opened and begun before anything runs. Compressed where the
 * name ends in .zst. Returns 0, or an exit status after it has said what is wrong.
 * @ret_fd: belongs to the log.
 */
int recording_open(const char *path, int *ret_fd, struct log_writer **ret_log);

/**
 * session_init() - empty books.
 * @log: the recording, taken over; NULL: none. @log_path is its name, for messages.
 * Errors: 0 or -ENOMEM (the recording is closed then).
 */
int session_init(struct session *session, struct log_writer *log, const char *log_path);

/* An event_fn; ctx is the session. Errors: those of ledger_apply(); -EINVAL. */
int session_emit(void *ctx, const struct event *ev);

/* Brings the recording to the disk once a second; to be called now and then. */
void session_tick(struct session *session);

/* Has any event come? */
bool session_begun(const struct session *session);

/* Brings what is recorded to the disk, too. */
void session_done(struct session *session);

#endif
