/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ledger/ledger.h"
#include "out/flush.h"
#include "out/page.h"
#include "out/text.h"
#include "out/text_books.h"
#include "out/text_watch.h"
#include "view/quantity.h"

#define WIDTH_MIN     60
#define WIDTH_DEFAULT 80
#define FRAMES_SHOWN  12
#define PARTS_SHOWN   8

static const char *signal_name(int signal)
{
	/* Those that end programs. A recorded session must read the same everywhere. */
	static const char *const names[] = {
	    [1] = "SIGHUP",   [2] = "SIGINT",	[3] = "SIGQUIT",  [4] = "SIGILL",
	    [5] = "SIGTRAP",  [6] = "SIGABRT",	[7] = "SIGBUS",	  [8] = "SIGFPE",
	    [9] = "SIGKILL",  [10] = "SIGUSR1", [11] = "SIGSEGV", [12] = "SIGUSR2",
	    [13] = "SIGPIPE", [14] = "SIGALRM", [15] = "SIGTERM", [24] = "SIGXCPU",
	    [25] = "SIGXFSZ", [31] = "SIGSYS",
	};

	if (signal > 0 && (size_t)signal < sizeof(names) / sizeof(*names) && names[signal])
		return names[signal];
	return "a signal";
}

static void print_verdict(struct page *p, const struct view *v)
{
	static const struct {
		const char *word;
		enum page_style style;
	} words[] = {
	    [JUDGEMENT_CLEAN] = {"CLEAN", STYLE_GREEN},
	    [JUDGEMENT_LEAK] = {"LEAK", STYLE_RED},
	    [JUDGEMENT_INCONCLUSIVE] = {"INCONCLUSIVE", STYLE_YELLOW},
	};

	page_format(p, "forktally: ");
	page_style(p, words[v->judgement].style);
	page_format(p, "%s", words[v->judgement].word);
	page_style(p, STYLE_PLAIN);
	page_format(p, ": ");
	page_text(p, v->headline);
	page_format(p, "\n");
}

/* The sentence of how it all ended, from pieces that may be there or not. */
static void print_ended(struct page *p, const struct view *v)
{
	uint64_t tenths = (uint64_t)(v->settle_seconds * 10 + 0.5);
	char n[QUANTITY_BYTES], line[256];
	int len;

	if (v->cut_off)
		len = snprintf(line, sizeof(line), "unknown: the recorded session is cut off");
	else if (v->signal)
		len = snprintf(line, sizeof(line), "killed by signal %d (%s)", v->signal,
			       signal_name(v->signal));
	else if (v->exit_status < 0)
		len = snprintf(line, sizeof(line), "%s",
			       v->before.processes ? "not at all: it runs on" : "it never ran");
	else
		len = snprintf(line, sizeof(line), "exit status %d", v->exit_status);
	if (v->interrupted)
		len += snprintf(line + len, sizeof(line) - (size_t)len,
				"; the run was interrupted by signal %d (%s)", v->interrupted,
				signal_name(v->interrupted));
	if (v->killed)
		len += snprintf(line + len, sizeof(line) - (size_t)len,
				"; %s process%s had to be killed", quantity_count(n, v->killed),
				v->killed == 1 ? "" : "es");
	if (tenths)
		snprintf(line + len, sizeof(line) - (size_t)len, "; settled for %llu.%llu s",
			 (unsigned long long)(tenths / 10), (unsigned long long)(tenths % 10));
	page_label(p, "ended");
	page_wrap(p, PAGE_VALUE_COLUMN, line);
}

static void print_run(struct page *p, const struct view *v)
{
	page_label(p, "command");
	page_text_cut(p, v->command, p->width - PAGE_VALUE_COLUMN);
	page_format(p, "\n");
	print_ended(p, v);
}

