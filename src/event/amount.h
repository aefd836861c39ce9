/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * amount.h - a number of bytes and how well it is known. Unknown is a state, never 0:
 * a sum with an unknown part becomes a lower bound, and is shown with ">=".
 */
#ifndef FORKTALLY_AMOUNT_H
#define FORKTALLY_AMOUNT_H

#include <stdint.h>
#include "event/event.h"

enum known { KNOWN_EXACT, KNOWN_AT_LEAST, KNOWN_ESTIMATE, KNOWN_NOT };

struct amount {
	int64_t bytes; /* 0 and meaningless with KNOWN_NOT */
	enum known known;
};

static inline struct amount amount_exact(int64_t bytes)
{
	return (struct amount){.bytes = bytes, .known = KNOWN_EXACT};
}

/* An event's field: EVENT_UNKNOWN_BYTES becomes KNOWN_NOT. */
static inline struct amount amount_from_event(int64_t bytes)
{
	if (bytes == EVENT_UNKNOWN_BYTES)
		return (struct amount){.bytes = 0, .known = KNOWN_NOT};
	return amount_exact(bytes);
}

/* a + b. Unknown + known is a lower bound; exact + estimate is an estimate. */
struct amount amount_add(struct amount a, struct amount b);

/* a - b. Minus a lower bound nothing is known any more; estimates stay estimates. */
struct amount amount_sub(struct amount a, struct amount b);

#endif
