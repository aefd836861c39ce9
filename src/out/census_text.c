/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "out/census.h"
#include "out/columns.h"
#include "out/escape.h"
#include "out/flush.h"
#include "out/page.h"
#include "view/quantity.h"

#define COMMAND_LEAST 12 /* columns that the last one gets in any case */

/* Numbers stand on the right, texts on the left. */
static bool is_text(enum census_field_id id)
{
	return census_field_get(id)->type == CENSUS_TEXT;
}

static void measure(const struct census_print *print, bool utf8, size_t *wide)
{
	char buf[CENSUS_CELL_BYTES];

	for (unsigned c = 0; c < print->columns->count; c++) {
		enum census_field_id id = print->columns->at[c];
		unsigned most = census_field_get(id)->width_max;

		wide[c] = strlen(census_field_get(id)->head);
		for (uint32_t r = 0; r < print->view->count && c + 1 < print->columns->count; r++) {
			const char *cell = census_cell(id, &print->view->row[r], print->exact, buf);
			char *safe = is_text(id) ? escape_text(cell, utf8) : NULL;
			size_t n = columns_of(safe ? safe : cell);

			free(safe);
			if (n > wide[c])
				wide[c] = n;
		}
		if (most && wide[c] > most)
			wide[c] = most;
	}
}

static void print_heads(struct page *p, const struct census_columns *columns, const size_t *wide)
{
	page_style(p, STYLE_BOLD);
	for (unsigned c = 0; c < columns->count; c++) {
		const char *head = census_field_get(columns->at[c])->head;
		bool left = is_text(columns->at[c]);

		if (c)
			fputc(' ', p->f);
		if (left && c + 1 == columns->count)
			fputs(head, p->f);
		else
			page_format(p, left ? "%-*s" : "%*s", (int)wide[c], head);
	}
	page_style(p, STYLE_PLAIN);
	fputc('\n', p->f);
}

/* A text of at most `most` columns, its branch of the tree before it. */
static void print_text(struct page *p, const char *text, const char *branch, size_t branch_wide,
		       size_t most, size_t fill)
{
	size_t n, room = most > branch_wide + 3 ? most - branch_wide : 3;

	fputs(branch, p->f);
	n = page_text_cut(p, text, room);
	if (fill > n + branch_wide)
		page_format(p, "%*s", (int)(fill - n - branch_wide), "");
}

/* Zombies and children that nobody waited for are what a reader looks for first. */
static enum page_style style_of(enum census_field_id id, const struct census_row *row)
{
	const struct census_process *proc = row->process;

	if (proc->flags & CENSUS_ZOMBIE)
		return id == CF_COMMAND || id == CF_COMM || id == CF_STATE ? STYLE_RED
									   : STYLE_PLAIN;
	if (id == CF_ZOMBIES && proc->zombies)
		return STYLE_YELLOW;
	if (proc->flags & CENSUS_KERNEL_THREAD)
		return STYLE_DIM;
	return STYLE_PLAIN;
}

static void print_row(struct page *p, const struct census_print *print, uint32_t r,
		      const size_t *wide)
{
	const struct census_row *row = &print->view->row[r];
	const struct census_columns *columns = print->columns;
	char buf[CENSUS_CELL_BYTES], *branch = NULL;
	size_t at = 0, branch_wide = 0;

	if (print->tree) {
		branch = census_branch(print->view, r, p->utf8, &branch_wide);
		if (!branch)
			p->failed = true;
	}
	for (unsigned c = 0; c < columns->count; c++) {
		enum census_field_id id = columns->at[c];
		const char *cell = census_cell(id, row, print->exact, buf);
		enum page_style style = style_of(id, row);
		bool last = c + 1 == columns->count, tells = id == CF_COMMAND || id == CF_COMM;
		size_t most = wide[c];

		if (c)
			fputc(' ', p->f);
		at += c ? 1 : 0;
		if (style != STYLE_PLAIN)
			page_style(p, style);
		if (last) {
			most = p->width > at + COMMAND_LEAST ? p->width - at : COMMAND_LEAST;
			if (!print->width)
				most = (size_t)-1;
		}
		if (is_text(id))
			print_text(p, cell, branch && tells ? branch : "",
				   branch && tells ? branch_wide : 0, most, last ? 0 : wide[c]);
		else
			page_format(p, "%*s", (int)wide[c], cell);
		at += wide[c];
		if (style != STYLE_PLAIN)
			page_style(p, STYLE_PLAIN);
	}
	fputc('\n', p->f);
	free(branch);
}

