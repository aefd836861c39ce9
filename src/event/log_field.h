/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * log_field.h - one table says how each field of each event stands in a session log. The writer
 * and the reader are driven by it, so what one writes the other reads. doc/session.md is the
 * same for people.
 */
#ifndef FORKTALLY_LOG_FIELD_H
#define FORKTALLY_LOG_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include "event/event.h"

#define LOG_FORMAT  "forktally-session"
#define LOG_VERSION 2

enum log_kind {
	LOG_U32,     /* number */
	LOG_S32,     /* number */
	LOG_U64,     /* number; not above INT64_MAX, which is the most that readers of JSON take */
	LOG_S64,     /* number; null where it is EVENT_UNKNOWN_BYTES */
	LOG_BOOL,    /* uint32_t 0 or 1; true or false */
	LOG_ADDRESS, /* uint64_t; a string like "0xffff8000": JSON numbers are not wide enough */
	LOG_NAME,    /* uint32_t index into names; one of the names */
	LOG_COMM,    /* char[EVENT_COMM_BYTES], NUL-terminated unless full; a string */
};

struct log_field {
	const char *name;
	size_t offset; /* in struct event */
	enum log_kind kind;
	const char *const *names; /* LOG_NAME: NULL for numbers that mean nothing */
	size_t name_count;
};

struct log_type {
	const char *name;
	const struct log_field *fields;
	size_t field_count;
};

/* NULL: there is no such type. */
const struct log_type *log_type(uint32_t type);

/* The number of a name, or -1. */
int log_type_by_name(const char *name);
int log_name_by_text(const struct log_field *field, const char *text);

#endif
