/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * schema.h - the part of JSON Schema that doc/report.schema.json uses: type, const, enum,
 * required, properties, items, $ref within the document. Any other word in a schema is an error,
 * so that nothing in it is silently not checked.
 */
#ifndef TEST_SCHEMA_H
#define TEST_SCHEMA_H

#include "golden.h"
#include <jansson.h>
#include <stdbool.h>

#define SCHEMA_WHY_BYTES 300

static inline json_t *schema_load(const char *path)
{
	json_error_t error;
	json_t *schema = json_load_file(path, JSON_REJECT_DUPLICATES, &error);

	if (!schema)
		fail_msg("%s:%d: %s", path, error.line, error.text);
	return schema;
}

/* "findings/0/holder"; NULL: nothing is there. Borrowed. */
static inline json_t *schema_point(json_t *root, const char *pointer)
{
	char step[64];

	while (root && *pointer) {
		size_t len = strcspn(pointer, "/");

		snprintf(step, sizeof(step), "%.*s", (int)len, pointer);
		root = json_is_array(root) ? json_array_get(root, (size_t)atoi(step))
					   : json_object_get(root, step);
		pointer += len + (pointer[len] == '/');
	}
	return root;
}

static inline bool schema_has_type(const char *type, const json_t *value)
{
	return (!strcmp(type, "object") && json_is_object(value)) ||
	       (!strcmp(type, "array") && json_is_array(value)) ||
	       (!strcmp(type, "string") && json_is_string(value)) ||
	       (!strcmp(type, "integer") && json_is_integer(value)) ||
	       (!strcmp(type, "number") && json_is_number(value)) ||
	       (!strcmp(type, "boolean") && json_is_boolean(value)) ||
	       (!strcmp(type, "null") && json_is_null(value));
}

static inline bool schema_type_allows(json_t *types, json_t *value)
{
	json_t *type;
	size_t i;

	if (json_is_string(types))
		return schema_has_type(json_string_value(types), value);
	json_array_foreach(types, i,
			   type) if (schema_has_type(json_string_value(type), value)) return true;
	return false;
}

static inline bool schema_refuse(char *why, const char *at, const char *rule)
{
	snprintf(why, SCHEMA_WHY_BYTES, "%s: refused by \"%s\"", at, rule);
	return false;
}

static inline bool schema_allows(json_t *root, json_t *schema, json_t *value, const char *at,
				 char *why)
{
	const char *word, *key;
	json_t *rule, *item, *sub;
	char inner[200];
	size_t i;

	json_object_foreach(schema, word, rule)
	{
		if (!strcmp(word, "type")) {
			if (!schema_type_allows(rule, value))
				return schema_refuse(why, at, word);
		} else if (!strcmp(word, "const")) {
			if (!json_equal(rule, value))
				return schema_refuse(why, at, word);
		} else if (!strcmp(word, "enum")) {
			bool found = false;

			json_array_foreach(rule, i, item) found |= json_equal(item, value);
			if (!found)
				return schema_refuse(why, at, word);
		} else if (!strcmp(word, "required")) {
			json_array_foreach(
			    rule, i,
			    item) if (json_is_object(value) &&
				      !json_object_get(
					  value,
					  json_string_value(
					      item))) return schema_refuse(why, at,
									   json_string_value(item));
		} else if (!strcmp(word, "properties")) {
			json_object_foreach(rule, key, sub)
			{
				json_t *field = json_object_get(value, key);

				snprintf(inner, sizeof(inner), "%.120s.%.60s", at, key);
				if (field && !schema_allows(root, sub, field, inner, why))
					return false;
			}
		} else if (!strcmp(word, "items")) {
			json_array_foreach(value, i, item)
			{
				snprintf(inner, sizeof(inner), "%.120s[%zu]", at, i);
				if (!schema_allows(root, rule, item, inner, why))
					return false;
			}
		} else if (!strcmp(word, "$ref")) {
			sub = schema_point(root, json_string_value(rule) + strlen("#/"));
			if (!sub || !schema_allows(root, sub, value, at, why))
				return sub ? false : schema_refuse(why, at, word);
		} else if (strcmp(word, "description") && strcmp(word, "title") &&
			   strcmp(word, "$schema") && strcmp(word, "$defs")) {
			return schema_refuse(why, at, word);
		}
	}
	return true;
}

#endif
