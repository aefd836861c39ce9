/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * fault.h - a stream of events that was kept, and what can happen to it on its way to the ledger.
 * What is dropped is told, late: a LOSS before END, as sources do.
 */
#ifndef TEST_DST_FAULT_H
#define TEST_DST_FAULT_H

#include <stddef.h>
#include <stdint.h>
#include "event/event.h"

struct stream {
	struct event *at;
	size_t count, room;
};

/* event_fn; ctx is the stream. Texts are copied. */
int stream_add(void *ctx, const struct event *ev);
void stream_clear(struct stream *s);
void stream_free(struct stream *s);

#define FAULTS(X)                                                                                  \
	X(FAULT_NONE, "none")                                                                      \
	X(FAULT_DROP, "dropped, a few")                                                            \
	X(FAULT_BURST, "dropped, many in a row")                                                   \
	X(FAULT_TABLE, "no room in a table")                                                       \
	X(FAULT_STEADY, "dropped, one kind all the time")                                          \
	X(FAULT_TWICE, "twice")                                                                    \
	X(FAULT_LATE, "late")                                                                      \
	X(FAULT_SWAP, "in the order of another processor")                                         \
	X(FAULT_PID, "process numbers used again")                                                 \
	X(FAULT_CLOCK, "the clock steps")                                                          \
	X(FAULT_CUT, "cut off")                                                                    \
	X(FAULT_SILENT, "dropped, and not told")
#define FAULT_ENUMERATOR(name, text) name,
enum fault { FAULTS(FAULT_ENUMERATOR) FAULT_COUNT };
#undef FAULT_ENUMERATOR
const char *fault_text(enum fault f);

/* @from with this fault, into @to, which is emptied first. */
void fault_make(const struct stream *from, enum fault f, uint64_t seed, struct stream *to);

#endif
