/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The live blocks of this process: a table by address, of pieces. A block that realloc() made
 * larger in several steps has a piece for each, so that a buffer that grows with each fork shows
 * births over the whole run, as many blocks would; the newest piece comes first.
 */
#include <string.h>
#include "heap/hook.h"

#define SLOT_BITS_FIRST 10
#define PIECES_FIRST	1024

static uint32_t home(uintptr_t address, uint32_t bits)
{
	return (uint32_t)(((uint64_t)address >> 4) * 0x9E3779B97F4A7C15ULL >> (64 - bits));
}

/* Where the address stands, or the empty slot where it would. */
static uint32_t find(uintptr_t address)
{
	struct heap_state *s = heap_state;
	uint32_t mask = (1u << s->slot_bits) - 1, at = home(address, s->slot_bits);

	while (s->slot[at] && s->piece[s->slot[at]].address != address)
		at = (at + 1) & mask;
	return at;
}

static bool slots_make_room(void)
{
	struct heap_state *s = heap_state;
	uint32_t *old = s->slot, bits = s->slot_bits, had = bits ? 1u << bits : 0;

	if (old && s->slot_used < had / 4 * 3)
		return true;
	bits = bits ? bits + 1 : SLOT_BITS_FIRST;
	if (bits > 30)
		return false;
	s->slot = heap_map(sizeof(*old) << bits);
	if (!s->slot) {
		s->slot = old;
		return false;
	}
	s->slot_bits = bits;
	for (uint32_t i = 0; i < had; i++)
		if (old[i])
			s->slot[find(s->piece[old[i]].address)] = old[i];
	if (old)
		heap_unmap(old, sizeof(*old) * had);
	return true;
}

/* 0: no room. The first one is never used. */
static uint32_t piece_new(void)
{
	struct heap_state *s = heap_state;
	uint32_t i = s->piece_free, room = s->piece_room ? s->piece_room * 2 : PIECES_FIRST;
	struct piece *more;

	if (i) {
		s->piece_free = s->piece[i].older;
		return i;
	}
	if (!s->piece_used || s->piece_used == s->piece_room) {
		more = room < 1u << 30 ? heap_map(room * sizeof(*more)) : NULL;
		if (!more)
			return 0;
		if (s->piece) {
			memcpy(more, s->piece, s->piece_used * sizeof(*more));
			heap_unmap(s->piece, s->piece_room * sizeof(*more));
		} else {
			s->piece_used = 1;
		}
		s->piece = more;
		s->piece_room = room;
	}
	return s->piece_used++;
}

static void piece_drop(uint32_t i)
{
	struct piece *p = &heap_state->piece[i];

	if (p->site)
		site_change(p->site, p->birth, -1, -(int64_t)p->bytes);
	p->address = 0;
	p->older = heap_state->piece_free;
	heap_state->piece_free = i;
}

/* Takes an entry out of the table and closes the gap, so that no search ends at it. */
static void slot_clear(uint32_t at)
{
	struct heap_state *s = heap_state;
	uint32_t mask = (1u << s->slot_bits) - 1, i = at;

	for (;;) {
		uint32_t from;

		i = (i + 1) & mask;
		if (!s->slot[i])
			break;
		from = home(s->piece[s->slot[i]].address, s->slot_bits);
		if (((i - from) & mask) >= ((i - at) & mask)) {
			s->slot[at] = s->slot[i];
			at = i;
		}
	}
	s->slot[at] = 0;
	s->slot_used--;
}

/* @site 0: it was there before anything was noted, and is in no sum. */
static void piece_put(uintptr_t address, size_t bytes, uint32_t site)
{
	struct heap_state *s = heap_state;
	uint32_t at, i = slots_make_room() ? piece_new() : 0;

	if (!i) {
		block_missed();
		return;
	}
	at = find(address);
	s->piece[i] = (struct piece){.address = address,
				     .bytes = bytes,
				     .site = site,
				     .birth = s->forks,
				     .older = s->slot[at]};
	s->slot_used += !s->slot[at];
	s->slot[at] = i;
	if (site)
		site_change(site, s->forks, 1, (int64_t)bytes);
}

void block_missed(void)
{
	heap_state->missed++;
	if (heap_state->record)
		heap_state->record->missed = heap_state->missed;
}

bool block_is_there(uintptr_t address)
{
	return heap_state->slot && heap_state->slot[find(address)];
}

bool block_remove(uintptr_t address)
{
	struct heap_state *s = heap_state;
	uint32_t at, i;

	if (!block_is_there(address))
		return false;
	at = find(address);
	i = s->slot[at];
	slot_clear(at);
	while (i) {
		uint32_t older = s->piece[i].older;

		piece_drop(i);
		i = older;
	}
	return true;
}

void block_add(uintptr_t address, size_t bytes, uint32_t site)
{
	/* It was freed while nothing was noted: by a signal handler that had broken in, say. */
	(void)block_remove(address);
	if (site)
		piece_put(address, bytes, site);
	else
		block_missed();
}

void block_move(uintptr_t from, uintptr_t to)
{
	struct heap_state *s = heap_state;
	uint32_t at, i;

	if (from == to || !block_is_there(from))
		return;
	(void)block_remove(to);
	at = find(from);
	i = s->slot[at];
	slot_clear(at);
	for (uint32_t k = i; k; k = s->piece[k].older)
		s->piece[k].address = to;
	at = find(to);
	s->slot[at] = i;
	s->slot_used++;
}

void block_resize(uintptr_t address, size_t bytes, uint32_t site, size_t before)
{
	struct heap_state *s = heap_state;
	uint32_t at, i;
	size_t had = 0;

	if (!block_is_there(address) && before)
		piece_put(address, before < bytes ? before : bytes, 0);
	if (!block_is_there(address)) {
		block_add(address, bytes, site);
		return;
	}
	at = find(address);
	for (i = s->slot[at]; i; i = s->piece[i].older)
		had += s->piece[i].bytes;
	/* The newest of it goes first. */
	while (had > bytes) {
		struct piece *p = &s->piece[s->slot[at]];
		size_t less = had - bytes;

		if (p->older && p->bytes <= less) {
			had -= p->bytes;
			i = s->slot[at];
			s->slot[at] = p->older;
			piece_drop(i);
		} else {
			less = less < p->bytes ? less : p->bytes;
			if (p->site)
				site_change(p->site, p->birth, 0, -(int64_t)less);
			p->bytes -= less;
			had = bytes;
		}
	}
	if (had == bytes)
		return;
	i = s->slot[at];
	if (!site) {
		block_missed();
	} else if (s->piece[i].birth == s->forks && s->piece[i].site == site) {
		s->piece[i].bytes += bytes - had;
		site_change(site, s->forks, 0, (int64_t)(bytes - had));
	} else {
		piece_put(address, bytes - had, site);
	}
}
