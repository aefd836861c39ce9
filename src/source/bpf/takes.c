// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * takes.c - where objects were taken: the maps of the process are read when the take is new and
 * the process lives, and its stack is unwound; names are looked up only for takes that a report
 * needs.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/symbol.h"
#include "base/syscall_name.h"
#include "base/unwind.h"
#include "source/bpf/collect.h"
#include "source/frames.h"

#define MAPS_MAX 1024

struct take_maps {
	size_t count;
	struct {
		struct account_id id;
		struct symbol_maps *maps;
	} of[MAPS_MAX];
};

static uint16_t maps_find(const struct take_maps *m, const struct account_id *id)
{
	/* The newest first: an exec gives a process new maps. */
	for (size_t i = m->count; i--;) {
		if (m->of[i].id.tgid == id->tgid && m->of[i].id.start_ns == id->start_ns)
			return (uint16_t)(i + 1);
	}
	return 0;
}

/*
 * By frame pointers, for stacks that could not be unwound. A libc wrapper makes no frame of its
 * own, so that walk misses its caller: that address is at the top of the stack.
 */
static size_t pointed_frames(const struct take_slot *slot, const struct symbol_maps *maps,
			     uint64_t *ret)
{
	size_t n = 0, have = slot->user_bytes > 0 ? (size_t)slot->user_bytes / 8 : 0;

	for (size_t i = 0; i < have && slot->user[i]; i++) {
		ret[n++] = slot->user[i];
		if (!i && maps && symbol_maps_find(maps, slot->user_top) &&
		    (have < 2 || slot->user[1] != slot->user_top))
			ret[n++] = slot->user_top;
	}
	return n;
}

static size_t length(const uint64_t *addrs)
{
	size_t n = 0;

	while (addrs && addrs[n])
		n++;
	return n;
}

/* An incomplete stack is kept only if frame pointers do not lead further. */
static void unwind_take(struct collector *c, uint32_t at, const struct take_copy *copy)
{
	const struct symbol_maps *maps = c->maps->of[c->maps_of[at] - 1].maps;
	uint64_t pointed[TAKE_USER_FRAMES + 1], addrs[UNWIND_FRAMES_MAX];
	struct unwind_registers regs = {.pc = copy->pc, .known = copy->known};
	struct unwind_stack stack = {.address = copy->stack,
				     .data = copy->data,
				     .bytes = copy->bytes <= TAKE_STACK_BYTES ? copy->bytes : 0};
	bool complete;
	int n;

	static_assert(TAKE_REGISTERS == UNWIND_REGISTERS, "both count as DWARF does");
	memcpy(regs.value, copy->reg, sizeof(regs.value));
	n = unwind_user(c->symbolizer, maps, &regs, &stack, UNWIND_FRAMES_MAX, addrs, &complete);
	if (n < 0 || (!complete && (size_t)n < pointed_frames(&c->t->takes[at], maps, pointed)))
		return;
	free(c->unwound[at]);
	c->unwound[at] = calloc((size_t)n + 1, sizeof(*addrs));
	if (c->unwound[at])
		memcpy(c->unwound[at], addrs, (size_t)n * sizeof(*addrs));
}

/* The innermost frames are our own program's and what calls it: they say nothing. */
static size_t own_frames(struct collector *c, const struct take_slot *slot)
{
	size_t n = (size_t)slot->kernel_bytes / 8, own = 0;
	struct symbol s;

	for (size_t i = 0; i < n && i < 4; i++) {
		if (symbolizer_kernel(c->symbolizer, slot->kernel[i], i > 0, &s) == 1 &&
		    (!strncmp(s.function, "bpf_prog_", 9) ||
		     !strncmp(s.function, "bpf_trace_run", 13)))
			own = i + 1;
	}
	return own;
}

/* Do the maps hold the take's innermost frame? If not, the process has run exec since. */
static bool maps_fit(const struct take_maps *m, uint16_t at, const struct take_slot *take)
{
	return at && take->user_bytes > 0 && symbol_maps_find(m->of[at - 1].maps, take->user[0]);
}

