/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include "out/flush.h"
#include "out/top.h"

static void print(FILE *f, struct top_line *line)
{
	size_t n = line->text ? line->length : 0;

	while (n && line->text[n - 1] == ' ')
		n--;
	fprintf(f, "%.*s\n", (int)n, n ? line->text : "");
	top_line_clear(line);
}

int top_batch_write(FILE *f, const struct top_show *show)
{
	struct top_table table;
	struct top_line line;
	bool failed;

	top_line_init(&line, show->utf8);
	for (unsigned i = 0; i < TOP_HEADER_LINES; i++) {
		if (i == 1) /* the bar is for the eye */
			continue;
		top_header_line(show, i, &line);
		print(f, &line);
	}
	fputc('\n', f);
	top_table_reset(&table);
	top_table_fit(&table, show, 0, show->view->count);
	top_table_heads(&table, show, &line);
	print(f, &line);
	for (uint32_t r = 0; r < show->view->count; r++) {
		top_table_row(&table, show, r, &line);
		print(f, &line);
	}
	fputc('\n', f);
	failed = line.failed;
	top_line_done(&line);
	return failed ? -ENOMEM : flush_end(f);
}
