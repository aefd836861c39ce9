/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * log_reader.h - reads a session log back (doc/session.md), plain or compressed, in bounded
 * memory. Strict: a line that is not an event as the writer writes them is an error, with one
 * exception: the last line may be cut off, as it is after kill -9 or on a full disk.
 */
#ifndef FORKTALLY_LOG_READER_H
#define FORKTALLY_LOG_READER_H

#include <stdbool.h>
#include <stdint.h>
#include "event/event.h"

struct log_reader;

/**
 * log_reader_new() - read from an open file.
 * @fd: taken over, also on error.
 * Errors: 0 or -ENOMEM.
 */
int log_reader_new(int fd, struct log_reader **ret_reader);

/**
 * log_reader_next() - the next event.
 * @ret_event: its text is valid until the next call.
 * Returns 1; 0 at the end, see log_reader_is_cut().
 * Errors:  -EBADMSG what stands there is no session log, or damaged; -EPROTONOSUPPORT another
 *          version; -E2BIG; -ENOMEM; -errno of read. log_reader_error() says it in words.
 */
int log_reader_next(struct log_reader *reader, struct event *ret_event);

/* What is wrong, for a person; without the file's name and line number. "" without an error. */
const char *log_reader_error(const struct log_reader *reader);

/* The line of the last event or of the error, counted from 1; 0: no line in particular. */
uint64_t log_reader_line(const struct log_reader *reader);

/* At the end: the session's last event, END, is not there. */
bool log_reader_is_cut(const struct log_reader *reader);

void log_reader_free(struct log_reader *reader);

static inline void log_reader_freep(struct log_reader **reader)
{
	log_reader_free(*reader);
}

#endif