void collector_take_seen(struct collector *c, uint32_t take, const struct account_id *id,
			 const struct take_copy *copy)
{
	const struct take_slot *slot = &c->t->takes[(take - 1) & (TABLE_TAKES - 1)];
	struct symbol_maps *maps;
	uint16_t at;

	if (!take || slot->user_bytes <= 0)
		return;
	if (!c->maps)
		c->maps = calloc(1, sizeof(*c->maps));
	if (!c->maps)
		return;
	at = maps_find(c->maps, id);
	if (!maps_fit(c->maps, at, slot)) {
		at = 0;
		if (c->maps->count < MAPS_MAX && !symbol_maps_read_pid((pid_t)id->tgid, &maps)) {
			at = (uint16_t)++c->maps->count;
			c->maps->of[at - 1].id = *id;
			c->maps->of[at - 1].maps = maps;
		}
	}
	/* A process that is gone already: its maker's maps are the same unless it ran exec. */
	for (uint32_t s = 0, hops = 0; !maps_fit(c->maps, at, slot) && hops < 16; hops++) {
		int64_t found = hops ? (int64_t)s : collector_slot(c, id->tgid);
		const struct account_slot *a;

		if (found < 0)
			break;
		s = c->t->accounts[found].parent & (TABLE_ACCOUNTS - 1);
		a = &c->t->accounts[s];
		at = maps_find(c->maps,
			       &(struct account_id){.start_ns = a->start_ns, .tgid = a->tgid});
		if (!s)
			break;
	}
	if (!maps_fit(c->maps, at, slot))
		return;
	c->maps_of[(take - 1) & (TABLE_TAKES - 1)] = at;
	if (copy)
		unwind_take(c, (take - 1) & (TABLE_TAKES - 1), copy);
}

void collector_take(struct collector *c, uint32_t take)
{
	uint32_t at = (take - 1) & (TABLE_TAKES - 1), index = 0;
	const struct take_slot *slot = &c->t->takes[at];
	const struct account_slot *a = &c->t->accounts[slot->account & (TABLE_ACCOUNTS - 1)];
	struct event ev = {.type = EVENT_TAKE};
	uint64_t pointed[TAKE_USER_FRAMES + 1];
	const uint64_t *user = c->unwound[at];
	const struct symbol_maps *maps;
	size_t n;
	int err;

	if (c->take_told[at] || c->err)
		return;
	c->take_told[at] = true;
	ev.u.take.take = take;
	ev.u.take.syscall_nr = slot->syscall_nr;
	ev.u.take.first.start_ns = slot->start_ns;
	ev.u.take.first.tgid = a->start_ns == slot->start_ns ? a->tgid : 0;
	ev.text = syscall_name(slot->syscall_nr);
	collector_emit(c, &ev);
	if (c->err)
		return;
	maps = c->maps_of[at] ? c->maps->of[c->maps_of[at] - 1].maps : NULL;
	err = 0;
	if (slot->kernel_bytes > 0) {
		size_t own = own_frames(c, slot);

		err = frames_emit(c->symbolizer, NULL, take, (const uint64_t *)slot->kernel + own,
				  (size_t)slot->kernel_bytes / 8 - own, true, &index, c->emit,
				  c->emit_ctx);
	}
	n = length(user);
	if (!user) {
		n = pointed_frames(slot, maps, pointed);
		user = pointed;
	}
	if (!err && n)
		err = frames_emit(c->symbolizer, maps, take, user, n, false, &index, c->emit,
				  c->emit_ctx);
	if (err && !c->err)
		c->err = err;
}

void collector_takes_close(struct collector *c)
{
	for (size_t i = 0; c->maps && i < c->maps->count; i++)
		symbol_maps_free(c->maps->of[i].maps);
	free(c->maps);
	c->maps = NULL;
	for (size_t i = 0; i < TABLE_TAKES; i++) {
		free(c->unwound[i]);
		c->unwound[i] = NULL;
	}
}
