/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "out/explain.h"
#include "out/flush.h"
#include "out/page.h"
#include "view/quantity.h"

#define FIRST_ROWS   10
#define SHARED_SHOWN 2
#define TEXT_LEAST   16

static const char *amount(const struct explain_print *print, struct amount a,
			  char buf[QUANTITY_BYTES])
{
	return print->exact ? quantity_digits(buf, a) : quantity_short(buf, a);
}

/* What is left of a line that has `used` columns. */
static size_t room(const struct page *p, size_t used)
{
	return p->width > used + TEXT_LEAST ? p->width - used : TEXT_LEAST;
}

static void print_heading(struct page *p, const char *text)
{
	fputc('\n', p->f);
	page_style(p, STYLE_BOLD);
	page_text_cut(p, text, room(p, 0));
	page_style(p, STYLE_PLAIN);
	fputc('\n', p->f);
}

static void print_who(struct page *p, const struct explain *e)
{
	const struct census_process *proc = e->row.process;
	char buf[CENSUS_CELL_BYTES], line[256];
	const char *age = census_cell(CF_AGE, &e->row, false, buf);

	(void)snprintf(line, sizeof(line), "%s (pid %u)", proc->comm, proc->tgid);
	page_style(p, STYLE_BOLD);
	page_text_cut(p, line, room(p, 0));
	page_style(p, STYLE_PLAIN);
	(void)snprintf(line, sizeof(line), ", user %s, forked %s%s ago%s", e->row.user, age,
		       age[strspn(age, "0123456789.")] ? "" : " s",
		       proc->flags & CENSUS_STOPPED ? ", stopped" : "");
	page_text(p, line);
	if (proc->parent != CENSUS_NONE) {
		const struct census_process *parent = &e->census->process[proc->parent];

		(void)snprintf(line, sizeof(line), ", child of %s (pid %u)", parent->comm,
			       parent->tgid);
		page_text(p, line);
	}
	fputs("\n  ", p->f);
	page_text_cut(p, e->row.command, room(p, 2));
	if (*e->row.cgroup) {
		fputs("\n  cgroup ", p->f);
		page_text_cut(p, e->row.cgroup, room(p, 9));
	}
	fputc('\n', p->f);
}

static void print_sentences(struct page *p, const struct explain *e)
{
	static const enum explain_part parts[] = {EXPLAIN_HOLDS, EXPLAIN_UNUSUAL, EXPLAIN_TO_DO,
						  EXPLAIN_NOT_SEEN};
	static const char *const labels[] = {"", "unusual", "to do", "not seen"};

	for (size_t part = 0; part < 4; part++) {
		bool first = true;

		for (size_t i = 0; i < e->sentence_count; i++) {
			const char *mark = first ? labels[part] : "";

			if (e->sentence[i].part != parts[part])
				continue;
			if (first)
				fputc('\n', p->f);
			if (part == EXPLAIN_HOLDS) {
				page_wrap(p, 0, e->sentence[i].text);
			} else {
				page_style(p, part == EXPLAIN_UNUSUAL ? STYLE_YELLOW : STYLE_BOLD);
				page_format(p, "%-9s", mark);
				page_style(p, STYLE_PLAIN);
				page_wrap(p, 9, e->sentence[i].text);
			}
			first = false;
		}
	}
}

/* "3 with sh (pid 12), 1 with 2 more" */
static void print_sharers(struct page *p, const struct explain *e, const struct explain_kind *k,
			  size_t used)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f) {
		p->failed = true;
		return;
	}
	for (uint32_t i = 0; i < k->sharers && i < SHARED_SHOWN; i++) {
		const struct census_process *other = &e->census->process[k->sharer[i].process];

		fprintf(f, "%s%llu with %s (%u)", i ? ", " : "",
			(unsigned long long)k->sharer[i].count, other->comm, other->tgid);
	}
	if (k->sharers > SHARED_SHOWN)
		fprintf(f, ", and %u more", k->sharers - SHARED_SHOWN);
	if (!k->sharers && k->shared)
		fprintf(f, "%u, with who shares its memory or table of files", k->shared);
	if (fclose(f))
		p->failed = true;
	else
		page_text_cut(p, text, room(p, used));
	free(text);
}

static void print_kinds(struct page *p, const struct explain_print *print)
{
	const struct explain *e = print->explain;
	const struct census_process *proc = e->row.process;
	unsigned wide = print->exact ? 14 : 8;
	char a[QUANTITY_BYTES], b[QUANTITY_BYTES], c[QUANTITY_BYTES], d[QUANTITY_BYTES];

	if (!e->kind_count)
		return;
	fputc('\n', p->f);
	page_style(p, STYLE_BOLD);
	page_format(p, "%-24s %7s %*s %*s %*s  %s", "WHAT", "COUNT", (int)wide, "EACH", (int)wide,
		    "IN FULL", (int)wide, "SHARE", "SHARED");
	page_style(p, STYLE_PLAIN);
	fputc('\n', p->f);
	for (size_t i = 0; i < e->kind_count; i++) {
		const struct explain_kind *k = &e->kind[i];
		struct amount each = k->bytes;

		if (k->count)
			each.bytes /= k->count;
		else
			each.known = KNOWN_NOT;
		page_format(p, "%-24s %7s %*s %*s %*s", kind_get(k->kind)->title,
			    quantity_count(a, k->count), (int)wide, amount(print, each, b),
			    (int)wide, amount(print, k->bytes, c), (int)wide,
			    amount(print, k->divided, d));
		if (k->shared) {
			fputs("  ", p->f);
			print_sharers(p, e, k, 24 + 8 + 3 * (wide + 1) + 2);
		}
		fputc('\n', p->f);
	}
	page_style(p, STYLE_BOLD);
	page_format(p, "%-24s %7s %*s %*s %*s\n", "kernel memory", "", (int)wide, "", (int)wide,
		    amount(print, proc->kernel_undivided, a), (int)wide,
		    amount(print, proc->kernel, b));
	if (proc->shared_undivided.bytes)
		page_format(p, "%-24s %7s %*s %*s %*s\n", "shared memory", "", (int)wide, "",
			    (int)wide, amount(print, proc->shared_undivided, a), (int)wide,
			    amount(print, proc->shared, b));
	page_style(p, STYLE_PLAIN);
}

