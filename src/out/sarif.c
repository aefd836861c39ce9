/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <math.h>
#include <string.h>
#include "ledger/ledger.h"
#include "out/escape.h"
#include "out/flush.h"
#include "out/sarif.h"
#include "out/sarif_place.h"
#include "verdict/rule.h"
#include "view/cause.h"
#include "view/quantity.h"

#define SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"

/*
 * Jansson's pack frees what it was given and returns NULL when a part of it is NULL, so each
 * function here returns NULL when out of memory, and that is asked once at the end.
 */

static json_t *message(const char *text)
{
	return json_pack("{s:o}", "text", sarif_text(text));
}

static json_t *rule(const char *cause, const char *hint, const char *pool)
{
	/* SARIF wants no empty texts. */
	const char *title = cause_words(cause)->title, *help = *hint ? hint : title;

	return json_pack("{s:o s:o s:o s:o s:{s:s} s:{s:[ss] s:s s:s}}", "id", sarif_text(cause),
			 "shortDescription", message(title), "fullDescription", message(help),
			 "help", message(help), "defaultConfiguration", "level", "error",
			 "properties", "tags", "leak", pool, "precision", "high",
			 "problem.severity", "error");
}

static bool has_rule(const json_t *rules, const char *cause, size_t *ret_index)
{
	for (size_t i = 0; i < json_array_size(rules); i++) {
		const json_t *id = json_object_get(json_array_get(rules, i), "id");

		if (!strcmp(json_string_value(id), cause)) {
			*ret_index = i;
			return true;
		}
	}
	return false;
}

/* All causes that there are, and those that only this report knows. */
static json_t *rules_of(const struct view *v)
{
	json_t *rules = json_array();
	const struct rule *from;
	size_t index;

	for (size_t i = 0; (from = rule_at(i)); i++)
		if (!has_rule(rules, from->cause, &index) &&
		    json_array_append_new(rules,
					  rule(from->cause, from->hint, pool_name(from->pool))))
			goto err;
	for (size_t i = 0; i < v->finding_count; i++) {
		const struct view_finding *f = &v->findings[i];

		if (!has_rule(rules, f->cause, &index) &&
		    json_array_append_new(rules, rule(f->cause, f->hint, pool_name(f->pool))))
			goto err;
	}
	return rules;
err:
	json_decref(rules);
	return NULL;
}

/*
 * What is the same in the next run of a changed program: no line, no address, no number. Two
 * places in one function are one to it.
 */
static uint64_t fingerprint_add(uint64_t hash, const char *text)
{
	do {
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3; /* FNV-1a */
	} while (*text++);
	return hash;
}

static json_t *fingerprints(const struct view_finding *f)
{
	uint64_t hash = fingerprint_add(0xcbf29ce484222325, f->cause);

	hash = fingerprint_add(hash, where_name(f->where));
	hash = fingerprint_add(hash, f->holder_comm);
	for (size_t i = view_user_frame(f->frames, f->frame_count); i < f->frame_count; i++)
		hash = fingerprint_add(hash, f->frames[i].function);
	/* The second name is the only one that GitHub looks at. */
	return json_pack(
	    "{s:o s:o}", "forktally/v1", json_sprintf("%016llx", (unsigned long long)hash),
	    "primaryLocationLineHash", json_sprintf("%016llx:1", (unsigned long long)hash));
}

static json_t *summary(const struct view_finding *f)
{
	struct amount each = {.bytes = llround(f->bytes_per_fork), .known = f->bytes.known};
	char bytes[QUANTITY_BYTES], rate[QUANTITY_BYTES], all[QUANTITY_BYTES];
	char *safe = escape_text(*f->holder_comm ? f->holder_comm : where_name(f->where), true);
	json_t *text = NULL;

	quantity_amount(bytes, each);
	quantity_rate(rate, f->count_per_fork);
	quantity_amount(all, f->bytes);
	if (safe && f->where == WHERE_BOOKS && !f->bytes_per_fork)
		text = json_sprintf("%s: by %s (%s, %s)", f->title, all, f->cause, safe);
	else if (safe && *f->things && f->count)
		text = json_sprintf("%s: %s and %s %s for each fork, %s in all (%s, %s)", f->title,
				    bytes, rate, strcmp(rate, "1") ? f->things : f->thing, all,
				    f->cause, safe);
	else if (safe)
		text = json_sprintf("%s: %s for each fork, %s in all (%s, %s)", f->title, bytes,
				    all, f->cause, safe);
	free(safe);
	return json_pack("{s:o}", "text", text);
}