static const char *amount(struct amount a, bool exact, char buf[QUANTITY_BYTES])
{
	return exact ? quantity_exact(buf, a) : quantity_amount(buf, a);
}

static void add_count(FILE *f, uint64_t n, const char *one, const char *many, const char *before)
{
	char buf[QUANTITY_BYTES];

	fprintf(f, "%s%s %s", before, quantity_count(buf, n), n == 1 ? one : many);
}

/* What the rows add up to, those behind --top too. */
static void describe_sum(FILE *f, const struct census_print *print)
{
	const struct census_view *view = print->view;
	const struct census_sum *sum = &view->sum;
	char buf[QUANTITY_BYTES];

	add_count(f, sum->processes, "process", "processes", "");
	add_count(f, sum->threads, "thread", "threads", ", ");
	if (sum->zombies)
		add_count(f, sum->zombies, "zombie", "zombies", ", ");
	fprintf(f, ": private %s,", amount(sum->private, print->exact, buf));
	fprintf(f, " kernel %s,", amount(sum->kernel, print->exact, buf));
	fprintf(f, " shared %s,", amount(sum->shared, print->exact, buf));
	fprintf(f, " swap %s.", amount(sum->swap, print->exact, buf));
	if (view->beyond_top)
		add_count(f, view->beyond_top, "of them is behind --top and not shown.",
			  "of them are behind --top and not shown.", " ");
	if (view->kernel_threads)
		add_count(f, view->kernel_threads, "kernel thread is not shown (--all).",
			  "kernel threads are not shown (--all).", " ");
}

static void describe_machine(FILE *f, const struct census_print *print)
{
	const struct census *c = print->view->census;
	const struct census_machine *m = &c->machine;
	struct amount used = amount_sub(m->total, m->available);
	struct amount kernel =
	    amount_add(amount_add(m->slab_reclaimable, m->slab_unreclaimable),
		       amount_add(amount_add(m->kernel_stack, m->page_table), m->percpu));
	char buf[QUANTITY_BYTES];

	fprintf(f, "Machine: %s in use", amount(used, print->exact, buf));
	fprintf(f, " of %s;", amount(m->total, print->exact, buf));
	fprintf(f, " kernel memory %s", amount(kernel, print->exact, buf));
	if (c->unattributed.known == KNOWN_NOT) {
		fprintf(f, ", what of it no process holds is not known.");
	} else {
		fprintf(f, ", of it unattributed, held by no process: %s",
			amount(c->unattributed, print->exact, buf));
		fprintf(f, " (caches that the kernel can drop: %s).",
			amount(m->slab_reclaimable, print->exact, buf));
	}
}

static void print_line(struct page *p, void (*describe)(FILE *f, const struct census_print *print),
		       const struct census_print *print)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f) {
		p->failed = true;
		return;
	}
	describe(f, print);
	if (fclose(f))
		p->failed = true;
	else
		page_wrap(p, 0, text);
	free(text);
}

int census_text_write(FILE *f, const struct census_print *print)
{
	struct page p = {.f = f,
			 .width = print->width ? print->width : 100000,
			 .colour = print->colour,
			 .utf8 = print->utf8};
	size_t *wide = calloc(print->columns->count + 1, sizeof(*wide));

	if (!wide)
		return -ENOMEM;
	measure(print, p.utf8, wide);
	print_heads(&p, print->columns, wide);
	for (uint32_t r = 0; r < print->view->count; r++)
		print_row(&p, print, r, wide);
	free(wide);
	fputc('\n', f);
	if (!print->width)
		p.width = 100;
	print_line(&p, describe_sum, print);
	print_line(&p, describe_machine, print);
	for (size_t i = 0; i < print->note_count; i++)
		page_wrap(&p, 0, print->notes[i]);
	return p.failed ? -ENOMEM : flush_end(f);
}
