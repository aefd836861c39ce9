/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "out/columns.h"

#include <wchar.h>
#include "out/escape.h"

/* One character: its bytes and its columns. */
static size_t step(const char *text, size_t *ret_columns)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t bytes = escape_utf8_len(text);
	wchar_t c;
	int columns;

	if (bytes <= 1) {
		/* ASCII, or no UTF-8: the lead byte counts, those behind it do not. */
		*ret_columns = (*s & 0xc0) != 0x80;
		return 1;
	}
	c = s[0] & (0xff >> (bytes + 1));
	for (size_t i = 1; i < bytes; i++)
		c = c << 6 | (s[i] & 0x3f);
	columns = wcwidth(c);
	*ret_columns = columns < 0 ? 1 : (size_t)columns;
	return bytes;
}

size_t columns_of(const char *text)
{
	size_t columns = 0, one;

	while (*text) {
		text += step(text, &one);
		columns += one;
	}
	return columns;
}

size_t columns_bytes_before(const char *text, size_t column)
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
