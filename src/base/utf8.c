/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/utf8.h"

#include <stdint.h>

size_t utf8_length(const char *s, size_t size)
{
	const unsigned char *p = (const unsigned char *)s;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t code;
	size_t length;

	if (!size)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if ((p[0] & 0xe0) == 0xc0)
		length = 2;
	else if ((p[0] & 0xf0) == 0xe0)
		length = 3;
	else if ((p[0] & 0xf8) == 0xf0)
		length = 4;
	else
		return 0;
	if (length > size)
		return 0;
	code = p[0] & (0x7fU >> length);
	for (size_t i = 1; i < length; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return length;
}
