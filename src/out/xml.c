/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdbool.h>
#include <string.h>
#include "out/escape.h"
#include "out/xml.h"

/* U+FFFE and U+FFFF are UTF-8, but no characters of XML. */
static bool is_allowed(const char *s, size_t length)
{
	if (length == 1)
		return *s >= ' ' || *s == '\n' || *s == '\t';
	return length == 2 || length == 4 || memcmp(s, "\xef\xbf", 2) || (unsigned char)s[2] < 0xbe;
}

static const char *entity(char c, bool attribute)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>': /* "]]>" must not stand in content */
		return "&gt;";
	case '"':
		return attribute ? "&quot;" : NULL;
	case '\n':
		return attribute ? "&#10;" : NULL;
	case '\t':
		return attribute ? "&#9;" : NULL;
	}
	return NULL;
}

static void put(FILE *f, const char *text, bool attribute)
{
	while (*text) {
		size_t length = escape_utf8_len(text), bytes = length ? length : 1;
		const char *name = entity(*text, attribute);

		if (name)
			fputs(name, f);
		else if (length && is_allowed(text, length))
			fwrite(text, 1, length, f);
		else
			for (size_t i = 0; i < bytes; i++)
				fprintf(f, "\\x%02x", (unsigned char)text[i]);
		text += bytes;
	}
}

void xml_text(FILE *f, const char *text)
{
	put(f, text, false);
}

void xml_attribute(FILE *f, const char *name, const char *value)
{
	fprintf(f, " %s=\"", name);
	put(f, value, true);
	fputc('"', f);
}
