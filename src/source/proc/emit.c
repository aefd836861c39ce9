/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "source/proc/proc.h"

#define NOTE_BYTES 512

uint64_t proc_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

int emit_event(struct proc_source *src, struct event *ev)
{
	if (src->silent && ev->type >= EVENT_FORK && ev->type <= EVENT_GAUGE)
		return 0;
	if (!ev->time_ns)
		ev->time_ns = proc_now_ns();
	return src->options.emit(src->options.emit_ctx, ev);
}

int emit_plain(struct proc_source *src, enum event_type type, const struct account *a)
{
	struct event ev = {.type = type, .account = a->id};

	return emit_event(src, &ev);
}

int emit_blind(struct proc_source *src, const char *format, ...)
{
	char text[NOTE_BYTES];
	struct event ev = {.type = EVENT_BLIND, .text = text};
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args); /* a cut note is still a note */
	va_end(args);
	return emit_event(src, &ev);
}

int emit_loss(struct proc_source *src, enum loss kind, uint64_t count, const char *what)
{
	struct event ev = {
	    .type = EVENT_LOSS, .u.loss = {.kind = kind, .count = count}, .text = what};

	return emit_event(src, &ev);
}

int emit_session(struct proc_source *src)
{
	struct event ev = {
	    .type = EVENT_SESSION,
	    .u.session = {.source = SOURCE_PROC,
			  .cpu_count = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN),
			  .page_bytes = (uint32_t)sysconf(_SC_PAGESIZE),
			  .version = EVENT_VERSION},
	    .text = src->options.command_line,
	};

	return emit_event(src, &ev);
}

const char *proc_tag_name(unsigned int tag)
{
	switch (tag) {
	case PROC_TAG_PAGE_TABLE:
		return "page table";
	case PROC_TAG_PRIVATE:
		return "private";
	default:
		return cost_name((enum cost)tag);
	}
}

static uint32_t tag_pool(unsigned int tag)
{
	return tag == PROC_TAG_PRIVATE ? POOL_PRIVATE : POOL_KERNEL;
}

int emit_tag(struct proc_source *src, unsigned int tag, uint32_t *ret_number)
{
	struct event ev = {.type = EVENT_TAG};
	int err;

	assert(tag < PROC_TAGS);
	*ret_number = tag + 1; /* 0 means "all tags" */
	if (src->tag_sent[tag])
		return 0;
	ev.u.tag.tag = tag + 1;
	ev.u.tag.pool = tag_pool(tag);
	ev.u.tag.flags = tag < COSTS ? TAG_ESTIMATE : 0;
	ev.u.tag.object_bytes = tag < COSTS ? src->cost.bytes[tag] : EVENT_UNKNOWN_BYTES;
	/* Shared memory is charged where its pages are; the segment itself is kernel memory. */
	if (tag == COST_IPC_SHM)
		ev.u.tag.pool = POOL_SHARED;
	ev.text = proc_tag_name(tag);
	err = emit_event(src, &ev);
	if (!err)
		src->tag_sent[tag] = true;
	return err;
}

static int emit_amount(struct proc_source *src, enum event_type type, const struct account *a,
		       enum cost kind)
{
	struct event ev = {
	    .type = type,
	    .account = a->id,
	    .u.amount = {.pool = POOL_KERNEL,
			 .count = 1,
			 .bytes = src->cost.bytes[kind],
			 .peak_bytes = EVENT_UNKNOWN_BYTES},
	};
	int err = 0;

	if (a->before)
		return 0;
	err = emit_tag(src, kind, &ev.u.amount.tag);
	return err ? err : emit_event(src, &ev);
}

int emit_charge(struct proc_source *src, const struct account *a, enum cost kind)
{
	return emit_amount(src, EVENT_CHARGE, a, kind);
}

int emit_return(struct proc_source *src, const struct account *a, enum cost kind)
{
	return emit_amount(src, EVENT_RETURN, a, kind);
}

int emit_gauge(struct proc_source *src, struct account *a, unsigned int tag, int64_t count,
	       int64_t bytes)
{
	struct event ev = {
	    .type = EVENT_GAUGE,
	    .account = a->id,
	    .u.gauge = {.pool = tag_pool(tag), .ordinal = src->forks, .count = count},
	};
	uint64_t bit = 1ULL << (tag % 64);
	uint64_t *word;
	int err;

	if (!a->held) {
		a->held = calloc(PROC_TAGS / 64 + 1, sizeof(*a->held));
		if (!a->held)
			return -ENOMEM;
	}
	word = &a->held[tag / 64];
	if (tag < COSTS && bytes == EVENT_UNKNOWN_BYTES) {
		ev.u.gauge.flags |= OBJECT_ESTIMATE;
		if (__builtin_mul_overflow(count, src->cost.bytes[tag], &bytes))
			bytes = EVENT_UNKNOWN_BYTES;
	}
	if (src->adopting)
		ev.u.gauge.flags |= GAUGE_BEFORE;
	/* A kind that it never held needs no line. */
	if (!count && !bytes && !(*word & bit))
		return 0;
	if (count || bytes)
		*word |= bit;
	else
		*word &= ~bit;
	ev.u.gauge.bytes = bytes;
	err = emit_tag(src, tag, &ev.u.gauge.tag);
	return err ? err : emit_event(src, &ev);
}
