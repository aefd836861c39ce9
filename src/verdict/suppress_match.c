/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "verdict/judge.h"
#include "verdict/suppress_list.h"

/*
 * '*' and '?' and nothing else: names of C++ hold brackets and backslashes. Only the last '*'
 * is ever tried again, so the time is bounded by the product of the lengths.
 */
static bool name_matches(const char *pattern, const char *name)
{
	const char *star = NULL, *retry = NULL;

	while (*name) {
		if (*pattern == '*') {
			star = ++pattern;
			retry = name;
		} else if (*pattern && (*pattern == '?' || *pattern == *name)) {
			pattern++;
			name++;
		} else if (star) {
			pattern = star;
			name = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

/* A pattern without a slash is for the last part of a path. */
static bool path_matches(const char *pattern, const char *path)
{
	const char *slash = strrchr(path, '/');

	return name_matches(pattern, slash && !strchr(pattern, '/') ? slash + 1 : path);
}

/* "server.c", "server.c:112" */
static bool source_matches(const char *pattern, const struct ledger_frame *frame)
{
	char *place;
	bool matches = path_matches(pattern, frame->file);

	if (matches || !frame->line)
		return matches;
	if (asprintf(&place, "%s:%u", frame->file, frame->line) < 0)
		return false; /* then it is told as a finding */
	matches = path_matches(pattern, place);
	free(place);
	return matches;
}

static bool frame_matches(const struct frame_pattern *pattern, const struct ledger_frame *frame)
{
	switch (pattern->kind) {
	case PATTERN_FUNCTION:
		return name_matches(pattern->text, frame->seen ? frame->function : "");
	case PATTERN_MODULE:
		return path_matches(pattern->text, frame->seen ? frame->module : "");
	case PATTERN_FILE:
		return frame->seen && source_matches(pattern->text, frame);
	case PATTERN_ANY:
		break;
	}
	return true;
}

/* As name_matches(), over frames; what is outside of the last pattern may be anything. */
static bool stack_matches(const struct suppress_rule *rule, const struct ledger_frame *frames,
			  size_t count)
{
	size_t pattern = 0, frame = 0, star = SIZE_MAX, retry = 0;

	while (pattern < rule->frame_count) {
		if (rule->frames[pattern].kind == PATTERN_ANY) {
			star = ++pattern;
			retry = frame;
		} else if (frame < count && frame_matches(&rule->frames[pattern], &frames[frame])) {
			pattern++;
			frame++;
		} else if (star != SIZE_MAX && retry < count) {
			pattern = star;
			frame = ++retry;
		} else {
			return false;
		}
	}
	return true;
}

/* The kernel's own functions are not written down: they differ from kernel to kernel. */
static size_t first_user_frame(const struct ledger_take *take)
{
	size_t i = 0;

	while (i < take->frame_count && take->frames[i].kernel)
		i++;
	return i < take->frame_count ? i : 0;
}

static bool take_matches(const struct suppress_rule *rule, const struct ledger *led,
			 uint32_t number)
{
	const struct ledger_take *take = number ? ledger_take(led, number) : NULL;
	size_t first = take ? first_user_frame(take) : 0;

	return stack_matches(rule, take ? take->frames + first : NULL,
			     take ? take->frame_count - first : 0);
}

/* Every place of its bytes must match: a known one must not hide another. */
static bool rule_matches(const struct suppress_rule *rule, const struct finding *f,
			 const struct ledger *led)
{
	char comm[EVENT_COMM_BYTES + 1] = "";

	memcpy(comm, f->holder_comm, EVENT_COMM_BYTES);
	if (!name_matches(rule->cause, f->cause) || (rule->comm && !name_matches(rule->comm, comm)))
		return false;
	for (size_t i = 0; i < f->take_count; i++)
		if (f->takes[i].pool == f->pool && !take_matches(rule, led, f->takes[i].take))
			return false;
	return take_matches(rule, led, f->take);
}

static const struct suppression *suppress(struct suppressions *list, const struct finding *f,
					  const struct ledger *led)
{
	for (size_t i = 0; i < list->count; i++) {
		struct suppression *told = &list->rules[i].told;

		if (!rule_matches(&list->rules[i], f, led))
			continue;
		told->bytes = told->used ? amount_add(told->bytes, f->bytes) : f->bytes;
		told->used++;
		return told;
	}
	return NULL;
}

int verdict_suppress(struct verdict *v, const struct ledger *led, struct suppressions *list)
{
	struct finding *suppressed = calloc(v->finding_count + 1, sizeof(*suppressed));
	size_t kept = 0;

	if (!suppressed)
		return -ENOMEM;
	v->suppressions = list;
	v->suppressed = suppressed;
	for (size_t i = 0; i < v->finding_count; i++) {
		struct finding *f = &v->findings[i];

		f->suppressed_by = suppress(list, f, led);
		if (f->suppressed_by)
			suppressed[v->suppressed_count++] = *f;
		else
			v->findings[kept++] = *f;
	}
	v->finding_count = kept;
	v->judgement = judgement_of(v);
	return 0;
}
