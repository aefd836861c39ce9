/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "source/proc/account.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define SLOT_REMOVED (-1)

/* The slot of pid, or the first one where it could be put. room is never full. */
static size_t pid_table_slot(const struct pid_table *t, pid_t pid)
{
	size_t i = ((uint32_t)pid * 2654435769u) & (t->room - 1), free_slot = SIZE_MAX;

	for (; t->slot[i].pid; i = (i + 1) & (t->room - 1)) {
		if (t->slot[i].pid == pid)
			return i;
		if (t->slot[i].pid == SLOT_REMOVED && free_slot == SIZE_MAX)
			free_slot = i;
	}
	return free_slot == SIZE_MAX ? i : free_slot;
}

static int pid_table_grow(struct pid_table *t)
{
	struct pid_table grown = {.room = 64};

	while (grown.room < t->used * 4)
		grown.room *= 2;
	grown.slot = calloc(grown.room, sizeof(*grown.slot));
	if (!grown.slot)
		return -ENOMEM;
	for (size_t i = 0; i < t->room; i++)
		if (t->slot[i].pid > 0)
			grown.slot[pid_table_slot(&grown, t->slot[i].pid)] = t->slot[i];
	grown.used = t->used;
	free(t->slot);
	*t = grown;
	return 0;
}

int pid_table_set(struct pid_table *t, pid_t pid, void *value)
{
	size_t i;

	assert(pid > 0 && value);
	if ((t->used + t->dead + 1) * 2 > t->room) {
		int err = pid_table_grow(t);

		if (err)
			return err;
	}
	i = pid_table_slot(t, pid);
	if (t->slot[i].pid != pid) {
		if (t->slot[i].pid == SLOT_REMOVED)
			t->dead--;
		t->used++;
	}
	t->slot[i] = (struct pid_slot){.pid = pid, .value = value};
	return 0;
}

void *pid_table_get(const struct pid_table *t, pid_t pid)
{
	size_t i;

	if (!t->room || pid <= 0)
		return NULL;
	i = pid_table_slot(t, pid);
	return t->slot[i].pid == pid ? t->slot[i].value : NULL;
}

void *pid_table_take(struct pid_table *t, pid_t pid)
{
	void *value;
	size_t i;

	if (!t->room || pid <= 0)
		return NULL;
	i = pid_table_slot(t, pid);
	if (t->slot[i].pid != pid)
		return NULL;
	value = t->slot[i].value;
	t->slot[i] = (struct pid_slot){.pid = SLOT_REMOVED};
	t->used--;
	t->dead++;
	return value;
}

void *pid_table_next(const struct pid_table *t, size_t *place)
{
	while (*place < t->room) {
		const struct pid_slot *slot = &t->slot[(*place)++];

		if (slot->pid > 0)
			return slot->value;
	}
	return NULL;
}

void pid_table_done(struct pid_table *t)
{
	free(t->slot);
	*t = (struct pid_table){0};
}

bool stride_due(struct stride *s, uint32_t nth, bool busy)
{
	if (!s->step)
		s->step = 1;
	if (s->taken >= STRIDE_SAMPLES || (busy && s->taken >= STRIDE_SAMPLES / 8)) {
		if (s->step < 1u << 30)
			s->step *= 2;
		s->taken = 0;
	}
	if (nth % s->step)
		return false;
	s->taken++;
	return true;
}

struct account *account_new(struct account_id id)
{
	struct account *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->id = id;
	a->threads_live = a->threads_peak = 1;
	return a;
}

void account_free(struct account *a)
{
	if (!a)
		return;
	free(a->held);
	free(a);
}

void account_add_zombie(struct account *parent, struct account *child)
{
	assert(!child->zombie_of);
	child->zombie_of = parent;
	child->zombie_next = parent->zombies;
	child->zombie_link = &parent->zombies;
	if (child->zombie_next)
		child->zombie_next->zombie_link = &child->zombie_next;
	parent->zombies = child;
	parent->zombie_count++;
}

void account_unlist(struct account *child)
{
	if (!child->zombie_of)
		return;
	*child->zombie_link = child->zombie_next;
	if (child->zombie_next)
		child->zombie_next->zombie_link = child->zombie_link;
	child->zombie_of->zombie_count--;
	child->zombie_of = NULL;
}
