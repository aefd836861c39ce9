/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include "out/census_object.h"
#include "out/explain.h"

static void append(json_t *array, json_t *value, bool *failed)
{
	if (json_array_append_new(array, value))
		*failed = true;
}

static json_t *process_of(const struct explain *e, bool *failed)
{
	struct census_object o = census_object_begin(failed);

	for (unsigned id = 0; id < CENSUS_OWN_FIELDS; id++) {
		if (census_field_get(id)->depth <= CENSUS_KINDS_ALL)
			census_object_field(&o, id, &e->row);
	}
	if (e->row.process->flags & CENSUS_ZOMBIE)
		census_object_count(&o, "exit_status", e->row.process->exit_status);
	return census_object_end(&o);
}

static json_t *sentences(const struct explain *e, bool *failed)
{
	static const char *const parts[] = {[EXPLAIN_HOLDS] = "holds",
					    [EXPLAIN_UNUSUAL] = "unusual",
					    [EXPLAIN_TO_DO] = "to_do",
					    [EXPLAIN_NOT_SEEN] = "not_seen"};
	json_t *all = json_array();

	for (size_t i = 0; i < e->sentence_count; i++) {
		struct census_object o = census_object_begin(failed);

		census_object_text(&o, "part", parts[e->sentence[i].part]);
		census_object_text(&o, "text", e->sentence[i].text);
		append(all, census_object_end(&o), failed);
	}
	return all;
}

static json_t *kinds(const struct explain *e, bool *failed)
{
	json_t *all = json_array();

	for (size_t i = 0; i < e->kind_count; i++) {
		const struct explain_kind *k = &e->kind[i];
		struct census_object o = census_object_begin(failed);
		json_t *sharers = json_array();

		census_object_text(&o, "kind", kind_get(k->kind)->name);
		census_object_text(&o, "title", kind_get(k->kind)->title);
		census_object_text(&o, "pool",
				   kind_get(k->kind)->pool == POOL_SHARED ? "shared" : "kernel");
		census_object_count(&o, "count", k->count);
		census_object_count(&o, "shared_count", k->shared);
		census_object_amount(&o, "full", k->bytes);
		census_object_amount(&o, "share", k->divided);
		for (uint32_t j = 0; j < k->sharers; j++) {
			struct census_object s = census_object_begin(failed);

			census_object_count(&s, "pid",
					    e->census->process[k->sharer[j].process].tgid);
			census_object_count(&s, "count", k->sharer[j].count);
			append(sharers, census_object_end(&s), failed);
		}
		census_object_set(&o, "sharers", sharers);
		append(all, census_object_end(&o), failed);
	}
	return all;
}

static json_t *files(const struct explain *e, bool *failed)
{
	json_t *all = json_array();

	for (size_t i = 0; i < e->file_count; i++) {
		const struct census_file *f = e->file[i].file;
		struct census_object o = census_object_begin(failed);
		json_t *others = json_array();

		for (uint32_t j = 0; j < f->others && j < CENSUS_FILE_OTHERS; j++)
			append(others, json_integer(f->other[j]), failed);
		census_object_count(&o, "fd", f->fd);
		census_object_text(&o, "kind", kind_get(f->kind)->name);
		census_object_text(&o, "target", f->target);
		census_object_text_or_null(&o, "socket", f->socket);
		census_object_text(&o, "words", e->file[i].words);
		census_object_set(&o, "reads", json_boolean(f->reads));
		census_object_set(&o, "writes", json_boolean(f->writes));
		census_object_set(&o, "both_ends", json_boolean(f->both_ends));
		census_object_amount(&o, "kernel",
				     (struct amount){f->kernel_bytes, KNOWN_ESTIMATE});
		census_object_amount(&o, "queued", amount_from_event(f->queued_bytes));
		census_object_amount(&o, "memory", amount_from_event(f->memory_bytes));
		census_object_set(&o, "others", others);
		census_object_count(&o, "others_count", f->others);
		census_object_set(&o, "others_complete", json_boolean(f->others_known));
		append(all, census_object_end(&o), failed);
	}
	return all;
}

static json_t *children(const struct explain *e, bool *failed)
{
	json_t *all = json_array();

	for (size_t i = 0; i < e->child_count; i++) {
		const struct census_process *c = &e->census->process[e->child[i]];
		struct census_object o = census_object_begin(failed);

		census_object_count(&o, "pid", c->tgid);
		census_object_text(&o, "comm", c->comm);
		census_object_set(&o, "zombie", json_boolean(c->flags & CENSUS_ZOMBIE));
		census_object_amount(&o, "private", c->private);
		census_object_amount(&o, "kernel", c->kernel);
		append(all, census_object_end(&o), failed);
	}
	return all;
}

static json_t *ipc(const struct explain *e, bool *failed)
{
	json_t *all = json_array();

	for (size_t i = 0; i < e->files->ipc_count; i++) {
		const struct census_ipc *c = &e->files->ipc[i];
		struct census_object o = census_object_begin(failed);

		census_object_text(&o, "what", c->what);
		census_object_count(&o, "id", c->id);
		census_object_set(&o, "created", json_boolean(c->created));
		census_object_amount(&o, "bytes", amount_from_event(c->bytes));
		census_object_count(&o, "parts", c->parts);
		append(all, census_object_end(&o), failed);
	}
	return all;
}

int explain_json_write(FILE *f, const struct explain_print *print)
{
	const struct explain *e = print->explain;
	bool failed = false;
	struct census_object o = census_object_begin(&failed);

	census_object_count(&o, "schema_version", CENSUS_JSON_VERSION);
	census_object_text(&o, "source", e->census->source == SOURCE_PROC ? "proc" : "bpf");
	census_object_set(&o, "process", process_of(e, &failed));
	census_object_set(&o, "sentences", sentences(e, &failed));
	census_object_count(&o, "siblings", e->siblings);
	census_object_set(&o, "kinds", kinds(e, &failed));
	census_object_set(&o, "files", e->files->err ? json_null() : files(e, &failed));
	census_object_count(&o, "files_limit",
			    e->files->limit ? e->files->limit : CENSUS_UNKNOWN_COUNT);
	census_object_set(&o, "children", children(e, &failed));
	census_object_set(&o, "ipc", ipc(e, &failed));
	census_object_set(&o, "notes", census_json_lines(print->notes, print->note_count, &failed));
	return census_json_end(f, census_object_end(&o), failed);
}
