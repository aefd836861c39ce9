/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdint.h>
#include "event/amount.h"

/* A sum that does not fit says so: the bound that it is certainly above, or nothing. */
static struct amount amount_sum(int64_t a, int64_t b, enum known known)
{
	int64_t sum;

	if (!__builtin_add_overflow(a, b, &sum))
		return (struct amount){.bytes = sum, .known = known};
	if (a > 0)
		return (struct amount){.bytes = INT64_MAX, .known = KNOWN_AT_LEAST};
	return (struct amount){.bytes = 0, .known = KNOWN_NOT};
}

struct amount amount_add(struct amount a, struct amount b)
{
	if (a.known == KNOWN_NOT && b.known == KNOWN_NOT)
		return a;
	if (a.known == KNOWN_NOT)
		return (struct amount){.bytes = b.bytes, .known = KNOWN_AT_LEAST};
	if (b.known == KNOWN_NOT)
		return (struct amount){.bytes = a.bytes, .known = KNOWN_AT_LEAST};
	if (a.known == KNOWN_AT_LEAST || b.known == KNOWN_AT_LEAST)
		return amount_sum(a.bytes, b.bytes, KNOWN_AT_LEAST);
	if (a.known == KNOWN_ESTIMATE || b.known == KNOWN_ESTIMATE)
		return amount_sum(a.bytes, b.bytes, KNOWN_ESTIMATE);
	return amount_sum(a.bytes, b.bytes, KNOWN_EXACT);
}

struct amount amount_sub(struct amount a, struct amount b)
{
	if (a.known == KNOWN_NOT || b.known == KNOWN_NOT || b.known == KNOWN_AT_LEAST ||
	    b.bytes == INT64_MIN)
		return (struct amount){.bytes = 0, .known = KNOWN_NOT};
	b.bytes = -b.bytes;
	return amount_add(a, b);
}
