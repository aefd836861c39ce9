/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/symbol.h"
#include "source/frames.h"

/* Names come from files of others: a tab or newline in one must not look like ours. */
static char *append(char *to, const char *text)
{
	for (; *text; text++)
		*to++ = (unsigned char)*text < ' ' || *text == 127 ? '?' : *text;
	return to;
}

static char *frame_text(const struct symbol *s)
{
	char *text = malloc(strlen(s->function) + strlen(s->file) + strlen(s->module) + 3);
	char *to = text;

	if (!text)
		return NULL;
	to = append(to, s->function);
	*to++ = '\t';
	to = append(to, s->file);
	*to++ = '\t';
	to = append(to, s->module);
	*to = 0;
	return text;
}

int frames_emit(struct symbolizer *sym, const struct symbol_maps *maps, uint32_t take,
		const uint64_t *addrs, size_t n, bool kernel, uint32_t *index, event_fn emit,
		void *ctx)
{
	struct symbol symbols[SYMBOL_INLINES_MAX];
	const uint32_t first = *index;

	for (size_t i = 0; i < n && addrs[i]; i++) {
		bool is_return = i || first;
		int count = kernel ? symbolizer_kernel(sym, addrs[i], is_return, symbols)
				   : symbolizer_user(sym, maps, addrs[i], is_return, symbols,
						     SYMBOL_INLINES_MAX);

		if (count < 0)
			return count;
		for (int k = 0; k < count; k++) {
			struct event ev = {
			    .type = EVENT_FRAME,
			    .u.frame = {.take = take,
					.index = *index,
					.line = symbols[k].line,
					.kernel = kernel,
					.offset = symbols[k].offset},
			};
			char *text = frame_text(&symbols[k]);
			int err;

			if (!text)
				return -ENOMEM;
			ev.text = text;
			err = emit(ctx, &ev);
			free(text);
			if (err)
				return err;
			++*index;
		}
	}
	return 0;
}
