/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ledger/ledger.h"
#include "out/escape.h"
#include "out/flush.h"
#include "out/json.h"
#include "view/field.h"

/*
 * One object being filled. Jansson refuses a NULL value and then frees nothing of ours, so
 * every failure ends in `failed`, which is asked once at the end.
 */
struct object {
	json_t *json, *at_least, *estimated;
	bool *failed;
};

static struct object object_begin(bool *failed)
{
	struct object o = {.json = json_object(), .failed = failed};

	if (!o.json)
		*failed = true;
	return o;
}

static void set(struct object *o, enum field_id id, json_t *value)
{
	if (json_object_set_new(o->json, field_key(id), value) != 0)
		*o->failed = true;
}

static void append(json_t *array, json_t *value, bool *failed)
{
	if (json_array_append_new(array, value) != 0)
		*failed = true;
}

static json_t *text(const char *s)
{
	char *safe = escape_json(s);
	json_t *value = safe ? json_string(safe) : NULL;

	free(safe);
	return value;
}

static json_t *text_or_null(const char *s)
{
	return *s ? text(s) : json_null();
}

static json_t *count(uint64_t n)
{
	return n <= INT64_MAX ? json_integer((json_int_t)n) : json_null();
}

static json_t *count_or_null(uint64_t n)
{
	return n ? count(n) : json_null();
}

static json_t *number(double n)
{
	return isfinite(n) ? json_real(n) : json_null();
}

static void mark(struct object *o, enum field_id id, json_t **list)
{
	if (!*list)
		*list = json_array();
	append(*list, json_string(field_key(id)), o->failed);
}

static void set_amount(struct object *o, enum field_id id, struct amount a)
{
	set(o, id, a.known == KNOWN_NOT ? json_null() : json_integer(a.bytes));
	if (a.known == KNOWN_AT_LEAST)
		mark(o, id, &o->at_least);
	else if (a.known == KNOWN_ESTIMATE)
		mark(o, id, &o->estimated);
}

/* Says how well the amounts are known, and gives the object away. */
static json_t *object_end(struct object *o)
{
	if (o->at_least)
		set(o, FIELD_AT_LEAST, o->at_least);
	if (o->estimated)
		set(o, FIELD_ESTIMATED, o->estimated);
	return o->json;
}

static json_t *before_attach(const struct view_before *b, bool *failed)
{
	struct object o;

	if (!b->processes)
		return json_null();
	o = object_begin(failed);
	set(&o, FIELD_BEFORE_PROCESSES, count(b->processes));
	set_amount(&o, FIELD_BEFORE_PRIVATE, b->private_bytes);
	return object_end(&o);
}

static json_t *watch(const struct view_watch *w, bool *failed)
{
	struct object o;

	if (!w->seen)
		return json_null();
	o = object_begin(failed);
	set(&o, FIELD_WATCH_SECONDS, number(w->seconds));
	set(&o, FIELD_WATCH_FORKED, count(w->forked));
	set(&o, FIELD_WATCH_JUDGED, count(w->judged));
	return object_end(&o);
}

static json_t *watched(const struct view_finding *f, bool *failed)
{
	struct object o;

	if (f->watched_seconds <= 0)
		return json_null();
	o = object_begin(failed);
	set(&o, FIELD_WATCHED_SECONDS, number(f->watched_seconds));
	set(&o, FIELD_WATCHED_LOOKS, count(f->looks));
	set(&o, FIELD_WATCHED_COUNT, number(f->count_per_minute));
	set(&o, FIELD_WATCHED_BYTES,
	    f->bytes.known == KNOWN_NOT ? json_null() : number(f->bytes_per_minute));
	return object_end(&o);
}

