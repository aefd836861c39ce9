/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>
#include "view/place.h"

const char *place_module(const struct view_frame *frame)
{
	const char *slash = strrchr(frame->module, '/');

	return slash ? slash + 1 : frame->module;
}

/* It took it for somebody. */
static bool is_libc(const struct view_frame *frame)
{
	static const char *const begins[] = {"libc.so", "libc-", "libpthread", "ld-",
					     "libforktally-heap"};
	const char *module = place_module(frame);

	for (size_t i = 0; i < sizeof(begins) / sizeof(*begins); i++)
		if (!strncmp(module, begins[i], strlen(begins[i])))
			return true;
	return false;
}

const struct view_frame *place_of(const struct view_finding *f)
{
	const struct view_frame *in_libc = NULL, *outside = NULL;
	size_t first = view_user_frame(f->frames, f->frame_count);

	for (size_t i = first; i < f->frame_count; i++) {
		const struct view_frame *frame = &f->frames[i];

		if (frame->kernel)
			continue;
		if (*frame->file && !is_libc(frame))
			return frame;
		if (*frame->file && !in_libc)
			in_libc = frame;
		if (!outside && !is_libc(frame) && (*frame->function || *frame->module))
			outside = frame;
	}
	if (outside || in_libc)
		return outside ? outside : in_libc;
	return f->frame_count ? &f->frames[first] : NULL;
}
