/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/sink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#define BUFFER_BYTES ((size_t)64 << 10)
#define LEVEL	     1 /* a log of numbers shrinks enough, and the run must not wait for us */

struct sink {
	int fd;
	int err;
	ZSTD_CCtx *zstd; /* NULL: not compressed */
	bool in_frame;	 /* a compressed frame was begun and not ended */
	size_t used;
	char buffer[BUFFER_BYTES];
	char packed[BUFFER_BYTES];
};

int sink_new(int fd, bool compressed, struct sink **ret_sink)
{
	struct sink *sink = malloc(sizeof(*sink));

	if (!sink)
		goto err_close;
	sink->fd = fd;
	sink->err = 0;
	sink->zstd = NULL;
	sink->in_frame = false;
	sink->used = 0;
	if (compressed) {
		sink->zstd = ZSTD_createCCtx();
		if (!sink->zstd)
			goto err_close;
		/* Both are known parameters with values in their range: they cannot fail. */
		(void)ZSTD_CCtx_setParameter(sink->zstd, ZSTD_c_compressionLevel, LEVEL);
		(void)ZSTD_CCtx_setParameter(sink->zstd, ZSTD_c_checksumFlag, 1);
	}
	*ret_sink = sink;
	return 0;

err_close:
	free(sink);
	close(fd);
	return -ENOMEM;
}

static int write_all(struct sink *sink, const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(sink->fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sink->err = -errno;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

/* Empties the buffer, through the compressor where there is one. */
static int push(struct sink *sink, ZSTD_EndDirective how)
{
	ZSTD_inBuffer in = {.src = sink->buffer, .size = sink->used};
	size_t left;

	if (sink->err)
		return sink->err;
	sink->used = 0;
	if (!sink->zstd)
		return write_all(sink, in.src, in.size);
	if (!in.size && !sink->in_frame)
		return 0; /* no frames of nothing */
	sink->in_frame = how != ZSTD_e_end;
	do {
		ZSTD_outBuffer out = {.dst = sink->packed, .size = sizeof(sink->packed)};

		left = ZSTD_compressStream2(sink->zstd, &out, &in, how);
		if (ZSTD_isError(left))
			return sink->err = -ENOMEM; /* the only way in which this can fail */
		if (write_all(sink, sink->packed, out.pos))
			return sink->err;
	} while (how == ZSTD_e_continue ? in.pos < in.size : left > 0);
	return 0;
}

int sink_write(struct sink *sink, const void *data, size_t size)
{
	const char *p = data;

	while (size) {
		size_t room = BUFFER_BYTES - sink->used, part = size < room ? size : room;

		memcpy(sink->buffer + sink->used, p, part);
		sink->used += part;
		p += part;
		size -= part;
		if (sink->used == BUFFER_BYTES && push(sink, ZSTD_e_continue))
			return sink->err;
	}
	return sink->err;
}

int sink_flush(struct sink *sink)
{
	return push(sink, ZSTD_e_end);
}

int sink_close(struct sink *sink)
{
	int err;

	if (!sink)
		return 0;
	err = push(sink, ZSTD_e_end);
	if (close(sink->fd) && !err)
		err = -errno;
	ZSTD_freeCCtx(sink->zstd);
	free(sink);
	return err;
}
