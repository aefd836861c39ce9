/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "view/arena.h"

#define CHUNK_BYTES 4096
#define ALIGN_BYTES _Alignof(max_align_t)

struct chunk {
	struct chunk *next;
	size_t used, size;
	max_align_t data[];
};

struct view_arena {
	struct chunk *chunks; /* the first one is the one with room */
	bool failed;
};

struct view_arena *view_arena_new(void)
{
	return calloc(1, sizeof(struct view_arena));
}

void view_arena_free(struct view_arena *a)
{
	if (!a)
		return;
	while (a->chunks) {
		struct chunk *c = a->chunks;

		a->chunks = c->next;
		free(c);
	}
	free(a);
}

bool view_arena_failed(const struct view_arena *a)
{
	return a->failed;
}

static void *take(struct view_arena *a, size_t bytes)
{
	struct chunk *c = a->chunks;
	void *at;

	bytes = (bytes + ALIGN_BYTES - 1) & ~(ALIGN_BYTES - 1);
	if (!c || c->size - c->used < bytes) {
		size_t size = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;

		c = calloc(1, sizeof(*c) + size);
		if (!c) {
			a->failed = true;
			return NULL;
		}
		c->size = size;
		c->next = a->chunks;
		a->chunks = c;
	}
	at = (char *)c->data + c->used;
	c->used += bytes;
	return at;
}

void *view_arena_array(struct view_arena *a, size_t count, size_t size)
{
	size_t bytes;

	if (!count)
		return NULL;
	if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2) {
		a->failed = true;
		return NULL;
	}
	return take(a, bytes);
}

const char *view_arena_text_n(struct view_arena *a, const char *text, size_t len_max)
{
	size_t len = text ? strnlen(text, len_max) : 0;
	char *copy;

	if (!len)
		return "";
	copy = take(a, len + 1);
	if (!copy)
		return "";
	memcpy(copy, text, len);
	return copy;
}

const char *view_arena_text(struct view_arena *a, const char *text)
{
	return view_arena_text_n(a, text, PTRDIFF_MAX);
}

const char *view_arena_adopt(struct view_arena *a, char *text)
{
	const char *copy = "";

	if (text)
		copy = view_arena_text(a, text);
	else
		a->failed = true;
	free(text);
	return copy;
}

const char *view_arena_format(struct view_arena *a, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	return view_arena_adopt(a, text);
}
