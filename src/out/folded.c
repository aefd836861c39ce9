/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "out/escape.h"
#include "out/flush.h"
#include "out/folded.h"
#include "view/place.h"

/* A name as one frame: it must not look like two. */
static int put_name(FILE *f, const char *name)
{
	char *safe = escape_text(name, true);

	if (!safe)
		return -ENOMEM;
	for (char *s = safe; (s = strchr(s, ';'));)
		*s = ':';
	fputs(safe, f);
	free(safe);
	return 0;
}

static int put_frame(FILE *f, const struct view_frame *frame)
{
	const char *module = place_module(frame);
	int err;

	fputc(';', f);
	if (*frame->function) {
		err = put_name(f, frame->function);
	} else {
		err = put_name(f, *module ? module : "[unknown]");
		if (frame->offset)
			fprintf(f, "+0x%" PRIx64, frame->offset);
	}
	if (frame->kernel)
		fputs("_[k]", f);
	return err;
}

static int put_stack(FILE *f, const struct view_finding *finding, const struct view_stack *stack)
{
	int err = 0;

	if (*finding->holder_comm)
		err = put_name(f, finding->holder_comm);
	else
		fprintf(f, "[%s]", where_name(finding->where));
	for (size_t i = stack->frame_count; !err && i-- > 0;)
		err = put_frame(f, &stack->frames[i]);
	if (!err && !stack->frame_count) {
		fputs(";[", f);
		err = put_name(f, finding->cause);
		fputc(']', f);
	}
	fprintf(f, " %" PRId64 "\n", stack->bytes.bytes);
	return err;
}

int folded_write(FILE *f, const struct view *view)
{
	int err = 0;

	for (size_t i = 0; i < view->finding_count; i++) {
		const struct view_finding *finding = &view->findings[i];

		if (finding->where == WHERE_BOOKS)
			continue; /* nothing stays */
		/* What is not known has no width. */
		for (size_t k = 0; !err && k < finding->stack_count; k++)
			if (finding->stacks[k].bytes.bytes > 0)
				err = put_stack(f, finding, &finding->stacks[k]);
	}
	return err ? err : flush_end(f);
}
