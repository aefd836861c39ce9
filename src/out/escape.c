/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "out/escape.h"

#define ESCAPE_GROWTH 4 /* "\xNN" for one byte */

static uint32_t code_point(const unsigned char *s, size_t len)
{
	uint32_t c = len == 1 ? s[0] : s[0] & (0xffu >> (len + 1));

	for (size_t i = 1; i < len; i++)
		c = c << 6 | (s[i] & 0x3f);
	return c;
}

size_t escape_utf8_len(const char *text)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *s = (const unsigned char *)text;
	size_t len;
	uint32_t c;

	if (s[0] == 0)
		return 0;
	if (s[0] < 0x80)
		return 1;
	len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	c = code_point(s, len);
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return len;
}

/* C1 controls, and what turns the direction of the text around it or is not seen at all. */
static bool deceives(uint32_t c)
{
	return (c >= 0x80 && c < 0xa0) || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

static bool printable(const char *s, size_t len, bool utf8)
{
	if (len == 1)
		return *s >= ' ' && *s < 127;
	return len > 1 && utf8 && !deceives(code_point((const unsigned char *)s, len));
}

static char *escape(const char *text, bool utf8, bool all)
{
	char *out = malloc(strlen(text) * ESCAPE_GROWTH + 1), *at = out;

	if (!out)
		return NULL;
	while (*text) {
		size_t len = escape_utf8_len(text);
		size_t bytes = len ? len : 1;

		if (len && (all || printable(text, len, utf8))) {
			at = mempcpy(at, text, len);
		} else if (*text == '\n' || *text == '\t') {
			*at++ = '\\';
			*at++ = *text == '\n' ? 'n' : 't';
		} else {
			for (size_t i = 0; i < bytes; i++)
				at += sprintf(at, "\\x%02x", (unsigned char)text[i]);
		}
		text += bytes;
	}
	*at = '\0';
	return out;
}

char *escape_text(const char *text, bool utf8)
{
	return escape(text, utf8, false);
}

char *escape_json(const char *text)
{
	return escape(text, true, true);
}
