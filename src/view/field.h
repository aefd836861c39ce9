/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * field.h - THE table of what a report tells: for each field its place in the JSON report, its
 * head in the text report, unit, meaning, where it comes from and what to beware of.
 * The JSON writer takes its keys from here, the text its column heads, doc/report.md its
 * tables (a unit test compares them).
 */
#ifndef FORKTALLY_FIELD_H
#define FORKTALLY_FIELD_H

#include <stddef.h>

enum field_id {
	FIELD_SCHEMA_VERSION,
	FIELD_VERDICT,
	FIELD_HEADLINE,
	FIELD_SOURCE,
	FIELD_COMMAND,
	FIELD_EXIT_STATUS,
	FIELD_SIGNAL,
	FIELD_INTERRUPTED,
	FIELD_KILLED,
	FIELD_CUT_OFF,
	FIELD_SETTLE,
	FIELD_FORKS,
	FIELD_EXITS,
	FIELD_ALIVE,
	FIELD_ZOMBIES,
	FIELD_EXECS,
	FIELD_THREADS,
	FIELD_LOST_EVENTS,
	FIELD_ROOT,
	FIELD_ROOT_PID,
	FIELD_ROOT_COMM,
	FIELD_ROOT_THREADS_PEAK,
	FIELD_ROOT_PRIVATE_PEAK,
	FIELD_ROOT_PAGE_TABLE,
	FIELD_ROOT_COMMIT,
	FIELD_POOLS,
	FIELD_CHARGED,
	FIELD_RETURNED,
	FIELD_PEAK,
	FIELD_LIVE,
	FIELD_UNATTRIBUTED,
	FIELD_INHERITED,
	FIELD_OVER_RETURN_COUNT,
	FIELD_OVER_RETURN,
	FIELD_AT_LEAST,
	FIELD_ESTIMATED,
	FIELD_FINDINGS,
	FIELD_FINDING_TITLE,
	FIELD_FINDING_CAUSE,
	FIELD_FINDING_WHERE,
	FIELD_FINDING_POOL,
	FIELD_FINDING_COUNT,
	FIELD_FINDING_COUNT_PER_FORK,
	FIELD_FINDING_BYTES,
	FIELD_FINDING_BYTES_PER_FORK,
	FIELD_FINDING_FORKS,
	FIELD_FINDING_HOLDER,
	FIELD_HOLDER_PID,
	FIELD_HOLDER_COMM,
	FIELD_FINDING_TAGS,
	FIELD_PART_TAG,
	FIELD_PART_POOL,
	FIELD_PART_COUNT,
	FIELD_PART_BYTES,
	FIELD_FINDING_SYSCALL,
	FIELD_FINDING_TAKEN_AT,
	FIELD_FRAME_FUNCTION,
	FIELD_FRAME_FILE,
	FIELD_FRAME_LINE,
	FIELD_FRAME_MODULE,
	FIELD_FRAME_OFFSET,
	FIELD_FRAME_KERNEL,
	FIELD_FINDING_HINT,
	FIELD_TAGS,
	FIELD_TAG_TAG,
	FIELD_TAG_POOL,
	FIELD_TAG_CHARGED_COUNT,
	FIELD_TAG_RETURNED_COUNT,
	FIELD_TAG_ASKED_COUNT,
	FIELD_TAG_CHARGED,
	FIELD_TAG_RETURNED,
	FIELD_TAG_LIVE,
	FIELD_TAG_ACCOUNTED,
	FIELD_BOOKS,
	FIELD_BOOK_POOL,
	FIELD_BOOK_MOMENT,
	FIELD_BOOK_PROCESSES,
	FIELD_BOOK_LEDGER,
	FIELD_BOOK_KERNEL,
	FIELD_BOOK_DIFFERENCE,
	FIELD_LOSSES,
	FIELD_LOSS_KIND,
	FIELD_LOSS_COUNT,
	FIELD_LOSS_WHAT,
	FIELD_NOT_SEEN,
	FIELD_REASONS,
	FIELD_NOTES,
	FIELDS
};

struct field {
	const char *path;   /* in the JSON report: "pools.POOL.charged_bytes", "findings[].cause" */
	const char *type;   /* JSON type, "or null" where the value may be unknown or absent */
	const char *unit;   /* "" none */
	const char *head;   /* over its column in the text report, "" it has none */
	const char *help;   /* what it is, one sentence */
	const char *source; /* where it comes from: events, by their names in event.h */
	const char *caveat; /* what to beware of, "" nothing */
};

const struct field *field_get(enum field_id id);

/* The last part of its path: the key in its JSON object. */
const char *field_key(enum field_id id);

#endif
