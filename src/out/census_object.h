/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * census_object.h - JSON objects of the census being filled. Private to src/out.
 *
 * Jansson refuses a NULL value and then frees nothing of ours, so every failure ends in *failed,
 * which is asked once at the end. Keys keep their order.
 */
#ifndef FORKTALLY_CENSUS_OBJECT_H
#define FORKTALLY_CENSUS_OBJECT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include "census/census.h"
#include "view/census_field.h"

struct census_object {
	json_t *json, *at_least, *estimated;
	bool *failed;
};

struct census_object census_object_begin(bool *failed);

void census_object_set(struct census_object *o, const char *key, json_t *value);
void census_object_text(struct census_object *o, const char *key, const char *text);
void census_object_text_or_null(struct census_object *o, const char *key, const char *text);
/* null where it is CENSUS_UNKNOWN_COUNT. */
void census_object_count(struct census_object *o, const char *key, uint64_t n);
/* null where it is unknown; its key in "at_least" or "estimated" where it is not exact. */
void census_object_amount(struct census_object *o, const char *key, struct amount a);
/* A field of the table, by its name; bytes and seconds are plain numbers. */
void census_object_field(struct census_object *o, enum census_field_id id,
			 const struct census_row *row);
void census_object_sum(struct census_object *o, const char *key, const struct census_sum *sum);

/* Says how well the amounts are known, and gives the object away. */
json_t *census_object_end(struct census_object *o);

json_t *census_json_machine(const struct census *c, bool *failed);
json_t *census_json_lines(const char *const *text, size_t count, bool *failed);

/* Writes it, and takes the reference. 0, -ENOMEM where `failed`, or -errno of the write. */
int census_json_end(FILE *f, json_t *root, bool failed);

#define CENSUS_JSON_VERSION 1

#endif
