/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "out/text_watch.h"

#include <stdio.h>
#include "view/quantity.h"

#define LINE_BYTES 512

static const char *many(uint64_t n)
{
	return n == 1 ? "" : "es";
}

static void print_time(struct page *p, const struct view *v)
{
	const struct view_watch *w = &v->watch;
	char time[QUANTITY_BYTES], forked[QUANTITY_BYTES], judged[QUANTITY_BYTES], line[LINE_BYTES],
	    early[64] = "";

	if (v->cut_off)
		snprintf(early, sizeof(early), ", then the recorded session is cut off");
	else if (v->interrupted)
		snprintf(early, sizeof(early), ", ended early by signal %d", v->interrupted);
	quantity_seconds(time, w->seconds);
	quantity_count(forked, w->forked);
	quantity_count(judged, w->judged);
	if (!w->forked)
		snprintf(line, sizeof(line), "%s%s; no process was seen to fork", time, early);
	else
		snprintf(line, sizeof(line),
			 "%s%s; %s process%s forked, %s often enough to be judged", time, early,
			 forked, many(w->forked), w->judged ? judged : "none");
	page_label(p, "for");
	page_wrap(p, PAGE_VALUE_COLUMN, line);
}

void text_watch_print(struct page *p, const struct view *v)
{
	char before[QUANTITY_BYTES], forks[QUANTITY_BYTES], exits[QUANTITY_BYTES],
	    alive[QUANTITY_BYTES], zombies[QUANTITY_BYTES + 32] = "", line[LINE_BYTES];

	page_label(p, "watched");
	page_text_cut(p, v->command, p->width - PAGE_VALUE_COLUMN);
	page_format(p, "\n");
	print_time(p, v);
	if (v->zombies && !v->cut_off)
		snprintf(zombies, sizeof(zombies), ", %s of them not waited for",
			 quantity_count(forks, v->zombies));
	snprintf(line, sizeof(line), "%s at first, %s forked, %s ended, %s at the end%s",
		 quantity_count(before, v->before.processes), quantity_count(forks, v->forks),
		 quantity_count(exits, v->exits),
		 v->cut_off ? "?" : quantity_count(alive, v->alive), zombies);
	page_label(p, "processes");
	page_wrap(p, PAGE_VALUE_COLUMN, line);
}

void text_watched_print(struct page *p, const struct view_finding *f)
{
	char bytes[QUANTITY_BYTES], rate[QUANTITY_BYTES], time[QUANTITY_BYTES],
	    looks[QUANTITY_BYTES];
	struct amount each = {.bytes = (int64_t)(f->bytes_per_minute + 0.5),
			      .known = f->bytes.known};

	if (f->watched_seconds <= 0)
		return;
	page_label(p, "a minute");
	page_format(p, "%s", quantity_amount(bytes, each));
	if (f->count && *f->things)
		page_format(p, ": %s %s", quantity_rate(rate, f->count_per_minute), f->things);
	page_format(p, "\n");
	page_label(p, "grows");
	page_format(p, "steadily for %s, at %s looks that saw it fork\n",
		    quantity_seconds(time, f->watched_seconds), quantity_count(looks, f->looks));
}
