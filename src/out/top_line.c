/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "out/top_line.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "out/escape.h"

void top_line_init(struct top_line *line, bool utf8)
{
	*line = (struct top_line){.utf8 = utf8};
}

void top_line_done(struct top_line *line)
{
	free(line->text);
	line->text = NULL;
}

void top_line_clear(struct top_line *line)
{
	line->length = line->columns = 0;
	line->spans = 0;
	if (line->text)
		*line->text = '\0';
}

/* One character, its bytes and its columns. */
static size_t step(const char *text, size_t *ret_columns)
{
	mbstate_t state = {0};
	wchar_t c;
	size_t n = mbrtowc(&c, text, strlen(text), &state);
	int columns;

	if (n == 0 || n > strlen(text)) {
		/* Not of this locale: the lead byte counts, those behind it do not. */
		*ret_columns = ((unsigned char)*text & 0xc0) != 0x80;
		return 1;
	}
	columns = wcwidth(c);
	*ret_columns = columns < 0 ? 1 : (size_t)columns;
	return n;
}

size_t top_columns_of(const char *text)
{
	size_t columns = 0, one;

	while (*text) {
		text += step(text, &one);
		columns += one;
	}
	return columns;
}

size_t top_bytes_before(const char *text, size_t column)
{
	const char *at = text;
	size_t columns = 0, one;

	while (*at) {
		size_t bytes = step(at, &one);

		if (columns + one > column)
			break;
		columns += one;
		at += bytes;
	}
	return (size_t)(at - text);
}

static void put_bytes(struct top_line *line, enum top_style style, const char *text, size_t bytes)
{
	if (line->length + bytes + 1 > line->room) {
		size_t room = 2 * (line->length + bytes) + 128;
		char *more = realloc(line->text, room);

		if (!more) {
			line->failed = true;
			return;
		}
		line->text = more;
		line->room = room;
	}
	if ((!line->spans || line->span[line->spans - 1].style != style) &&
	    line->spans < TOP_SPANS) {
		line->span[line->spans].at = line->length;
		line->span[line->spans++].style = style;
	}
	memcpy(line->text + line->length, text, bytes);
	line->length += bytes;
	line->text[line->length] = '\0';
}

void top_line_put(struct top_line *line, enum top_style style, const char *text)
{
	put_bytes(line, style, text, strlen(text));
	line->columns += top_columns_of(text);
}

void top_line_format(struct top_line *line, enum top_style style, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	top_line_put(line, style, text);
}

void top_line_fill(struct top_line *line, enum top_style style, char c, size_t count)
{
	for (size_t i = 0; i < count; i++)
		put_bytes(line, style, &c, 1);
	line->columns += count;
}

size_t top_line_escaped(struct top_line *line, enum top_style style, const char *text, size_t most)
{
	char *safe = escape_text(text, line->utf8);
	size_t columns, bytes;

	if (!safe) {
		line->failed = true;
		return 0;
	}
	columns = top_columns_of(safe);
	if (!most || columns <= most) {
		put_bytes(line, style, safe, strlen(safe));
	} else {
		/* Cut, and one can see that it is. */
		bytes = top_bytes_before(safe, most - 1);
		put_bytes(line, style, safe, bytes);
		safe[bytes] = '\0';
		columns = top_columns_of(safe);
		put_bytes(line, style, "+", 1);
		columns++;
	}
	line->columns += columns;
	free(safe);
	return columns;
}
