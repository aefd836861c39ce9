/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "source/watch/watched.h"

#include <string.h>
#include <unistd.h>

#define RISES_MIN  8 /* looks at which it rose */
#define THINGS_MIN 5
#define PAGES_MIN  64

const char *watched_tag(unsigned tag)
{
	switch (tag) {
	case WATCHED_PRIVATE:
		return "private";
	case KIND_TASK: /* with all that a thread has */
		return "threads";
	case KIND_PAGE_TABLE:
		return "page table";
	case KIND_VMA_TREE:
		return "maple_node";
	case KIND_STACK:
	case KIND_SIGNAL:
	case KIND_PID:
	case KIND_CRED:
	case KIND_FS:
	case KIND_MM:	    /* one each */
	case KIND_FD_TABLE: /* as large as what is in it once was */
	case KIND_SHM_FILE: /* files have a name and an owner of their own */
		return NULL;
	default:
		return kind_get((enum census_kind)tag)->name;
	}
}

enum pool watched_pool(unsigned tag)
{
	return tag == WATCHED_PRIVATE ? POOL_PRIVATE : kind_get((enum census_kind)tag)->pool;
}

static bool is_of_thread(unsigned kind)
{
	return kind == KIND_STACK || kind == KIND_SIGNAL || kind == KIND_PID || kind == KIND_CRED ||
	       kind == KIND_FS;
}

void watched_read(struct watched *w, const struct census_process *p)
{
	memcpy(w->prev, w->now, sizeof(w->prev));
	w->flags = p->flags;
	w->ppid = p->ppid;
	w->kernel_bytes = p->kernel.known == KNOWN_NOT ? EVENT_UNKNOWN_BYTES : p->kernel.bytes;
	memcpy(w->comm, p->comm, sizeof(w->comm));
	for (unsigned k = 0; p->part && k < CENSUS_KINDS; k++)
		w->now[k] =
		    (struct watched_level){.count = p->part[k].count, .bytes = p->part[k].bytes};
	for (unsigned k = 0; p->part && k < CENSUS_KINDS; k++)
		w->now[KIND_TASK].bytes += is_of_thread(k) ? p->part[k].bytes : 0;
	w->now[KIND_TASK].count = p->threads;
	w->now[KIND_PAGE_TABLE].count = -1;
	w->now[WATCHED_PRIVATE] = (struct watched_level){
	    .count = -1,
	    .bytes = p->private.known == KNOWN_NOT ? EVENT_UNKNOWN_BYTES : p->private.bytes};
}

static int64_t height(const struct watched_level *l)
{
	return l->count >= 0 ? l->count : l->bytes;
}

void watched_rebase(struct watched *w)
{
	memcpy(w->base, w->now, sizeof(w->base));
	memcpy(w->prev, w->now, sizeof(w->prev));
	memset(w->moved, 0, sizeof(w->moved));
	memset(w->rises, 0, sizeof(w->rises));
	for (unsigned tag = 0; tag < WATCHED_TAGS; tag++)
		w->most[tag] = height(&w->now[tag]);
}

void watched_rise(struct watched *w)
{
	for (unsigned tag = 0; tag < WATCHED_TAGS; tag++) {
		const struct watched_level *now = &w->now[tag];

		w->moved[tag] |=
		    now->count != w->base[tag].count || now->bytes != w->base[tag].bytes;
		if (height(now) <= w->most[tag])
			continue;
		w->most[tag] = height(now);
		w->rises[tag] += w->rises[tag] < UINT16_MAX;
	}
}

bool watched_grew(const struct watched *w, unsigned tag)
{
	const struct watched_level *now = &w->now[tag], *base = &w->base[tag];

	if (!watched_tag(tag) || height(now) < w->most[tag] || w->rises[tag] < RISES_MIN)
		return false;
	return now->count >= 0
		   ? now->count - base->count >= THINGS_MIN
		   : now->bytes - base->bytes >= PAGES_MIN * (int64_t)sysconf(_SC_PAGESIZE);
}