static void print_more(struct page *p, size_t shown, size_t count)
{
	char buf[QUANTITY_BYTES];

	if (shown < count)
		page_format(p, "  and %s more (--all)\n", quantity_count(buf, count - shown));
}

static void print_files(struct page *p, const struct explain_print *print)
{
	const struct explain *e = print->explain;
	size_t shown = print->all || e->file_count < FIRST_ROWS ? e->file_count : FIRST_ROWS;
	unsigned wide = print->exact ? 14 : 8;
	char a[QUANTITY_BYTES], b[QUANTITY_BYTES];

	if (!e->file_count)
		return;
	print_heading(p, shown < e->file_count ? "Its largest descriptors" : "Its descriptors");
	page_style(p, STYLE_DIM);
	page_format(p, "  %5s %*s %*s  %s\n", "FD", (int)wide, "BYTES", (int)wide, "QUEUED",
		    "WHAT");
	page_style(p, STYLE_PLAIN);
	for (size_t i = 0; i < shown; i++) {
		const struct explain_file *f = &e->file[i];
		struct amount all = {f->bytes, KNOWN_ESTIMATE};

		page_format(p, "  %5u %*s %*s  ", f->file->fd, (int)wide, amount(print, all, a),
			    (int)wide, amount(print, amount_from_event(f->file->queued_bytes), b));
		page_text_cut(p, f->words, room(p, 2 + 5 + 2 * (wide + 1) + 2));
		fputc('\n', p->f);
	}
	print_more(p, shown, e->file_count);
}

static void print_children(struct page *p, const struct explain_print *print)
{
	const struct explain *e = print->explain;
	size_t shown = print->all || e->child_count < FIRST_ROWS ? e->child_count : FIRST_ROWS;
	char a[QUANTITY_BYTES], b[QUANTITY_BYTES];
	unsigned wide = print->exact ? 14 : 8;

	if (!e->child_count)
		return;
	print_heading(p, "Its children");
	page_style(p, STYLE_DIM);
	page_format(p, "  %8s %-7s %*s %*s  %s\n", "PID", "STATE", (int)wide, "PRIVATE", (int)wide,
		    "KERNEL", "NAME");
	page_style(p, STYLE_PLAIN);
	for (size_t i = 0; i < shown; i++) {
		const struct census_process *c = &e->census->process[e->child[i]];
		bool zombie = c->flags & CENSUS_ZOMBIE;

		page_format(p, "  %8u ", c->tgid);
		page_style(p, zombie ? STYLE_RED : STYLE_PLAIN);
		page_format(p, "%-7s", zombie ? "zombie" : "alive");
		page_style(p, STYLE_PLAIN);
		page_format(p, " %*s %*s  ", (int)wide, amount(print, c->private, a), (int)wide,
			    amount(print, c->kernel, b));
		page_text_cut(p, c->comm, EVENT_COMM_BYTES * 4);
		fputc('\n', p->f);
	}
	print_more(p, shown, e->child_count);
}

static void print_ipc(struct page *p, const struct explain_print *print)
{
	const struct census_files *files = print->explain->files;
	char buf[QUANTITY_BYTES];

	if (!files->ipc_count)
		return;
	print_heading(p, "IPC objects that live on without it");
	for (size_t i = 0; i < files->ipc_count; i++) {
		const struct census_ipc *o = &files->ipc[i];

		page_format(p, "  %s %u: %s, %llu %s, %s (ipcrm removes it)\n", o->what, o->id,
			    amount(print, amount_from_event(o->bytes), buf),
			    (unsigned long long)o->parts,
			    !strcmp(o->what, "msg")   ? "messages"
			    : !strcmp(o->what, "sem") ? "semaphores"
						      : "attached",
			    o->created ? "made by it" : "last sent to by it");
	}
}

void explain_page(struct page *p, const struct explain_print *print)
{
	print_who(p, print->explain);
	print_sentences(p, print->explain);
	print_kinds(p, print);
	print_files(p, print);
	print_children(p, print);
	print_ipc(p, print);
	if (print->note_count)
		fputc('\n', p->f);
	for (size_t i = 0; i < print->note_count; i++)
		page_wrap(p, 0, print->notes[i]);
}

int explain_text_write(FILE *f, const struct explain_print *print)
{
	struct page p = {.f = f,
			 .width = print->width ? print->width : 100,
			 .colour = print->colour,
			 .utf8 = print->utf8};

	explain_page(&p, print);
	return p.failed ? -ENOMEM : flush_end(f);
}
