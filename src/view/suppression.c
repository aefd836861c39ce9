/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "view/place.h"
#include "view/suppression.h"

#define FRAMES_MAX 24 /* as valgrind writes; frames further out may be any */

/*
 * A name as a pattern of printable ASCII, which no terminal or editor changes. Blanks at its ends
 * would be lost when it is read.
 */
static void put_pattern(FILE *f, const char *name)
{
	for (const char *s = name; *s; s++) {
		bool edge = s == name || !s[1];

		fputc(*s > ' ' && *s <= '~' ? *s : *s == ' ' && !edge ? ' ' : '?', f);
	}
}

static void put_line(FILE *f, const char *prefix, const char *name)
{
	fprintf(f, "   %s", prefix);
	put_pattern(f, name);
	fputc('\n', f);
}

/*
 * Frames, from the first of the program on, that all places have in common, up to main(): what
 * called that differs from one C library to the next.
 */
static size_t common_frames(const struct view_finding *f, size_t first)
{
	size_t n = f->frame_count - first;

	for (size_t i = 0; i < f->stack_count; i++) {
		const struct view_stack *s = &f->stacks[i];
		size_t own = view_user_frame(s->frames, s->frame_count), k = 0;

		while (k < n && own + k < s->frame_count &&
		       !strcmp(f->frames[first + k].function, s->frames[own + k].function) &&
		       !strcmp(f->frames[first + k].module, s->frames[own + k].module))
			k++;
		n = k;
	}
	for (size_t i = 0; i < n; i++)
		if (!strcmp(f->frames[first + i].function, "main"))
			n = i + 1;
	return n < FRAMES_MAX ? n : FRAMES_MAX;
}

static void put_frame(FILE *f, const struct view_frame *frame)
{
	if (*frame->function)
		put_line(f, "fun:", frame->function);
	else
		put_line(f, "obj:", *frame->module ? frame->module : "*");
}

/* What a person would call it: cause, holder, place. */
static void put_name(FILE *f, const struct view_finding *finding)
{
	const struct view_frame *place = place_of(finding);

	fprintf(f, "   ");
	put_pattern(f, finding->cause);
	if (*finding->holder_comm) {
		fprintf(f, " held by ");
		put_pattern(f, finding->holder_comm);
	}
	if (place && *place->function) {
		fprintf(f, ", taken in ");
		put_pattern(f, place->function);
	}
	fputc('\n', f);
}

const char *suppression_make(struct view_arena *arena, const struct view_finding *finding)
{
	size_t first = view_user_frame(finding->frames, finding->frame_count), size = 0;
	size_t end = first + common_frames(finding, first);
	char *text = NULL;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return view_arena_adopt(arena, NULL);
	fprintf(f, "{\n");
	put_name(f, finding);
	put_line(f, "cause:", finding->cause);
	if (*finding->holder_comm)
		put_line(f, "comm:", finding->holder_comm);
	for (size_t i = first; i < end; i++)
		put_frame(f, &finding->frames[i]);
	fprintf(f, "}\n");
	if (fclose(f)) {
		free(text);
		text = NULL;
	}
	return view_arena_adopt(arena, text);
}
