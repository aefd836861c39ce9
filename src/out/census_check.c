/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The second book: what processes hold beside what the kernel charges their group. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "census/check.h"
#include "out/census.h"
#include "out/census_object.h"
#include "out/flush.h"
#include "out/page.h"
#include "view/quantity.h"

#define COLUMNS 8
#define INDENT	2

static const char *amount(struct amount a, bool exact, char buf[QUANTITY_BYTES])
{
	return exact ? quantity_digits(buf, a) : quantity_short(buf, a);
}

static void add_row(struct page_table *t, const struct census_checked *one, bool exact)
{
	const struct census_check *k = one->check;
	const struct amount cells[] = {k->held,	    k->uncharged, k->elsewhere, k->others,
				       k->overhead, k->reached,	  k->kernel,	k->unattributed};
	char buf[QUANTITY_BYTES];

	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
		page_table_add(t, amount(cells[i], exact, buf));
	page_table_add(t, k->kernel.known == KNOWN_NOT || k->unattributed.known == KNOWN_NOT
			      ? "?"
			      : quantity_percent(buf, k->unattributed.bytes, k->kernel.bytes));
}

static void print_one(struct page *p, const struct census_checked *one,
		      const struct census_print *look)
{
	static const char *const heads[] = {"HELD",   "UNCHARGED",    "ELSEWHERE",
					    "OTHERS", "OVERHEAD",     "= REACHED",
					    "KERNEL", "UNATTRIBUTED", ""};
	const struct census_check *k = one->check;
	struct page_table t;
	char buf[QUANTITY_BYTES];

	page_style(p, STYLE_BOLD);
	page_text(p, one->cgroup ? one->cgroup : "the machine");
	page_style(p, STYLE_PLAIN);
	page_format(p, ": %s process%s, private %s", quantity_count(buf, k->processes),
		    k->processes == 1 ? "" : "es", "");
	fputs(look->exact ? quantity_exact(buf, k->private) : quantity_amount(buf, k->private),
	      p->f);
	if (k->smaps_private.known != KNOWN_NOT && one->cgroup)
		page_format(p, ", by smaps_rollup %s",
			    look->exact ? quantity_exact(buf, k->smaps_private)
					: quantity_amount(buf, k->smaps_private));
	fputc('\n', p->f);
	page_table_init(&t, COLUMNS + 1);
	for (int i = 0; i <= COLUMNS; i++)
		page_table_add(&t, heads[i]);
	add_row(&t, one, look->exact);
	page_table_print(p, &t, INDENT, TABLE_HEADED);
	page_table_done(&t);
	if (k->rest_count)
		page_format(p, "  among what is unattributed may be:\n");
	for (unsigned i = 0; i < k->rest_count; i++)
		page_format(p, "  %10s  %s\n", amount(k->rest[i].bytes, look->exact, buf),
			    k->rest[i].what);
}

int census_check_text_write(FILE *f, const struct census_checked *checked, size_t count,
			    const struct census_print *look)
{
	struct page p = {.f = f,
			 .width = look->width ? look->width : 100,
			 .colour = look->colour,
			 .utf8 = look->utf8};
	bool bounded = false;

	for (size_t i = 0; i < count; i++) {
		bounded = bounded || checked[i].check->held.known == KNOWN_AT_LEAST;
		if (i)
			fputc('\n', f);
		print_one(&p, &checked[i], look);
	}
	fputc('\n', f);
	if (bounded)
		page_wrap(&p, 0,
			  "Where HELD is marked >=, processes that are not seen may hold more "
			  "(process 1, or those outside of this pid namespace): then what no "
			  "process holds, UNATTRIBUTED, is not known.");
	page_wrap(
	    &p, 0,
	    "REACHED is what the kernel should charge: HELD by the processes of the group, less "
	    "what it charges to nobody or ELSEWHERE, and what OTHERS hold of the group's, and "
	    "the cost of charging. KERNEL is what it does charge; caches of names and inodes "
	    "that the group's processes made are in it too, and no process holds them.");
	return p.failed ? -ENOMEM : flush_end(f);
}

static json_t *check_as_json(const struct census_checked *one, bool *failed)
{
	const struct census_check *k = one->check;
	struct census_object o = census_object_begin(failed), kinds = census_object_begin(failed);
	json_t *rest = json_array();

	census_object_text_or_null(&o, "cgroup", one->cgroup);
	census_object_count(&o, "version", one->cgroup ? (k->v2 ? 2 : 1) : CENSUS_UNKNOWN_COUNT);
	census_object_count(&o, "processes", k->processes);
	census_object_amount(&o, "held", k->held);
	census_object_amount(&o, "uncharged", k->uncharged);
	census_object_amount(&o, "elsewhere", k->elsewhere);
	census_object_amount(&o, "others", k->others);
	census_object_amount(&o, "overhead", k->overhead);
	census_object_amount(&o, "reached", k->reached);
	census_object_amount(&o, "kernel", k->kernel);
	census_object_amount(&o, "unattributed", k->unattributed);
	for (unsigned i = 0; i < k->rest_count; i++) {
		struct census_object r = census_object_begin(failed);

		census_object_text(&r, "what", k->rest[i].what);
		census_object_amount(&r, "bytes", k->rest[i].bytes);
		if (json_array_append_new(rest, census_object_end(&r)))
			*failed = true;
	}
	census_object_amount(&o, "cached", k->cached);
	census_object_set(&o, "rest", rest);
	for (int kind = 0; kind < CENSUS_KINDS; kind++) {
		if (k->kind_bytes[kind])
			census_object_set(&kinds, kind_get(kind)->name,
					  json_integer(k->kind_bytes[kind]));
	}
	census_object_set(&o, "kinds", census_object_end(&kinds));
	census_object_amount(&o, "private", k->private);
	census_object_amount(&o, "smaps_private", k->smaps_private);
	return census_object_end(&o);
}

int census_check_json_write(FILE *f, const struct census_checked *checked, size_t count)
{
	bool failed = false;
	struct census_object o = census_object_begin(&failed);
	json_t *all = json_array();

	for (size_t i = 0; i < count; i++) {
		if (json_array_append_new(all, check_as_json(&checked[i], &failed)))
			failed = true;
	}
	census_object_count(&o, "schema_version", CENSUS_JSON_VERSION);
	census_object_set(&o, "checks", all);
	return census_json_end(f, census_object_end(&o), failed);
}