static json_t *pools(const struct view *v, bool *failed)
{
	json_t *all = json_object();

	for (int i = 0; i < POOLS; i++) {
		const struct view_pool *pool = &v->pools[i];
		struct object o = object_begin(failed);

		set_amount(&o, FIELD_CHARGED, pool->charged);
		set_amount(&o, FIELD_RETURNED, pool->returned);
		set_amount(&o, FIELD_PEAK, pool->peak);
		set_amount(&o, FIELD_LIVE, pool->live);
		set_amount(&o, FIELD_UNATTRIBUTED, pool->unattributed);
		if (i == POOL_PRIVATE)
			set_amount(&o, FIELD_INHERITED, pool->inherited);
		set(&o, FIELD_OVER_RETURN_COUNT, count(pool->over_return_count));
		set(&o, FIELD_OVER_RETURN, json_integer(pool->over_return_bytes));
		if (json_object_set_new(all, pool_name(i), object_end(&o)) != 0)
			*failed = true;
	}
	return all;
}

static json_t *root_process(const struct view_root *r, bool *failed)
{
	struct object o;

	if (!r->seen)
		return json_null();
	o = object_begin(failed);
	set(&o, FIELD_ROOT_PID, json_integer(r->pid));
	set(&o, FIELD_ROOT_COMM, text(r->comm));
	set(&o, FIELD_ROOT_THREADS_PEAK, count_or_null(r->threads_peak));
	set_amount(&o, FIELD_ROOT_PRIVATE_PEAK, r->private_peak);
	set_amount(&o, FIELD_ROOT_PAGE_TABLE, r->page_table);
	set_amount(&o, FIELD_ROOT_COMMIT, r->commit);
	return object_end(&o);
}

static json_t *frame(const struct view_frame *f, bool *failed)
{
	struct object o = object_begin(failed);
	char offset[24];

	snprintf(offset, sizeof(offset), "0x%" PRIx64, f->offset);
	set(&o, FIELD_FRAME_FUNCTION, text_or_null(f->function));
	set(&o, FIELD_FRAME_FILE, text_or_null(f->file));
	set(&o, FIELD_FRAME_LINE, count_or_null(f->line));
	set(&o, FIELD_FRAME_MODULE, text_or_null(f->module));
	set(&o, FIELD_FRAME_OFFSET, f->offset ? json_string(offset) : json_null());
	set(&o, FIELD_FRAME_KERNEL, json_boolean(f->kernel));
	return object_end(&o);
}

static json_t *holder(const struct view_finding *f, bool *failed)
{
	struct object o;

	if (!f->holder_pid)
		return json_null();
	o = object_begin(failed);
	set(&o, FIELD_HOLDER_PID, json_integer(f->holder_pid));
	set(&o, FIELD_HOLDER_COMM, text(f->holder_comm));
	set(&o, FIELD_HOLDER_THROUGH, text(f->through));
	return object_end(&o);
}

static json_t *part(const struct view_part *p, bool *failed)
{
	struct object o = object_begin(failed);

	set(&o, FIELD_PART_TAG, text(p->tag));
	set(&o, FIELD_PART_POOL, json_string(pool_name(p->pool)));
	set(&o, FIELD_PART_COUNT, count_or_null(p->count));
	set_amount(&o, FIELD_PART_BYTES, p->bytes);
	return object_end(&o);
}

