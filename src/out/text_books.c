/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include "ledger/ledger.h"
#include "out/text_books.h"
#include "view/field.h"
#include "view/quantity.h"

#define INDENT	   3
#define TAGS_SHOWN 10
#define LINE_BYTES 512

static void add_amount(struct page_table *t, struct amount a)
{
	char text[QUANTITY_BYTES];

	page_table_add(t, quantity_amount(text, a));
}

static void add_count(struct page_table *t, uint64_t n)
{
	char text[QUANTITY_BYTES];

	page_table_add(t, quantity_count(text, n));
}

static void print_pools(struct page *p, const struct view *v)
{
	struct page_table t;

	page_table_init(&t, 7);
	page_table_add(&t, "The books");
	page_table_add(&t, field_get(FIELD_INHERITED)->head);
	page_table_add(&t, field_get(FIELD_CHARGED)->head);
	page_table_add(&t, field_get(FIELD_RETURNED)->head);
	page_table_add(&t, field_get(FIELD_PEAK)->head);
	page_table_add(&t, field_get(FIELD_LIVE)->head);
	page_table_add(&t, field_get(FIELD_UNATTRIBUTED)->head);
	for (int i = 0; i < POOLS; i++) {
		const struct view_pool *pool = &v->pools[i];

		page_table_add(&t, pool_name(i));
		if (i == POOL_PRIVATE)
			add_amount(&t, pool->inherited);
		else
			page_table_add(&t, "-");
		add_amount(&t, pool->charged);
		add_amount(&t, pool->returned);
		add_amount(&t, pool->peak);
		add_amount(&t, pool->live);
		add_amount(&t, pool->unattributed);
	}
	page_format(p, "\n");
	page_table_print(p, &t, INDENT, TABLE_HEADED);
	page_table_done(&t);
}

static void print_before(struct page *p, const struct view_before *b)
{
	char n[QUANTITY_BYTES], bytes[QUANTITY_BYTES], line[LINE_BYTES];

	snprintf(line, sizeof(line), "before attach: %s process%s with %s of private memory",
		 quantity_count(n, b->processes), b->processes == 1 ? "" : "es",
		 quantity_amount(bytes, b->private_bytes));
	page_format(p, "%*s", INDENT, "");
	page_wrap(p, INDENT, line);
}

static void print_processes(struct page *p, const struct view *v)
{
	char forks[QUANTITY_BYTES], exits[QUANTITY_BYTES], alive[QUANTITY_BYTES],
	    threads[QUANTITY_BYTES], execs[QUANTITY_BYTES],
	    waited[QUANTITY_BYTES + 20] = "", line[LINE_BYTES];

	if (v->zombies && !v->cut_off)
		snprintf(waited, sizeof(waited), " (%s not waited for)",
			 quantity_count(forks, v->zombies));
	snprintf(line, sizeof(line),
		 "processes: forks %s, exits %s, alive %s%s, execs %s, threads +%s",
		 quantity_count(forks, v->forks), quantity_count(exits, v->exits),
		 v->cut_off ? "?" : quantity_count(alive, v->alive), waited,
		 quantity_count(execs, v->execs), quantity_count(threads, v->threads));
	page_format(p, "%*s", INDENT, "");
	page_wrap(p, INDENT, line);
	if (v->before.processes)
		print_before(p, &v->before);
	if (!v->root.seen || (v->before.processes && v->exit_status < 0))
		return;
	snprintf(line, sizeof(line), "the command: private peak %s, page tables %s, commit %s",
		 quantity_amount(forks, v->root.private_peak),
		 quantity_amount(exits, v->root.page_table),
		 quantity_amount(alive, v->root.commit));
	page_format(p, "%*s", INDENT, "");
	page_wrap(p, INDENT, line);
}

/* Law 3 of the ledger: never hidden. */
static void print_over_returns(struct page *p, const struct view *v)
{
	char n[QUANTITY_BYTES], bytes[QUANTITY_BYTES];

	for (int i = 0; i < POOLS; i++) {
		const struct view_pool *pool = &v->pools[i];

		if (pool->over_return_count)
			page_format(p, "%*s%s: %s returns gave back %s more than was charged\n",
				    INDENT, "", pool_name(i),
				    quantity_count(n, pool->over_return_count),
				    quantity_bytes(bytes, pool->over_return_bytes));
	}
}

/* What of the charges is still open, by kind. A clean run has nothing here. */
static void print_live(struct page *p, const struct view *v)
{
	char text[QUANTITY_BYTES];
	struct page_table t;
	size_t live = 0, shown = 0;

	page_table_init(&t, 4);
	page_table_add(&t, "Still charged at the end");
	page_table_add(&t, "pool");
	page_table_add(&t, "count");
	page_table_add(&t, "bytes");
	for (size_t i = 0; i < v->tag_count; i++) {
		const struct view_tag *tag = &v->tags[i];

		if (tag->live.known == KNOWN_NOT || tag->live.bytes == 0)
			continue;
		if (++live > TAGS_SHOWN)
			continue;
		shown++;
		page_table_add(&t, tag->tag);
		page_table_add(&t, pool_name(tag->pool));
		if (tag->charged_count >= tag->returned_count && tag->charged_count)
			add_count(&t, tag->charged_count - tag->returned_count);
		else
			page_table_add(&t, "");
		page_table_add(&t, quantity_amount(text, tag->live));
	}
	if (live) {
		page_format(p, "\n");
		page_table_print(p, &t, INDENT, TABLE_HEADED);
		if (live > shown)
			page_format(p, "%*sand %zu other kinds\n", INDENT, "", live - shown);
	}
	page_table_done(&t);
}