/* "5.1 KiB: 1 pipe", "512 B: 1 pipe in 10 forks" */
static void print_per_fork(struct page *p, const struct view_finding *f)
{
	char n[QUANTITY_BYTES], rate[QUANTITY_BYTES], bytes[QUANTITY_BYTES];
	uint64_t one_in = view_finding_one_in(f);
	struct amount each = {.bytes = (int64_t)(f->bytes_per_fork + 0.5), .known = f->bytes.known};

	if (f->where == WHERE_BOOKS && !f->bytes_per_fork)
		return; /* it does not grow with them */
	page_label(p, "per fork");
	quantity_amount(bytes, each);
	quantity_rate(rate, f->count_per_fork);
	if (one_in)
		page_format(p, "%s: 1 %s in %s forks", bytes, f->thing, quantity_count(n, one_in));
	else if (f->count && *f->things)
		page_format(p, "%s: %s %s", bytes, rate,
			    strcmp(rate, "1") == 0 ? f->thing : f->things);
	else
		page_format(p, "%s", bytes);
	page_format(p, "\n");
}

static void print_in_all(struct page *p, const struct view_finding *f)
{
	static const char *const memory[POOLS] = {
	    [POOL_PRIVATE] = "private memory",
	    [POOL_KERNEL] = "kernel memory",
	    [POOL_SHARED] = "shared memory",
	    [POOL_CACHE] = "cache",
	};
	char count[QUANTITY_BYTES], bytes[QUANTITY_BYTES], exact[QUANTITY_BYTES],
	    forks[QUANTITY_BYTES];

	page_label(p, "in all");
	page_format(p, "%s", quantity_amount(bytes, f->bytes));
	if (f->bytes.known != KNOWN_NOT && (f->bytes.bytes >= 1024 || f->bytes.bytes <= -1024))
		page_format(p, " (%s)", quantity_exact(exact, f->bytes));
	page_format(p, " of %s", memory[f->pool]);
	if (f->count && *f->things)
		page_format(p, ": %s %s", quantity_count(count, f->count),
			    f->count == 1 ? f->thing : f->things);
	page_format(p, " in %s fork%s\n", quantity_count(forks, f->forks),
		    f->forks == 1 ? "" : "s");
}

static void print_holder(struct page *p, const struct view_finding *f)
{
	static const char *const nobody[] = {
	    [WHERE_HELD] = "a process that could not be told",
	    [WHERE_LEFT] = "nobody: it outlives every process",
	    [WHERE_LOST] = "nobody: nothing reaches it, and the kernel still counts it",
	    [WHERE_BOOKS] = "a process that could not be told",
	};

	page_label(p, f->where == WHERE_BOOKS ? "books of" : "held by");
	if (f->holder_pid) {
		page_text(p, *f->holder_comm ? f->holder_comm : "?");
		page_format(p, " (pid %u)", f->holder_pid);
		if (*f->through)
			page_format(p, "%s through %s", f->count > 1 ? ", first" : "", f->through);
	} else {
		page_format(p, "%s", nobody[f->where]);
	}
	page_format(p, "\n");
}

static void print_parts(struct page *p, const struct view_finding *f)
{
	size_t shown = f->part_count > PARTS_SHOWN ? PARTS_SHOWN - 1 : f->part_count;
	struct page_table t;
	char text[QUANTITY_BYTES];

	if (!f->part_count)
		return;
	page_table_init(&t, 4);
	for (size_t i = 0; i < shown; i++) {
		const struct view_part *part = &f->parts[i];

		page_table_add(&t, part->tag);
		page_table_add(&t, part->count ? quantity_count(text, part->count) : "");
		page_table_add(&t, quantity_amount(text, part->bytes));
		page_table_add(&t, part->pool == f->pool ? "" : pool_name(part->pool));
	}
	page_label(p, "made of");
	page_table_print(p, &t, PAGE_VALUE_COLUMN, TABLE_HANGING);
	page_table_done(&t);
	if (shown < f->part_count)
		page_format(p, "%*sand %zu other kinds\n", PAGE_VALUE_COLUMN, "",
			    f->part_count - shown);
}

static void print_frame(struct page *p, const struct view_frame *frame)
{
	const char *slash = strrchr(frame->module, '/');
	const char *module = slash ? slash + 1 : frame->module;

	if (!*frame->function) {
		page_text(p, *module ? module : "?");
		if (frame->offset)
			page_format(p, "+0x%llx", (unsigned long long)frame->offset);
		return;
	}
	page_text(p, frame->function);
	if (frame->kernel) {
		page_format(p, " [kernel]");
	} else if (*frame->file) {
		page_format(p, " (");
		page_text(p, frame->file);
		page_format(p, frame->line ? ":%u)" : ")", frame->line);
	} else if (*module) {
		page_format(p, " (");
		page_text(p, module);
		page_format(p, ")");
	}
}