static json_t *figure(double n, bool known)
{
	return known && isfinite(n) ? json_real(n) : json_null();
}

static json_t *properties(const struct view_finding *f)
{
	bool known = f->bytes.known != KNOWN_NOT;
	json_t *holder = json_null();

	if (f->holder_pid)
		holder = json_pack("{s:I s:o}", "pid", (json_int_t)f->holder_pid, "comm",
				   sarif_text(f->holder_comm));
	return json_pack("{s:s s:s s:I s:o s:o s:o s:I s:o s:o}", "where", where_name(f->where),
			 "pool", pool_name(f->pool), "count", (json_int_t)f->count,
			 "count_per_fork", figure(f->count_per_fork, true), "bytes",
			 known ? json_integer(f->bytes.bytes) : json_null(), "bytes_per_fork",
			 figure(f->bytes_per_fork, known), "forks", (json_int_t)f->forks, "holder",
			 holder, "hint", sarif_text(f->hint));
}

static json_t *result(const struct view *v, const struct view_finding *f, const json_t *rules,
		      const char *root)
{
	json_t *made;
	size_t index = 0;

	(void)has_rule(rules, f->cause, &index); /* rules_of() has put it there */
	made = json_pack("{s:o s:I s:s s:o s:[o] s:o s:o}", "ruleId", sarif_text(f->cause),
			 "ruleIndex", (json_int_t)index, "level", "error", "message", summary(f),
			 "locations", sarif_location(v, f, root), "partialFingerprints",
			 fingerprints(f), "properties", properties(f));
	if (made && f->frame_count &&
	    json_object_set_new(made, "stacks", json_pack("[o]", sarif_stack(f, root)))) {
		json_decref(made);
		return NULL;
	}
	return made;
}

static json_t *results_of(const struct view *v, const json_t *rules, const char *root)
{
	json_t *results = json_array();

	for (size_t i = 0; i < v->finding_count; i++) {
		if (json_array_append_new(results, result(v, &v->findings[i], rules, root))) {
			json_decref(results);
			return NULL;
		}
	}
	return results;
}

static int add_notes(json_t *notes, const char *const *texts, size_t n, const char *level)
{
	for (size_t i = 0; i < n; i++)
		if (json_array_append_new(notes, json_pack("{s:s s:o}", "level", level, "message",
							   message(texts[i]))))
			return -ENOMEM;
	return 0;
}

static json_t *invocation(const struct view *v)
{
	bool inconclusive = v->judgement == JUDGEMENT_INCONCLUSIVE;
	json_t *notes = json_array();

	if (!notes ||
	    add_notes(notes, v->reasons, v->reason_count, inconclusive ? "error" : "warning") ||
	    add_notes(notes, v->not_seen, v->not_seen_count, "note")) {
		json_decref(notes);
		return NULL;
	}
	return json_pack("{s:b s:o}", "executionSuccessful", !inconclusive,
			 "toolExecutionNotifications", notes);
}

static json_t *run_of(const struct view *v, const struct sarif_options *opts)
{
	json_t *rules = rules_of(v);
	json_t *results = rules ? results_of(v, rules, opts->root) : NULL;

	return json_pack("{s:{s:{s:s s:s s:o}} s:s s:[o] s:o s:{s:s s:o s:s s:o s:I s:I}}", "tool",
			 "driver", "name", "forktally", "semanticVersion", opts->version, "rules",
			 rules, "columnKind", "utf16CodeUnits", "invocations", invocation(v),
			 "results", results, "properties", "verdict", judgement_name(v->judgement),
			 "headline", sarif_text(v->headline), "source", v->source, "command",
			 sarif_text(v->command), "forks", (json_int_t)v->forks, "suppressed",
			 (json_int_t)v->suppressed_count);
}

int sarif_write(FILE *f, const struct view *view, const struct sarif_options *opts)
{
	json_t *log = json_pack("{s:s s:s s:[o]}", "$schema", SCHEMA, "version", "2.1.0", "runs",
				run_of(view, opts));
	char *dump = log ? json_dumps(log, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) : NULL;
	char *line = NULL;
	int err = -ENOMEM;

	if (dump && asprintf(&line, "%s\n", dump) >= 0)
		err = flush_report(f, line, strlen(line));
	free(line);
	free(dump);
	json_decref(log);
	return err;
}