/* A few KiB at the end are much of nothing and little of what was there. */
static int64_t kernel_highest(const struct view *v, enum pool pool)
{
	int64_t highest = 0;

	for (size_t i = 0; i < v->book_count; i++)
		if (v->books[i].pool == pool && v->books[i].kernel.bytes > highest)
			highest = v->books[i].kernel.bytes;
	return highest;
}

static void print_two_books(struct page *p, const struct view *v)
{
	char text[QUANTITY_BYTES];
	struct page_table t;

	if (!v->book_count)
		return;
	page_table_init(&t, 6);
	page_table_add(&t, "Two books");
	page_table_add(&t, "processes");
	page_table_add(&t, "forktally");
	page_table_add(&t, "the kernel");
	page_table_add(&t, "difference");
	page_table_add(&t, "of highest");
	for (size_t i = 0; i < v->book_count; i++) {
		const struct view_book *b = &v->books[i];
		struct amount difference = view_book_difference(b);

		snprintf(text, sizeof(text), "%s, %s", pool_name(b->pool),
			 b->at_end ? "end" : "highest");
		page_table_add(&t, text);
		add_count(&t, b->processes);
		add_amount(&t, b->ledger);
		add_amount(&t, b->kernel);
		add_amount(&t, difference);
		page_table_add(
		    &t, difference.known == KNOWN_NOT
			    ? ""
			    : quantity_percent(text, difference.bytes, kernel_highest(v, b->pool)));
	}
	page_format(p, "\n");
	page_table_print(p, &t, INDENT, TABLE_HEADED);
	page_table_done(&t);
}

void text_books_print(struct page *p, const struct view *v)
{
	print_pools(p, v);
	print_over_returns(p, v);
	print_processes(p, v);
	print_live(p, v);
	print_two_books(p, v);
}

static void print_heading(struct page *p, const char *heading)
{
	page_format(p, "\n%*s", INDENT - 2, "");
	page_style(p, STYLE_BOLD);
	page_format(p, "%s", heading);
	page_style(p, STYLE_PLAIN);
	page_format(p, "\n");
}

static void print_item(struct page *p, const char *text)
{
	page_format(p, "%*s- ", INDENT, "");
	page_wrap(p, INDENT + 2, text);
}

static void print_suppression(struct page *p, const struct view_suppression *s)
{
	char n[QUANTITY_BYTES], bytes[QUANTITY_BYTES], *line = NULL;
	int length;

	if (s->used)
		length = asprintf(&line, "%s: %s finding%s, %s (%s:%llu)", s->name,
				  quantity_count(n, s->used), s->used == 1 ? "" : "s",
				  quantity_amount(bytes, s->bytes), s->file,
				  (unsigned long long)s->line);
	else
		length = asprintf(&line, "%s: not used (%s:%llu)", s->name, s->file,
				  (unsigned long long)s->line);
	if (length < 0)
		p->failed = true;
	else
		print_item(p, line);
	free(length < 0 ? NULL : line);
}

void text_suppressed_print(struct page *p, const struct view *v)
{
	if (v->suppression_count)
		print_heading(p, "Suppressed");
	for (size_t i = 0; i < v->suppression_count; i++)
		print_suppression(p, &v->suppressions[i]);
}

static void print_loss(struct page *p, const struct view_loss *loss)
{
	static const char *const words[LOSSES] = {
	    [LOSS_RECORDS] = "records lost on their way",
	    [LOSS_OBJECTS] = "charges without room in the table",
	    [LOSS_ACCOUNTS] = "processes without room in the table",
	    [LOSS_UNDECIDED] = "open charges that may have come back",
	    [LOSS_TREE] = "processes not followed",
	};
	bool told = (unsigned)loss->kind < LOSSES && words[loss->kind];
	char n[QUANTITY_BYTES], line[LINE_BYTES];

	snprintf(line, sizeof(line), "%s: %s%s%s", told ? words[loss->kind] : "lost",
		 quantity_count(n, loss->count), *loss->what ? "; " : "", loss->what);
	print_item(p, line);
}

void text_unseen_print(struct page *p, const struct view *v)
{
	if (v->reason_count)
		print_heading(p, v->judgement == JUDGEMENT_INCONCLUSIVE
				     ? "Why this is inconclusive"
				     : "What else could not be judged");
	for (size_t i = 0; i < v->reason_count; i++)
		print_item(p, v->reasons[i]);

	if (v->note_count)
		print_heading(p, "What grows and is not called a leak");
	for (size_t i = 0; i < v->note_count; i++)
		print_item(p, v->notes[i]);

	print_heading(p, "What was not seen");
	for (size_t i = 0; i < v->loss_count; i++)
		print_loss(p, &v->losses[i]);
	for (size_t i = 0; i < v->not_seen_count; i++)
		print_item(p, v->not_seen[i]);
	if (v->cut_off)
		print_item(p, "whatever came after the session was cut off");
	else if (!v->loss_count && !v->not_seen_count)
		print_item(p, "nothing that is known of: 0 events were lost");
}
