/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * libFuzzer harness: whatever names a stack has, folded stacks are lines of frames, a blank and a
 * number above 0, and no name makes a frame or a line more. Names are split at each NUL.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "out/folded.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FRAMES 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *names = calloc(size + 1, 1), *at = names, *text = NULL, *blank;
	struct view_frame frames[FRAMES];
	struct view_stack stack = {.syscall = "", .frames = frames, .bytes = amount_exact(4096)};
	struct view_finding finding = {
	    .cause = "heap", .holder_comm = "", .stacks = &stack, .stack_count = 1};
	const struct view view = {.findings = &finding, .finding_count = 1};
	size_t length = 0, semicolons = 0;
	FILE *f;

	if (!names)
		return 0;
	if (size)
		memcpy(names, data, size);
	if (*at && strlen(at) < 16)
		finding.holder_comm = at;
	while (at < names + size && stack.frame_count < FRAMES) {
		frames[stack.frame_count] =
		    (struct view_frame){.function = stack.frame_count % 3 ? at : "",
					.file = "",
					.module = at,
					.kernel = stack.frame_count == 1};
		stack.frame_count++;
		at += strlen(at) + 1;
	}
	f = open_memstream(&text, &length);
	if (!f || folded_write(f, &view) || fclose(f))
		abort();
	blank = memrchr(text, ' ', length);
	if (!length || text[length - 1] != '\n' || memchr(text, '\n', length - 1) || !blank ||
	    strtoll(blank, NULL, 10) != 4096)
		abort();
	for (size_t i = 0; i < length; i++)
		semicolons += text[i] == ';';
	if (semicolons != (stack.frame_count ? stack.frame_count : 1))
		abort();
	free(text);
	free(names);
	return 0;
}
