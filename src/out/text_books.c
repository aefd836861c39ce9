/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "out/text_books.h"
#include "view/field.h"
#include "view/quantity.h"

#define INDENT	   3
#define TAGS_SHOWN 10

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

		page_table_add(&t, view_pool_name(i));
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
	page_table_print(p, &t, INDENT, true);
	page_table_done(&t);
}

static void print_processes(struct page *p, const struct view *v)
{
	char forks[QUANTITY_BYTES], exits[QUANTITY_BYTES], alive[QUANTITY_BYTES],
	    threads[QUANTITY_BYTES], execs[QUANTITY_BYTES];

	page_format(p, "%*sforks %s, exits %s, still alive %s, execs %s, further threads %s\n",
		    INDENT, "", quantity_count(forks, v->forks), quantity_count(exits, v->exits),
		    quantity_count(alive, v->alive), quantity_count(execs, v->execs),
		    quantity_count(threads, v->threads));
	if (v->page_table_peak.known != KNOWN_NOT || v->commit_peak.known != KNOWN_NOT)
		page_format(p, "%*smost of one process at its exit: page tables %s, commit %s\n",
			    INDENT, "", quantity_amount(forks, v->page_table_peak),
			    quantity_amount(exits, v->commit_peak));
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
		page_table_add(&t, view_pool_name(tag->pool));
		if (tag->charged_count >= tag->returned_count && tag->charged_count)
			add_count(&t, tag->charged_count - tag->returned_count);
		else
			page_table_add(&t, "");
		page_table_add(&t, quantity_amount(text, tag->live));
	}
	if (live) {
		page_format(p, "\n");
		page_table_print(p, &t, INDENT, true);
		if (live > shown)
			page_format(p, "%*sand %zu other kinds\n", INDENT, "", live - shown);
	}
	page_table_done(&t);
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
	page_table_add(&t, "");
	for (size_t i = 0; i < v->book_count; i++) {
		const struct view_book *b = &v->books[i];
		struct amount difference = view_book_difference(b);

		snprintf(text, sizeof(text), "%s, %s", view_pool_name(b->pool),
			 b->at_end ? "end" : "highest");
		page_table_add(&t, text);
		add_count(&t, b->processes);
		add_amount(&t, b->ledger);
		add_amount(&t, b->kernel);
		add_amount(&t, difference);
		page_table_add(&t, difference.known == KNOWN_NOT
				       ? ""
				       : quantity_percent(text, difference.bytes, b->kernel.bytes));
	}
	page_format(p, "\n");
	page_table_print(p, &t, INDENT, true);
	page_table_done(&t);
}

void text_books_print(struct page *p, const struct view *v)
{
	print_pools(p, v);
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

void text_unseen_print(struct page *p, const struct view *v)
{
	char n[QUANTITY_BYTES], line[256];

	if (v->reason_count)
		print_heading(p, v->judgement == JUDGEMENT_INCONCLUSIVE
				     ? "Why this is inconclusive"
				     : "What else could not be judged");
	for (size_t i = 0; i < v->reason_count; i++)
		print_item(p, v->reasons[i]);

	print_heading(p, "What was not seen");
	for (size_t i = 0; i < v->loss_count; i++) {
		snprintf(line, sizeof(line), "%s %s lost: %s",
			 quantity_count(n, v->losses[i].count), view_loss_name(v->losses[i].kind),
			 v->losses[i].what);
		print_item(p, line);
	}
	for (size_t i = 0; i < v->not_seen_count; i++)
		print_item(p, v->not_seen[i]);
	if (!v->loss_count && !v->not_seen_count)
		print_item(p, "nothing: 0 events were lost, and the source is blind to nothing");
}