/*
 * The system call says what the kernel's functions were called for: they are left out where
 * functions of the program follow them. JSON has all.
 */
static size_t first_frame(const struct view_finding *f)
{
	size_t i = 0;

	while (*f->syscall && i < f->frame_count && f->frames[i].kernel)
		i++;
	return i < f->frame_count ? i : 0;
}

static void print_taken_at(struct page *p, const struct view_finding *f)
{
	size_t first = first_frame(f), left = f->frame_count - first;
	size_t shown = left > FRAMES_SHOWN ? FRAMES_SHOWN - 1 : left;
	const char *label = "taken at";

	if (*f->syscall) {
		page_label(p, label);
		page_text(p, f->syscall);
		page_format(p, "\n");
		label = NULL;
	}
	for (size_t i = first; i < first + shown; i++) {
		page_label(p, label);
		print_frame(p, &f->frames[i]);
		page_format(p, "\n");
		label = NULL;
	}
	if (shown < left) {
		page_label(p, NULL);
		page_format(p, "and %zu callers more\n", left - shown);
	}
}

static void print_finding(struct page *p, const struct view_finding *f, size_t number)
{
	char start[QUANTITY_BYTES];

	snprintf(start, sizeof(start), "%zu. ", number);
	page_style(p, STYLE_BOLD);
	page_format(p, "%s", start);
	page_text(p, f->title);
	page_style(p, STYLE_PLAIN);
	page_format(p, "\n");
	page_label(p, "cause");
	page_text(p, f->cause);
	page_format(p, ", %s\n", where_name(f->where));
	print_per_fork(p, f);
	text_watched_print(p, f);
	print_in_all(p, f);
	print_holder(p, f);
	if (f->at_fork) {
		page_label(p, "seen at");
		page_format(p, "fork %s\n", quantity_count(start, f->at_fork));
	}
	print_parts(p, f);
	print_taken_at(p, f);
	if (*f->hint) {
		page_label(p, "to do");
		page_wrap(p, PAGE_VALUE_COLUMN, f->hint);
	}
}

static struct page page_of(FILE *f, const struct text_options *opts)
{
	struct page p = {.f = f, .width = WIDTH_DEFAULT};

	if (opts) {
		p.width = opts->width ? opts->width : WIDTH_DEFAULT;
		p.colour = opts->colour;
		p.utf8 = opts->utf8;
	}
	if (p.width < WIDTH_MIN)
		p.width = WIDTH_MIN;
	return p;
}

/* From the first column on, to be pasted. They are ASCII, whatever the names are. */
static void print_suppressions(struct page *p, const struct view *v)
{
	for (size_t i = 0; i < v->finding_count; i++)
		page_format(p, "\n%s", v->findings[i].suppression);
}

static int print_report(FILE *f, const struct view *v, const struct text_options *opts)
{
	struct page p = page_of(f, opts);

	print_verdict(&p, v);
	if (v->watch.seen)
		text_watch_print(&p, v);
	else
		print_run(&p, v);
	for (size_t i = 0; i < v->finding_count; i++) {
		page_format(&p, "\n");
		print_finding(&p, &v->findings[i], i + 1);
	}
	text_suppressed_print(&p, v);
	if (!v->watch.seen) /* levels, and no flows: there are no books */
		text_books_print(&p, v);
	text_unseen_print(&p, v);
	if (opts && opts->suppressions)
		print_suppressions(&p, v);
	return p.failed ? -ENOMEM : 0;
}

int text_finding_write(FILE *f, const struct view_finding *finding, size_t number,
		       const struct text_options *opts)
{
	struct page p = page_of(f, opts);

	print_finding(&p, finding, number);
	return p.failed ? -ENOMEM : 0;
}

int text_write(FILE *f, const struct view *view, const struct text_options *opts)
{
	char *report = NULL;
	size_t len = 0;
	FILE *mem = open_memstream(&report, &len);
	int err;

	if (!mem)
		return -errno;
	err = print_report(mem, view, opts);
	if (ferror(mem) && !err)
		err = -ENOMEM;
	if (fclose(mem) != 0 && !err)
		err = -ENOMEM;
	if (!err)
		err = flush_report(f, report, len);
	free(report);
	return err;
}
