/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What one process has kept, as events. The region is as it was left: its owner may have been
 * killed in the middle of a word, and others could have written to it, so every number is checked.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/symbol.h"
#include "source/frames.h"
#include "source/heap/inside.h"

#define BYTES_MAX ((int64_t)1 << 50) /* of all that is told: beyond that it is rubbish */

static const char *const calls[HEAP_CALLS] = {
    [HEAP_MALLOC] = "malloc",
    [HEAP_CALLOC] = "calloc",
    [HEAP_REALLOC] = "realloc",
    [HEAP_MEMALIGN] = "memalign",
    [HEAP_POSIX_MEMALIGN] = "posix_memalign",
    [HEAP_ALIGNED_ALLOC] = "aligned_alloc",
    [HEAP_VALLOC] = "valloc",
    [HEAP_PVALLOC] = "pvalloc",
};

struct seen {
	const struct heap_site *site;
	uint32_t bins; /* in which something is live */
	int64_t bytes;
};

static bool bin_is_sound(const struct heap_site *s, uint32_t i)
{
	return s->count[i] && s->count[i] < UINT32_C(1) << 31 && s->bytes[i] <= (uint64_t)BYTES_MAX;
}

/* False: nothing of it is there, or it cannot be true. */
static bool look(const struct heap_site *site, struct seen *ret)
{
	*ret = (struct seen){.site = site};
	if (!site->depth || site->depth > HEAP_FRAMES || site->call >= HEAP_CALLS ||
	    !site->stride || site->stride & (site->stride - 1))
		return false;
	for (uint32_t i = 0; i < HEAP_BINS; i++) {
		if (!bin_is_sound(site, i))
			continue;
		ret->bins++;
		ret->bytes += (int64_t)site->bytes[i];
		if (ret->bytes > BYTES_MAX)
			return false;
	}
	return ret->bins;
}

/* Those that are spread over the run first: the others are no leak of a fork. */
static int by_spread(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	if (x->bins != y->bins)
		return x->bins < y->bins ? 1 : -1;
	return (x->bytes < y->bytes) - (x->bytes > y->bytes);
}

/* Errors: -ENOMEM. */
static int gather(struct heap_region *region, uint32_t record, struct seen **ret_seen,
		  size_t *ret_count, char **ret_text, size_t *ret_bytes)
{
	struct seen *seen = NULL;
	size_t count = 0, sites = 0, bytes = 0;
	char *text = NULL;

	for (uint32_t i = 1; i < HEAP_CHUNKS; i++) {
		const struct heap_chunk *c = heap_chunk(region, i);

		if (c->owner == record + 1 && c->kind == HEAP_SITES)
			sites += HEAP_SITES_IN_CHUNK;
		else if (c->owner == record + 1 && c->kind == HEAP_MAPS)
			bytes += sizeof(c->u.text);
	}
	seen = calloc(sites + 1, sizeof(*seen));
	text = malloc(bytes + 1);
	if (!seen || !text) {
		free(seen);
		free(text);
		return -ENOMEM;
	}
	*ret_bytes = 0;
	for (uint32_t i = 1; i < HEAP_CHUNKS; i++) {
		const struct heap_chunk *c = heap_chunk(region, i);

		/* What came since we counted finds no room. */
		if (c->owner != record + 1)
			continue;
		if (c->kind == HEAP_MAPS && c->used <= sizeof(c->u.text) &&
		    *ret_bytes + c->used <= bytes) {
			memcpy(text + *ret_bytes, c->u.text, c->used);
			*ret_bytes += c->used;
		}
		for (uint32_t k = 0; c->kind == HEAP_SITES && k < HEAP_SITES_IN_CHUNK; k++)
			if (k < c->used && count < sites)
				count += look(&c->u.site[k], &seen[count]);
	}
	qsort(seen, count, sizeof(*seen), by_spread);
	*ret_seen = seen;
	*ret_count = count;
	*ret_text = text;
	return 0;
}

/* Frames of the hook itself: it stands between main() and its caller. */
static bool is_hook(const struct symbol_maps *maps, uint64_t address)
{
	const struct symbol_mapping *m = maps ? symbol_maps_find(maps, address) : NULL;
	const char *slash = m ? strrchr(m->path, '/') : NULL;

	return slash && !strcmp(slash + 1, HEAP_LIBRARY);
}

static int tell_take(struct blocks *b, const struct holder *h, const struct heap_site *site,
		     const struct symbol_maps *maps, const struct event *at, uint32_t *ret_take)
{
	struct event ev = {.type = EVENT_TAKE, .time_ns = at->time_ns, .text = ""};
	char text[64];
	uint64_t frame[HEAP_FRAMES];
	uint32_t index = 1;
	size_t n = 0;
	int err;

	*ret_take = BLOCKS_TAKES_FROM + b->takes++;
	ev.u.take.take = *ret_take;
	ev.u.take.syscall_nr = -2;
	ev.u.take.first = h->id;
	err = b->emit(b->emit_ctx, &ev);
	if (err)
		return err;
	ev = (struct event){.type = EVENT_FRAME, .time_ns = at->time_ns, .text = text};
	ev.u.frame.take = *ret_take;
	strcpy(text, calls[site->call]);
	strcat(text, "\t\t" HEAP_LIBRARY);
	err = b->emit(b->emit_ctx, &ev);
	for (uint32_t i = 0; i < site->depth && i < HEAP_FRAMES; i++)
		if (!is_hook(maps, site->frame[i]))
			frame[n++] = site->frame[i];
	return err ? err
		   : frames_emit(b->symbolizer, maps, *ret_take, frame, n, false, &index, b->emit,
				 b->emit_ctx);
}

