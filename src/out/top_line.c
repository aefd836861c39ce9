/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "out/top_line.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "out/columns.h"
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
	line->columns += columns_of(text);
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
	columns = columns_of(safe);
	if (!most || columns <= most) {
		put_bytes(line, style, safe, strlen(safe));
	} else {
		/* Cut, and one can see that it is. */
		bytes = columns_bytes_before(safe, most - 1);
		put_bytes(line, style, safe, bytes);
		safe[bytes] = '\0';
		columns = columns_of(safe);
		put_bytes(line, style, "+", 1);
		columns++;
	}
	line->columns += columns;
	free(safe);
	return columns;
}
