/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One process in a pane: what "forktally explain" says of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cmd/cmd.h"
#include "cmd/top_state.h"
#include "out/explain.h"
#include "source/open_files.h"

/* The text, to be freed; NULL: out of memory. */
static char *explain(struct top *t, uint32_t process, unsigned width, bool utf8)
{
	const struct census_process *p = &t->all->process[process];
	struct census_names names = top_names(t);
	struct census_files files = {.err = 0};
	struct explain *e = NULL;
	char *text = NULL;
	size_t size = 0;
	FILE *f;
	int err = p->flags & (CENSUS_ZOMBIE | CENSUS_KERNEL_THREAD)
		      ? 0
		      : open_files_read(p->tgid, &files);

	if (err)
		files.err = err;
	err = explain_new(t->all, process, &files, &names, &e);
	f = err ? NULL : open_memstream(&text, &size);
	if (f) {
		struct explain_print print = {.explain = e,
					      .notes = t->session.notes,
					      .note_count = t->session.note_count,
					      .width = width,
					      .colour = true,
					      .utf8 = utf8,
					      .all = true};

		err = explain_text_write(f, &print);
		if (fclose(f) || err) {
			free(text);
			text = NULL;
		}
	}
	explain_free(e);
	open_files_done(&files);
	return text;
}

int top_state_detail(struct top *t, struct top_state *s)
{
	unsigned width, height;
	uint32_t process;
	char *text;

	if (s->shows != TOP_PANE_DETAIL)
		return 0;
	if (!t->all) { /* no column shows all kinds */
		int status = top_look(t, true);

		if (status)
			return status;
		top_state_refit(t, s);
	}
	process = census_find(t->all, s->detail_tgid, s->detail_start_ns);
	if (process == CENSUS_NONE)
		return 0; /* it has ended: what was seen last stays */
	top_screen_size(&width, &height);
	text = explain(t, process, width, s->utf8);
	if (!text) {
		cmd_error("out of memory");
		return STATUS_FAILED;
	}
	top_pane_clear(&s->pane);
	top_pane_add_text(&s->pane, text, s->utf8);
	top_pane_scroll(&s->pane, 0, height - 1);
	free(text);
	return 0;
}
