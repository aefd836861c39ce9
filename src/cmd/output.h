/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * output.h - a file that gets a finished report. It is opened before the work begins, so that a
 * wrong name is known at once, and written in one piece at the end.
 */
#ifndef FORKTALLY_OUTPUT_H
#define FORKTALLY_OUTPUT_H

#include <stddef.h>
#include <stdio.h>
#include "cmd/options.h"

/* The session, the suppressions, the report and its other faces. */
#define OUTPUT_TAKEN_MAX (OPTION_TEXTS_MAX + 5)

/**
 * output_open() - open and empty a file.
 * @what:  what will be written there, for messages: "report".
 * @taken: @count files that must not be the same one; -1 is none.
 * Returns 0, or an exit status after it has said what is wrong.
 */
int output_open(const char *path, const char *what, const int *taken, size_t count, int *ret_fd);

/**
 * output_write() - write what @make prints.
 * It is made in memory first: what a file gets is whole, or the error is the disk's.
 * Errors: 0 or -errno, of @make or of the write.
 */
int output_write(int fd, int (*make)(FILE *f, void *ctx), void *ctx);

#endif
