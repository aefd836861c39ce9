/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * top_line.h - one line of `forktally top`: text in styles, so that the screen and batch mode show
 * the same. Running out of memory is kept and asked for at the end.
 */
#ifndef FORKTALLY_TOP_LINE_H
#define FORKTALLY_TOP_LINE_H

#include <stdbool.h>
#include <stddef.h>

enum top_style {
	TOP_PLAIN,
	TOP_BOLD,
	TOP_DIM,
	TOP_RED,
	TOP_WARN,
	TOP_FINE,
	TOP_PRIVATE, /* the pools */
	TOP_KERNEL,
	TOP_SHARED,
	TOP_CACHE,
	TOP_HEAD,      /* over a column */
	TOP_HEAD_SORT, /* over the one that it is sorted by */
	TOP_KEY,       /* a key in the bottom line, and what it does */
	TOP_DOES,
	TOP_STYLES
};

#define TOP_SPANS 96

struct top_line {
	char *text;
	size_t length, room; /* bytes */
	size_t columns;
	struct {
		size_t at; /* byte where it begins */
		enum top_style style;
	} span[TOP_SPANS];
	unsigned spans;
	bool utf8, failed;
};

void top_line_init(struct top_line *line, bool utf8);
void top_line_done(struct top_line *line);
void top_line_clear(struct top_line *line);

/* Well-formed and printable, as escape_text() makes it. */
void top_line_put(struct top_line *line, enum top_style style, const char *text);
void top_line_format(struct top_line *line, enum top_style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void top_line_fill(struct top_line *line, enum top_style style, char c, size_t count);

/* Any bytes: escaped, and cut to `most` columns (0: not). Returns its columns. */
size_t top_line_escaped(struct top_line *line, enum top_style style, const char *text, size_t most);

#endif
