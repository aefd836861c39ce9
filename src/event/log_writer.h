/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * log_writer.h - keeps a session: one event a line, as flat JSON objects (doc/session.md).
 * Costs about a microsecond an event. What was flushed can be read even if nothing follows.
 */
#ifndef FORKTALLY_LOG_WRITER_H
#define FORKTALLY_LOG_WRITER_H

#include <stdbool.h>
#include "event/event.h"

struct log_writer;

/**
 * log_writer_new() - begin a session log; its first line goes to the file at once, so that even
 * a session that is killed in its first second is known for what it is.
 * @fd: taken over, also on error.
 * @compressed: with zstd.
 * Errors: 0; -ENOMEM; -errno of the write.
 */
int log_writer_new(int fd, bool compressed, struct log_writer **ret_writer);

/**
 * log_writer_add() - write one event.
 * Errors: -EINVAL it is not an event of the contract, nothing written; -ENOMEM, nothing
 *         written; -errno of the write (-ENOSPC ...), then of every later call as well.
 */
int log_writer_add(struct log_writer *writer, const struct event *ev);

/* Brings everything into the file. Errors: -errno of the write. */
int log_writer_flush(struct log_writer *writer);

/* Errors: -errno of what was still to be written; the writer is gone in any case. NULL: 0. */
int log_writer_close(struct log_writer *writer);

#endif