static json_t *finding(const struct view_finding *f, bool *failed)
{
	struct object o = object_begin(failed);
	json_t *parts = json_array(), *frames = json_array();

	for (size_t i = 0; i < f->part_count; i++)
		append(parts, part(&f->parts[i], failed), failed);
	for (size_t i = 0; i < f->frame_count; i++)
		append(frames, frame(&f->frames[i], failed), failed);
	set(&o, FIELD_FINDING_TITLE, text(f->title));
	set(&o, FIELD_FINDING_CAUSE, text(f->cause));
	set(&o, FIELD_FINDING_WHERE, json_string(where_name(f->where)));
	set(&o, FIELD_FINDING_POOL, json_string(pool_name(f->pool)));
	set(&o, FIELD_FINDING_COUNT, count(f->count));
	set(&o, FIELD_FINDING_COUNT_PER_FORK, number(f->count_per_fork));
	set_amount(&o, FIELD_FINDING_BYTES, f->bytes);
	set(&o, FIELD_FINDING_BYTES_PER_FORK,
	    f->bytes.known == KNOWN_NOT ? json_null() : number(f->bytes_per_fork));
	if (f->bytes.known == KNOWN_AT_LEAST)
		mark(&o, FIELD_FINDING_BYTES_PER_FORK, &o.at_least);
	else if (f->bytes.known == KNOWN_ESTIMATE)
		mark(&o, FIELD_FINDING_BYTES_PER_FORK, &o.estimated);
	set(&o, FIELD_FINDING_FORKS, count(f->forks));
	set(&o, FIELD_FINDING_WATCHED, watched(f, failed));
	set(&o, FIELD_FINDING_AT_FORK, count_or_null(f->at_fork));
	set(&o, FIELD_FINDING_HOLDER, holder(f, failed));
	set(&o, FIELD_FINDING_TAGS, parts);
	set(&o, FIELD_FINDING_SYSCALL, text_or_null(f->syscall));
	set(&o, FIELD_FINDING_TAKEN_AT, frames);
	set(&o, FIELD_FINDING_HINT, text(f->hint));
	set(&o, FIELD_FINDING_SUPPRESSION, text(f->suppression));
	set(&o, FIELD_FINDING_SUPPRESSED_BY, text_or_null(f->suppressed_by));
	return object_end(&o);
}

static json_t *suppression(const struct view_suppression *s, bool *failed)
{
	struct object o = object_begin(failed);

	set(&o, FIELD_SUPPRESSION_NAME, text(s->name));
	set(&o, FIELD_SUPPRESSION_FILE, text(s->file));
	set(&o, FIELD_SUPPRESSION_LINE, count(s->line));
	set(&o, FIELD_SUPPRESSION_USED, count(s->used));
	set_amount(&o, FIELD_SUPPRESSION_BYTES, s->bytes);
	return object_end(&o);
}

static json_t *tag(const struct view_tag *t, bool *failed)
{
	struct object o = object_begin(failed);
	bool counted = t->charged_count || t->returned_count;

	set(&o, FIELD_TAG_TAG, text(t->tag));
	set(&o, FIELD_TAG_POOL, json_string(pool_name(t->pool)));
	set(&o, FIELD_TAG_CHARGED_COUNT, counted ? count(t->charged_count) : json_null());
	set(&o, FIELD_TAG_RETURNED_COUNT, counted ? count(t->returned_count) : json_null());
	set(&o, FIELD_TAG_ASKED_COUNT, count(t->asked_count));
	set_amount(&o, FIELD_TAG_CHARGED, t->charged);
	set_amount(&o, FIELD_TAG_RETURNED, t->returned);
	set_amount(&o, FIELD_TAG_LIVE, t->live);
	set(&o, FIELD_TAG_ACCOUNTED, json_boolean(!t->unaccounted));
	return object_end(&o);
}

static json_t *book(const struct view_book *b, bool *failed)
{
	struct object o = object_begin(failed);

	set(&o, FIELD_BOOK_POOL, json_string(pool_name(b->pool)));
	set(&o, FIELD_BOOK_MOMENT, json_string(b->at_end ? "end" : "highest"));
	set(&o, FIELD_BOOK_PROCESSES, count(b->processes));
	set_amount(&o, FIELD_BOOK_LEDGER, b->ledger);
	set_amount(&o, FIELD_BOOK_KERNEL, b->kernel);
	set_amount(&o, FIELD_BOOK_DIFFERENCE, view_book_difference(b));
	return object_end(&o);
}

static json_t *loss(const struct view_loss *l, bool *failed)
{
	struct object o = object_begin(failed);

	set(&o, FIELD_LOSS_KIND, json_string(loss_name(l->kind)));
	set(&o, FIELD_LOSS_COUNT, count(l->count));
	set(&o, FIELD_LOSS_WHAT, text(l->what));
	return object_end(&o);
}

static json_t *lines(const char *const *texts, size_t n, bool *failed)
{
	json_t *all = json_array();

	for (size_t i = 0; i < n; i++)
		append(all, text(texts[i]), failed);
	return all;
}

