/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * lines.h - the lines of a file, plain or compressed by zstd (told by its first bytes, not by
 * its name), one after the other in bounded memory. A file that ends in the middle of a line
 * or of a compressed block is "cut": its whole lines are all there is, which is no error.
 */
#ifndef FORKTALLY_LINES_H
#define FORKTALLY_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINES_BYTES_MAX ((size_t)16 << 20) /* of one line */

struct lines;

/**
 * lines_new() - read an open file from where it stands.
 * @fd: taken over, also on error. May be a pipe.
 * Errors: 0 or -ENOMEM.
 */
int lines_new(int fd, struct lines **ret_lines);

/**
 * lines_next() - the next whole line.
 * @ret_line: without its newline, followed by a NUL; valid until the next call. May hold NULs.
 * Returns 1; 0 at the end of the file.
 * Errors:  -errno of read; -EBADMSG the compressed data is damaged; -E2BIG the line is longer
 *          than LINES_BYTES_MAX; -ENOMEM.
 */
int lines_next(struct lines *lines, const char **ret_line, size_t *ret_size);

/* Lines that were handed out so far: the number of the last one, counted from 1. */
uint64_t lines_count(const struct lines *lines);

/* After lines_next() returned 0: did the file end in the middle of something? */
bool lines_is_cut(const struct lines *lines);

/**
 * lines_rest() - after lines_next() returned 0: what stands behind the last newline, which is a
 * line as well in a file that people write.
 * @ret_rest: as ret_line of lines_next(). Returns 1, or 0 where nothing stands there.
 */
int lines_rest(struct lines *lines, const char **ret_rest, size_t *ret_size);

void lines_free(struct lines *lines);

#endif
