/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#define READ_BYTES ((size_t)64 << 10)

static const unsigned char zstd_magic[4] = {0x28, 0xb5, 0x2f, 0xfd};

struct lines {
	int fd;
	bool begun, end;
	ZSTD_DCtx *zstd; /* NULL: not compressed */
	bool in_frame;	 /* zstd: a frame was begun and not ended */
	size_t in_begin, in_end;
	/* Text that was read: [begin, scanned) has no newline, [scanned, end) is new. */
	char *text;
	size_t text_begin, text_scanned, text_end, text_size;
	uint64_t count;
	char in[READ_BYTES];
};

int lines_new(int fd, struct lines **ret_lines)
{
	struct lines *lines = calloc(1, sizeof(*lines));

	if (!lines) {
		close(fd);
		return -ENOMEM;
	}
	lines->fd = fd;
	*ret_lines = lines;
	return 0;
}

/* Adds to `in` what one read gives; 0 at the end of the file. */
static ssize_t read_more(struct lines *lines)
{
	ssize_t n;

	if (lines->in_begin == lines->in_end)
		lines->in_begin = lines->in_end = 0;
	do
		n = read(lines->fd, lines->in + lines->in_end, READ_BYTES - lines->in_end);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	lines->in_end += (size_t)n;
	return n;
}

/* Reads until it is known whether this is compressed. */
static int begin(struct lines *lines)
{
	ssize_t n;

	while (lines->in_end < sizeof(zstd_magic)) {
		n = read_more(lines);
		if (n < 0)
			return (int)n;
		if (n == 0)
			break;
	}
	lines->begun = true;
	if (lines->in_end < sizeof(zstd_magic) || memcmp(lines->in, zstd_magic, sizeof(zstd_magic)))
		return 0;
	lines->zstd = ZSTD_createDCtx();
	return lines->zstd ? 0 : -ENOMEM;
}

/* Makes room behind text_end for at least one more read, and for the NUL. */
static int make_room(struct lines *lines)
{
	size_t length = lines->text_end - lines->text_begin, size;
	char *text;

	if (lines->text_begin) {
		memmove(lines->text, lines->text + lines->text_begin, length);
		lines->text_scanned -= lines->text_begin;
		lines->text_begin = 0;
		lines->text_end = length;
	}
	if (lines->text_size - length > READ_BYTES)
		return 0;
	if (length > LINES_BYTES_MAX)
		return -E2BIG;
	size = lines->text_size ? 2 * lines->text_size : 4 * READ_BYTES;
	text = realloc(lines->text, size);
	if (!text)
		return -ENOMEM;
	lines->text = text;
	lines->text_size = size;
	return 0;
}

static int unpack(struct lines *lines)
{
	ZSTD_inBuffer in = {.src = lines->in, .size = lines->in_end, .pos = lines->in_begin};
	ZSTD_outBuffer out = {.dst = lines->text + lines->text_end,
			      .size = lines->text_size - 1 - lines->text_end};
	size_t left = ZSTD_decompressStream(lines->zstd, &out, &in);

	if (ZSTD_isError(left))
		return -EBADMSG;
	lines->in_frame = left != 0;
	lines->in_begin = in.pos;
	lines->text_end += out.pos;
	return 0;
}

/* More text behind text_end, or `end`. */
static int fill(struct lines *lines)
{
	size_t before = lines->text_end - lines->text_begin, part;
	int err = make_room(lines);

	while (!err && lines->text_end - lines->text_begin == before) {
		ssize_t n = 1;

		if (lines->in_begin == lines->in_end) {
			n = read_more(lines);
			if (n < 0)
				return (int)n;
		}
		if (lines->zstd) {
			/* At the end of the file too: the decoder may still hold text back. */
			if (n || lines->in_frame)
				err = unpack(lines);
		} else {
			part = lines->in_end - lines->in_begin;
			memcpy(lines->text + lines->text_end, lines->in + lines->in_begin, part);
			lines->text_end += part;
			lines->in_begin = lines->in_end;
		}
		if (n == 0 && lines->text_end - lines->text_begin == before) {
			lines->end = true;
			break;
		}
	}
	return err;
}

int lines_next(struct lines *lines, const char **ret_line, size_t *ret_size)
{
	int err = lines->begun ? 0 : begin(lines);

	while (!err) {
		char *newline = NULL;

		if (lines->text_end > lines->text_scanned)
			newline = memchr(lines->text + lines->text_scanned, '\n',
					 lines->text_end - lines->text_scanned);
		if (newline) {
			if ((size_t)(newline - lines->text) - lines->text_begin > LINES_BYTES_MAX)
				return -E2BIG;
			*newline = '\0';
			*ret_line = lines->text + lines->text_begin;
			*ret_size = (size_t)(newline - *ret_line);
			lines->text_begin = lines->text_scanned =
			    (size_t)(newline - lines->text) + 1;
			lines->count++;
			return 1;
		}
		lines->text_scanned = lines->text_end;
		if (lines->end)
			return 0;
		err = fill(lines);
	}
	return err;
}

uint64_t lines_count(const struct lines *lines)
{
	return lines->count;
}

bool lines_is_cut(const struct lines *lines)
{
	return lines->end && (lines->text_end > lines->text_begin || lines->in_frame);
}

int lines_rest(struct lines *lines, const char **ret_rest, size_t *ret_size)
{
	if (!lines->end || lines->text_end == lines->text_begin)
		return 0;
	lines->text[lines->text_end] = '\0';
	*ret_rest = lines->text + lines->text_begin;
	*ret_size = lines->text_end - lines->text_begin;
	lines->text_begin = lines->text_scanned = lines->text_end;
	lines->count++;
	return 1;
}

void lines_free(struct lines *lines)
{
	if (!lines)
		return;
	close(lines->fd);
	ZSTD_freeDCtx(lines->zstd);
	free(lines->text);
	free(lines);
}
