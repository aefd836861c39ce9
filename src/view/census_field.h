/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * census_field.h - THE table of what can be said of one process in a census: for each field its
 * name, head, unit, meaning, where it comes from and what to beware of, how it sorts, and how to
 * get it. Help, the man page (a unit test compares it), -o, --sort, text, JSON and CSV all
 * take it from here.
 *
 * Behind the fields of the table there are two for each kind of the census (census/kind.h), made
 * from its row: "fd.pipe", bytes, its share; "fd.pipe.count", objects. A kind that is called as a
 * field is gets "kernel." in front.
 *
 * Fields that begin with "sum." are of a process and all below it.
 */
#ifndef FORKTALLY_CENSUS_FIELD_H
#define FORKTALLY_CENSUS_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include "census/census.h"

enum census_field_id {
	CF_PID,
	CF_PPID,
	CF_USER,
	CF_UID,
	CF_STATE,
	CF_PRIVATE,
	CF_KERNEL,
	CF_SHARED,
	CF_SWAP,
	CF_FDS,
	CF_THREADS,
	CF_ZOMBIES,
	CF_ANON,
	CF_FILE,
	CF_SHMEM,
	CF_VIRTUAL,
	CF_COMMIT,
	CF_LOCKED,
	CF_KERNEL_FULL,
	CF_SHARED_FULL,
	CF_UNCHARGED,
	CF_MAPS,
	CF_CPU,
	CF_AGE,
	CF_CGROUP,
	CF_PID_NAMESPACE,
	CF_SUM_PRIVATE,
	CF_SUM_KERNEL,
	CF_SUM_SHARED,
	CF_SUM_SWAP,
	CF_SUM_FDS,
	CF_SUM_THREADS,
	CF_SUM_ZOMBIES,
	CF_SUM_PROCESSES,
	CF_COMM,
	CF_COMMAND,
	CENSUS_OWN_FIELDS, /* those of the table */
	CF_KIND_BYTES = CENSUS_OWN_FIELDS,
	CF_KIND_COUNT = CF_KIND_BYTES + CENSUS_KINDS,
	CENSUS_FIELDS = CF_KIND_COUNT + CENSUS_KINDS
};

/* What a field may hold. */
enum census_type {
	CENSUS_TEXT,  /* any bytes; "" unknown */
	CENSUS_COUNT, /* a whole number */
	CENSUS_BYTES, /* struct amount */
	CENSUS_TIME,  /* nanoseconds */
};

struct census_value {
	enum census_type type;
	bool known; /* CENSUS_COUNT, CENSUS_TIME */
	union {
		const char *text;
		uint64_t count;
		struct amount bytes;
		int64_t ns;
	};
};

struct census_row;

struct census_field {
	const char *name;   /* "kernel": of -o, --sort, JSON and CSV; never changes */
	const char *head;   /* over its column: "KERNEL" */
	const char *unit;   /* of JSON and CSV: "bytes", "s", "" */
	const char *help;   /* what it is, one sentence */
	const char *source; /* what tells: source bpf's structures; source proc's files */
	const char *caveat; /* what to beware of, "" nothing */
	enum census_type type;
	enum census_depth depth;   /* that a census must have to know it */
	bool rising;		   /* sorts from small to large unless asked otherwise */
	unsigned width_max;	   /* columns in a table; 0: as wide as it needs */
	enum census_field_id sums; /* what a tree is sorted by in its place; itself: nothing else */
	struct census_value (*get)(const struct census_row *row, unsigned index);
	unsigned index; /* second argument of get */
};

const struct census_field *census_field_get(enum census_field_id id);

/* Of that name, CENSUS_FIELDS: there is none. */
enum census_field_id census_field_find(const char *name, size_t length);

struct census_value census_field_value(enum census_field_id id, const struct census_row *row);

/* <0, 0, >0 as strcmp(3). What is not known comes behind all that is, in either direction. */
int census_value_compare(const struct census_value *a, const struct census_value *b);

/* A choice of fields, in the order of their columns. */
struct census_columns {
	enum census_field_id at[CENSUS_FIELDS];
	unsigned count;
};

extern const struct census_columns census_columns_default, census_columns_tree;

/**
 * census_columns_parse() - "pid,kernel,fd.pipe"; "+cgroup,maps" adds to what is there.
 * @ret_bad: on -EINVAL the part that is no field, or comes twice; @ret_length bytes of it.
 */
int census_columns_parse(const char *text, struct census_columns *columns, const char **ret_bad,
			 size_t *ret_length);

#endif
