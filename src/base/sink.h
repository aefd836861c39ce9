/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * sink.h - a file that is written from front to end, as it is or compressed by zstd.
 *
 * What was flushed can be read back even when the rest never comes: each flush ends a compressed
 * frame with its checksum. The first error stays: everything after it fails with the same.
 */
#ifndef FORKTALLY_SINK_H
#define FORKTALLY_SINK_H

#include <stdbool.h>
#include <stddef.h>

struct sink;

/**
 * sink_new() - write to an open file.
 * @fd: taken over, also on error.
 * Errors: 0 or -ENOMEM.
 */
int sink_new(int fd, bool compressed, struct sink **ret_sink);

/* Takes data, which may stay in our memory. Errors: -errno of an earlier or of this write. */
int sink_write(struct sink *sink, const void *data, size_t size);

/* Everything taken so far goes to the file. */
int sink_flush(struct sink *sink);

/* Flushes, ends the compressed frame and closes. Errors: as sink_flush(), and of close(). */
int sink_close(struct sink *sink);

#endif
