/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "out/census_object.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "out/escape.h"
#include "out/flush.h"

struct census_object census_object_begin(bool *failed)
{
	struct census_object o = {.json = json_object(), .failed = failed};

	if (!o.json)
		*failed = true;
	return o;
}

void census_object_set(struct census_object *o, const char *key, json_t *value)
{
	if (json_object_set_new(o->json, key, value))
		*o->failed = true;
}

void census_object_text(struct census_object *o, const char *key, const char *text)
{
	char *safe = escape_json(text);

	census_object_set(o, key, safe ? json_string(safe) : NULL);
	free(safe);
}

void census_object_text_or_null(struct census_object *o, const char *key, const char *text)
{
	if (text && *text)
		census_object_text(o, key, text);
	else
		census_object_set(o, key, json_null());
}

void census_object_count(struct census_object *o, const char *key, uint64_t n)
{
	census_object_set(o, key, n <= INT64_MAX ? json_integer((json_int_t)n) : json_null());
}

static void mark(struct census_object *o, const char *key, json_t **list)
{
	if (!*list)
		*list = json_array();
	if (json_array_append_new(*list, json_string(key)))
		*o->failed = true;
}

void census_object_amount(struct census_object *o, const char *key, struct amount a)
{
	census_object_set(o, key, a.known == KNOWN_NOT ? json_null() : json_integer(a.bytes));
	if (a.known == KNOWN_AT_LEAST)
		mark(o, key, &o->at_least);
	else if (a.known == KNOWN_ESTIMATE)
		mark(o, key, &o->estimated);
}

void census_object_field(struct census_object *o, enum census_field_id id,
			 const struct census_row *row)
{
	const struct census_field *field = census_field_get(id);
	struct census_value v = census_field_value(id, row);

	switch (v.type) {
	case CENSUS_TEXT:
		census_object_text_or_null(o, field->name, v.text);
		break;
	case CENSUS_COUNT:
		census_object_count(o, field->name, v.known ? v.count : CENSUS_UNKNOWN_COUNT);
		break;
	case CENSUS_BYTES:
		census_object_amount(o, field->name, v.bytes);
		break;
	case CENSUS_TIME:
		census_object_set(o, field->name,
				  v.known ? json_real((double)v.ns / 1e9) : json_null());
		break;
	}
}

void census_object_sum(struct census_object *o, const char *key, const struct census_sum *sum)
{
	struct census_object s = census_object_begin(o->failed);

	census_object_count(&s, "processes", sum->processes);
	census_object_count(&s, "threads", sum->threads);
	census_object_count(&s, "zombies", sum->zombies);
	census_object_count(&s, "fds", sum->fds);
	census_object_amount(&s, "private", sum->private);
	census_object_amount(&s, "kernel", sum->kernel);
	census_object_amount(&s, "shared", sum->shared);
	census_object_amount(&s, "swap", sum->swap);
	census_object_set(o, key, census_object_end(&s));
}

json_t *census_object_end(struct census_object *o)
{
	if (o->at_least)
		census_object_set(o, "at_least", o->at_least);
	if (o->estimated)
		census_object_set(o, "estimated", o->estimated);
	return o->json;
}

json_t *census_json_machine(const struct census *c, bool *failed)
{
	struct census_object o = census_object_begin(failed);
	const struct census_machine *m = &c->machine;

	census_object_amount(&o, "total", m->total);
	census_object_amount(&o, "free", m->free);
	census_object_amount(&o, "available", m->available);
	census_object_amount(&o, "anon", m->anon);
	census_object_amount(&o, "cached", m->cached);
	census_object_amount(&o, "shmem", m->shmem);
	census_object_amount(&o, "swap_used", m->swap_used);
	census_object_amount(&o, "slab_reclaimable", m->slab_reclaimable);
	census_object_amount(&o, "slab_unreclaimable", m->slab_unreclaimable);
	census_object_amount(&o, "slab_unused", m->slab_unused);
	census_object_amount(&o, "kernel_stack", m->kernel_stack);
	census_object_amount(&o, "page_table", m->page_table);
	census_object_amount(&o, "percpu", m->percpu);
	census_object_amount(&o, "vmalloc", m->vmalloc);
	census_object_amount(&o, "socket", m->socket);
	census_object_amount(&o, "unattributed", c->unattributed);
	census_object_count(&o, "forks", m->forks);
	return census_object_end(&o);
}

json_t *census_json_lines(const char *const *text, size_t count, bool *failed)
{
	json_t *all = json_array();

	for (size_t i = 0; i < count; i++) {
		char *safe = escape_json(text[i]);

		if (json_array_append_new(all, safe ? json_string(safe) : NULL))
			*failed = true;
		free(safe);
	}
	return all;
}

int census_json_end(FILE *f, json_t *root, bool failed)
{
	int err = failed ? -ENOMEM : 0;

	if (!err &&
	    (json_dumpf(root, f, JSON_INDENT(1) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(12)) ||
	     fputc('\n', f) == EOF))
		err = errno ? -errno : -EIO;
	json_decref(root);
	return err ? err : flush_end(f);
}
