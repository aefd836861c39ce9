/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The call stacks under which blocks were taken. To unwind costs microseconds, so it is done once
 * for each stack: its memo says where on the stack each return address stood. When the same
 * function calls again from the same depth of the same thread, and all of these words are what
 * they were, the stack is the same. From the inside outwards each word that is the same makes the
 * place of the next one certain, so nothing is read that is not part of the stack.
 */
#include <string.h>
#include "heap/hook.h"

#define SITE_SLOTS (2 * HEAP_CHUNKS * HEAP_SITES_IN_CHUNK)

static __thread uint32_t thread_number __attribute__((tls_model("initial-exec")));
static uint32_t threads;

/* The first of the few that it may be. */
static struct stack_memo *memo_at(uintptr_t caller, uintptr_t frame_address, uint32_t call)
{
	uint64_t h = caller * 0x9E3779B97F4A7C15ULL ^ frame_address;

	h = (h ^ (uint64_t)thread_number << 32 ^ call) * 0xC2B2AE3D27D4EB4FULL;
	return &heap_state->memo[(h >> 40) % (STACK_MEMOS / MEMO_WAYS) * MEMO_WAYS];
}

static bool memo_holds(const struct stack_memo *m, uintptr_t caller, uintptr_t frame_address,
		       uint32_t call)
{
	const struct heap_site *site;

	if (!m->site || m->caller != caller || m->frame_address != frame_address ||
	    m->thread != thread_number || m->call != call)
		return false;
	site = share_site(m->site);
	for (uint32_t i = 0; i < m->depth; i++) {
		const uint64_t *word = (const uint64_t *)(frame_address + m->place[i]);

		if (*word != site->frame[i])
			return false;
	}
	return true;
}

static void memo_set(struct stack_memo *m, const struct stack *stack, uintptr_t caller,
		     uintptr_t frame_address, uint32_t call, uint32_t site)
{
	if (!stack->can_repeat || !site)
		return;
	for (uint32_t i = 0; i < stack->depth; i++) {
		uint64_t place = stack->place[i] - frame_address;

		if (place > UINT32_MAX)
			return; /* it goes on on another stack */
		m->place[i] = (uint32_t)place;
	}
	m->caller = caller;
	m->frame_address = frame_address;
	m->thread = thread_number;
	m->depth = stack->depth;
	m->call = call;
	m->site = site;
}

static uint32_t site_of(enum heap_call call, const struct stack *stack)
{
	struct heap_state *s = heap_state;
	struct heap_site *site;
	uint64_t h = call + 1;
	uint32_t at;

	for (uint32_t i = 0; i < stack->depth; i++)
		h = (h ^ stack->frame[i]) * 0x9E3779B97F4A7C15ULL, h ^= h >> 32;
	for (at = h % SITE_SLOTS; s->site_slot[at]; at = (at + 1) % SITE_SLOTS) {
		site = share_site(s->site_slot[at]);
		if (site->call == call && site->depth == stack->depth &&
		    !memcmp(site->frame, stack->frame, stack->depth * sizeof(stack->frame[0])))
			return s->site_slot[at];
	}
	if (s->site_count >= SITE_SLOTS / 2)
		return 0;
	s->site_slot[at] = share_site_new();
	if (!s->site_slot[at])
		return 0;
	s->site_count++;
	site = share_site(s->site_slot[at]);
	site->call = call;
	site->stride = 1;
	memcpy(site->frame, stack->frame, stack->depth * sizeof(stack->frame[0]));
	__atomic_store_n(&site->depth, stack->depth, __ATOMIC_RELEASE);
	share_maps(stack->frame, stack->depth);
	return s->site_slot[at];
}

uint32_t site_here(enum heap_call call, uintptr_t caller, uintptr_t frame_address)
{
	struct heap_state *s = heap_state;
	struct stack_memo *m;
	struct stack stack;
	uint32_t site, way;

	if (!thread_number)
		thread_number = __atomic_add_fetch(&threads, 1, __ATOMIC_RELAXED);
	if (!s->memo)
		s->memo = heap_map(sizeof(*s->memo) * STACK_MEMOS);
	if (!s->site_slot)
		s->site_slot = heap_map(sizeof(*s->site_slot) * SITE_SLOTS);
	if (!s->memo || !s->site_slot)
		return 0;
	m = memo_at(caller, frame_address, call);
	for (way = 0; way < MEMO_WAYS; way++)
		if (memo_holds(&m[way], caller, frame_address, call))
			return m[way].site;
	/* The unwinder may wait for a lock of the dynamic linker, whose owner may want ours. */
	heap_unlock();
	stack_take(caller, &stack);
	heap_lock();
	if (!heap_can_note())
		return 0;
	site = site_of(call, &stack);
	memo_set(&m[s->memo_next++ % MEMO_WAYS], &stack, caller, frame_address, call, site);
	return site;
}

void site_change(uint32_t number, uint32_t birth, int count, int64_t bytes)
{
	struct heap_site *site = share_site(number);
	uint32_t bin;

	while (birth / site->stride >= HEAP_BINS) {
		for (uint32_t i = 0; i < HEAP_BINS; i++) {
			uint32_t n = site->count[i];
			uint64_t b = site->bytes[i];

			site->count[i] = 0;
			site->bytes[i] = 0;
			site->count[i / 2] += n;
			site->bytes[i / 2] += b;
		}
		site->stride *= 2;
	}
	bin = birth / site->stride;
	site->count[bin] += (uint32_t)count;
	site->bytes[bin] += (uint64_t)bytes;
}