/* Forks that the hook did not count are spread evenly over those that it did. */
static uint32_t clock_of(const struct holder *h, const struct heap_record *r, uint64_t clock)
{
	if (r->forks && r->forks != h->forks)
		clock = clock * h->forks / r->forks;
	return clock < h->forks ? (uint32_t)clock : h->forks;
}

static struct event_object object_of(const struct holder *h, const struct event *at)
{
	return (struct event_object){
	    .pool = POOL_PRIVATE,
	    .tag = BLOCKS_TAG_NUMBER,
	    .hold = HOLD_PROCESS,
	    .flags = OBJECT_OWN_FORKS,
	    .returned_ns = at->type == EVENT_EXIT ? at->time_ns : 0,
	    .holder = h->id,
	    .fd = -1,
	};
}

static int tell_site(struct blocks *b, const struct holder *h, const struct heap_record *r,
		     const struct seen *seen, uint32_t take, const struct event *at)
{
	const struct heap_site *s = seen->site;
	int err = 0;

	for (uint32_t i = 0; !err && i < HEAP_BINS; i++) {
		struct event ev = {.type = EVENT_OBJECT, .time_ns = at->time_ns, .account = h->id};

		if (!bin_is_sound(s, i) || b->told_bytes > BYTES_MAX)
			continue;
		ev.u.object = object_of(h, at);
		ev.u.object.take = take;
		ev.u.object.birth_ordinal = clock_of(h, r, (uint64_t)i * s->stride);
		ev.u.object.count = s->count[i];
		ev.u.object.bytes = (int64_t)s->bytes[i];
		b->told_bytes += (int64_t)s->bytes[i];
		err = b->emit(b->emit_ctx, &ev);
	}
	return err;
}

/* It was looked at, and nothing is there. */
static int tell_none(struct blocks *b, const struct holder *h, const struct event *at)
{
	struct event ev = {.type = EVENT_OBJECT, .time_ns = at->time_ns, .account = h->id};

	ev.u.object = object_of(h, at);
	return b->emit(b->emit_ctx, &ev);
}

static int tell_tag(struct blocks *b, const struct event *at)
{
	struct event ev = {.type = EVENT_TAG, .time_ns = at->time_ns, .text = BLOCKS_TAG};

	if (b->tag_told)
		return 0;
	b->tag_told = true;
	ev.u.tag = (struct event_tag){
	    .tag = BLOCKS_TAG_NUMBER, .pool = POOL_PRIVATE, .object_bytes = EVENT_UNKNOWN_BYTES};
	return b->emit(b->emit_ctx, &ev);
}

static int tell_flaws(struct blocks *b, const struct holder *h, const struct heap_record *r,
		      const struct event *at)
{
	int err = 0;

	if (r->flags & HEAP_OTHER_MALLOC)
		err = blocks_blind(b, at,
				   "Blocks of %.*s (pid %u) were not seen by --heap: it has an "
				   "allocator of its own linked in.",
				   EVENT_COMM_BYTES, h->comm, h->id.tgid);
	if (!err && r->forks < h->forks - h->forks / 10)
		err = blocks_blind(b, at,
				   "%.*s (pid %u) made %u of its %u forks without libc: when its "
				   "blocks were taken is known less well.",
				   EVENT_COMM_BYTES, h->comm, h->id.tgid, h->forks - r->forks,
				   h->forks);
	return err;
}

int sites_tell(struct blocks *b, const struct holder *h, uint32_t record, const struct event *at)
{
	const struct heap_record *r = &b->preload.region->record[record];
	_cleanup_free_ struct seen *seen = NULL;
	_cleanup_free_ char *text = NULL;
	struct symbol_maps *maps = NULL;
	size_t count = 0, bytes = 0;
	int err = tell_flaws(b, h, r, at);

	b->missed += r->missed;
	if (!err)
		err = gather(b->preload.region, record, &seen, &count, &text, &bytes);
	if (!err && symbol_maps_parse(text, bytes, &maps))
		maps = NULL; /* a torn line: addresses without names */
	if (!err)
		err = tell_tag(b, at);
	if (!err && !count)
		err = tell_none(b, h, at);
	for (size_t i = 0; !err && i < count; i++) {
		uint32_t take = 0;

		if (i < BLOCKS_SITES_MAX)
			err = tell_take(b, h, seen[i].site, maps, at, &take);
		if (!err)
			err = tell_site(b, h, r, &seen[i], take, at);
	}
	symbol_maps_free(maps);
	return err;
}

void sites_release(struct heap_region *region, uint32_t record)
{
	for (uint32_t i = 1; i < HEAP_CHUNKS; i++) {
		struct heap_chunk *c = heap_chunk(region, i);

		if (c->owner != record + 1)
			continue;
		memset(&c->kind, 0, sizeof(*c) - sizeof(c->owner));
		__atomic_store_n(&c->owner, 0, __ATOMIC_RELEASE);
	}
	memset(&region->record[record].pid, 0,
	       sizeof(struct heap_record) - sizeof(region->record[record].state));
	__atomic_store_n(&region->record[record].state, HEAP_FREE, __ATOMIC_RELEASE);
}