static void set_run(struct object *o, const struct view *v)
{
	set(o, FIELD_SCHEMA_VERSION, json_integer(JSON_SCHEMA_VERSION));
	set(o, FIELD_VERDICT, json_string(judgement_name(v->judgement)));
	set(o, FIELD_HEADLINE, text(v->headline));
	set(o, FIELD_SOURCE, text(v->source));
	set(o, FIELD_COMMAND, text(v->command));
	set(o, FIELD_EXIT_STATUS, v->exit_status < 0 ? json_null() : json_integer(v->exit_status));
	set(o, FIELD_SIGNAL, v->signal ? json_integer(v->signal) : json_null());
	set(o, FIELD_INTERRUPTED, v->interrupted ? json_integer(v->interrupted) : json_null());
	set(o, FIELD_KILLED, v->cut_off ? json_null() : count(v->killed));
	set(o, FIELD_CUT_OFF, json_boolean(v->cut_off));
	set(o, FIELD_SETTLE, v->cut_off ? json_null() : number(v->settle_seconds));
	set(o, FIELD_FORKS, count(v->forks));
	set(o, FIELD_EXITS, count(v->exits));
	set(o, FIELD_ALIVE, v->cut_off ? json_null() : count(v->alive));
	set(o, FIELD_ZOMBIES, v->cut_off ? json_null() : count(v->zombies));
	set(o, FIELD_EXECS, count(v->execs));
	set(o, FIELD_THREADS, count(v->threads));
	set(o, FIELD_LOST_EVENTS, v->cut_off ? json_null() : count(v->lost_events));
}

static json_t *report(const struct view *v, bool *failed)
{
	struct object o = object_begin(failed);
	json_t *findings = json_array(), *tags = json_array(), *books = json_array(),
	       *losses = json_array(), *suppressed = json_array(), *suppressions = json_array();

	for (size_t i = 0; i < v->suppressed_count; i++)
		append(suppressed, finding(&v->suppressed[i], failed), failed);
	for (size_t i = 0; i < v->suppression_count; i++)
		append(suppressions, suppression(&v->suppressions[i], failed), failed);
	for (size_t i = 0; i < v->finding_count; i++)
		append(findings, finding(&v->findings[i], failed), failed);
	for (size_t i = 0; i < v->tag_count; i++)
		append(tags, tag(&v->tags[i], failed), failed);
	for (size_t i = 0; i < v->book_count; i++)
		append(books, book(&v->books[i], failed), failed);
	for (size_t i = 0; i < v->loss_count; i++)
		append(losses, loss(&v->losses[i], failed), failed);
	set_run(&o, v);
	set(&o, FIELD_ROOT, root_process(&v->root, failed));
	set(&o, FIELD_BEFORE, before_attach(&v->before, failed));
	set(&o, FIELD_WATCH, watch(&v->watch, failed));
	set(&o, FIELD_POOLS, pools(v, failed));
	set(&o, FIELD_FINDINGS, findings);
	set(&o, FIELD_SUPPRESSED, suppressed);
	set(&o, FIELD_SUPPRESSIONS, suppressions);
	set(&o, FIELD_TAGS, tags);
	set(&o, FIELD_BOOKS, books);
	set(&o, FIELD_LOSSES, losses);
	set(&o, FIELD_NOT_SEEN, lines(v->not_seen, v->not_seen_count, failed));
	set(&o, FIELD_REASONS, lines(v->reasons, v->reason_count, failed));
	set(&o, FIELD_NOTES, lines(v->notes, v->note_count, failed));
	return object_end(&o);
}

int json_write(FILE *f, const struct view *view)
{
	bool failed = false;
	json_t *root = report(view, &failed);
	char *dump = NULL, *line = NULL;
	int err = -ENOMEM;

	if (!failed)
		dump = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
	if (dump && asprintf(&line, "%s\n", dump) >= 0)
		err = flush_report(f, line, strlen(line));
	free(line);
	free(dump);
	json_decref(root);
	return err;
}
