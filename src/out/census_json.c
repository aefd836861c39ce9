/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "out/census.h"
#include "out/census_object.h"

static json_t *processes(const struct census_print *print, bool *failed)
{
	json_t *all = json_array();

	for (uint32_t r = 0; r < print->view->count; r++) {
		const struct census_row *row = &print->view->row[r];
		struct census_object o = census_object_begin(failed);

		for (unsigned c = 0; c < print->columns->count; c++)
			census_object_field(&o, print->columns->at[c], row);
		if (print->tree)
			census_object_count(&o, "level", row->level);
		if (json_array_append_new(all, census_object_end(&o)))
			*failed = true;
	}
	return all;
}

int census_json_write(FILE *f, const struct census_print *print)
{
	const struct census *c = print->view->census;
	bool failed = false;
	struct census_object o = census_object_begin(&failed);

	census_object_count(&o, "schema_version", CENSUS_JSON_VERSION);
	census_object_text(&o, "source", c->source == SOURCE_PROC ? "proc" : "bpf");
	census_object_set(&o, "complete", json_boolean(c->complete));
	census_object_count(&o, "hidden", c->hidden);
	census_object_set(&o, "took_seconds", json_real((double)c->took_ns / 1e9));
	census_object_set(&o, "processes", processes(print, &failed));
	census_object_sum(&o, "sum", &print->view->sum);
	census_object_count(&o, "kernel_threads_not_shown", print->view->kernel_threads);
	census_object_count(&o, "beyond_top", print->view->beyond_top);
	census_object_set(&o, "machine", census_json_machine(c, &failed));
	census_object_set(&o, "notes", census_json_lines(print->notes, print->note_count, &failed));
	return census_json_end(f, census_object_end(&o), failed);
}
