/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "out/top_pane.h"

#include <stdlib.h>
#include <string.h>

void top_pane_clear(struct top_pane *pane)
{
	for (size_t i = 0; i < pane->count; i++)
		top_line_done(&pane->line[i]);
	pane->count = 0;
}

void top_pane_done(struct top_pane *pane)
{
	top_pane_clear(pane);
	free(pane->line);
	*pane = (struct top_pane){.line = NULL};
}

void top_pane_add(void *ctx, const struct top_line *line)
{
	struct top_pane *pane = ctx;
	struct top_line copy = *line;

	if (pane->count == pane->room) {
		size_t room = pane->room ? 2 * pane->room : 64;
		struct top_line *more = realloc(pane->line, room * sizeof(*more));

		if (!more) {
			pane->failed = true;
			return;
		}
		pane->line = more;
		pane->room = room;
	}
	copy.text = strdup(line->length ? line->text : "");
	if (!copy.text) {
		pane->failed = true;
		return;
	}
	copy.room = copy.length + 1;
	pane->line[pane->count++] = copy;
}

/* Of "\033[1;31m", the codes that page_style() writes. */
static enum top_style style_of(const char *codes, size_t length)
{
	static const struct {
		const char *codes;
		enum top_style style;
	} known[] = {{"1", TOP_BOLD},
		     {"2", TOP_DIM},
		     {"1;31", TOP_RED},
		     {"1;32", TOP_FINE},
		     {"1;33", TOP_WARN}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strlen(known[i].codes) == length && !memcmp(known[i].codes, codes, length))
			return known[i].style;
	}
	return TOP_PLAIN;
}

void top_pane_add_text(struct top_pane *pane, const char *text, bool utf8)
{
	enum top_style style = TOP_PLAIN;
	struct top_line line;

	top_line_init(&line, utf8);
	while (*text) {
		size_t n = strcspn(text, "\n\033");
		char *part = strndup(text, n);

		if (part)
			top_line_put(&line, style, part);
		else
			line.failed = true;
		free(part);
		text += n;
		if (*text == '\n') {
			top_pane_add(pane, &line);
			top_line_clear(&line);
			text++;
		} else if (*text) {
			text += text[1] == '[' ? 2 : 1;
			n = strcspn(text, "m\n");
			style = style_of(text, n);
			text += n + (text[n] == 'm');
		}
	}
	if (line.length)
		top_pane_add(pane, &line);
	pane->failed |= line.failed;
	top_line_done(&line);
}

void top_pane_scroll(struct top_pane *pane, int64_t by, size_t height)
{
	int64_t most = pane->count > height ? (int64_t)(pane->count - height) : 0;
	int64_t first = (int64_t)pane->first + by;

	pane->first = first < 0 ? 0 : first > most ? (size_t)most : (size_t)first;
}
