/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * lane.c - which lane a thread has in which tree. A thread's own lane belongs to the thread: a tree
 * that goes only marks it. The registry knows all trees; its lock comes before the lock of any
 * tree.
 */
#include <stdlib.h>
#include <string.h>
#include "quota/tree.h"

_Thread_local struct here here;

/* A thread's place in one tree. */
struct seat {
	uint64_t tree_id;
	struct ft_lane *own;  /* NULL: not yet */
	struct ft_lane *used; /* NULL: its own */
};

static _Thread_local struct seat *seats;
static _Thread_local size_t seat_count, seat_room;

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct tree *registry;
static uint64_t tree_ids;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_key;
static bool thread_key_made;

static void lane_link(struct tree *tree, struct ft_lane *lane)
{
	lane->tree = tree;
	lane->tree_id = tree->id;
	lane->next = tree->lanes;
	if (lane->next)
		lane->next->prev = lane;
	tree->lanes = lane;
}

/* With the registry's lock held. */
static void lane_unlink(struct ft_lane *lane)
{
	struct tree *tree = lane->tree;

	if (!tree)
		return;
	pthread_mutex_lock(&tree->lock);
	drain_lane(lane);
	if (lane->prev)
		lane->prev->next = lane->next;
	else
		tree->lanes = lane->next;
	if (lane->next)
		lane->next->prev = lane->prev;
	pthread_mutex_unlock(&tree->lock);
	lane->tree = NULL;
}

static void thread_ended(void *arg)
{
	pthread_mutex_lock(&registry_lock);
	for (size_t i = 0; i < seat_count; i++) {
		if (!seats[i].own)
			continue;
		lane_unlink(seats[i].own);
		free(seats[i].own);
	}
	pthread_mutex_unlock(&registry_lock);
	free(seats);
	seats = NULL;
	seat_count = seat_room = 0;
	here = (struct here){0};
}

/* The thread that ends the program, or unloads the library. */
static __attribute__((destructor)) void ended(void)
{
	thread_ended(NULL);
}

/* fork(2) takes its copy while nobody is in the middle of anything; a fast path is one instruction.
 */
static void fork_prepare(void)
{
	pthread_mutex_lock(&registry_lock);
	for (struct tree *t = registry; t; t = t->next)
		pthread_mutex_lock(&t->lock);
}

static void fork_done(void)
{
	for (struct tree *t = registry; t; t = t->next)
		pthread_mutex_unlock(&t->lock);
	pthread_mutex_unlock(&registry_lock);
}

static void begin(void)
{
	thread_key_made = pthread_key_create(&thread_key, thread_ended) == 0 &&
			  pthread_atfork(fork_prepare, fork_done, fork_done) == 0;
}

enum ft_status tree_register(struct tree *tree)
{
	pthread_once(&once, begin);
	if (!thread_key_made)
		return FT_NO_MEMORY;
	pthread_mutex_lock(&registry_lock);
	tree->id = ++tree_ids;
	tree->next = registry;
	if (registry)
		registry->prev = tree;
	registry = tree;
	pthread_mutex_unlock(&registry_lock);
	return FT_OK;
}

void tree_unregister(struct tree *tree)
{
	pthread_mutex_lock(&registry_lock);
	for (struct ft_lane *l = tree->lanes; l; l = l->next)
		l->tree = NULL;
	if (tree->prev)
		tree->prev->next = tree->next;
	else
		registry = tree->next;
	if (tree->next)
		tree->next->prev = tree->prev;
	pthread_mutex_unlock(&registry_lock);
}

static struct ft_lane *lane_alloc(void)
{
	struct ft_lane *lane = aligned_alloc(_Alignof(struct ft_lane), sizeof(*lane));

	if (lane)
		memset(lane, 0, sizeof(*lane));
	return lane;
}

/* Seats in trees that are gone are used again. */
static struct seat *seat_new(uint64_t tree_id)
{
	struct seat *more;

	pthread_mutex_lock(&registry_lock);
	for (size_t i = 0; i < seat_count; i++) {
		const struct tree *t = registry;

		while (t && t->id != seats[i].tree_id)
			t = t->next;
		if (t)
			continue;
		free(seats[i].own);
		seats[i--] = seats[--seat_count];
	}
	pthread_mutex_unlock(&registry_lock);
	if (seat_count == seat_room) {
		more = realloc(seats, (seat_room + 8) * sizeof(*seats));
		if (!more)
			return NULL;
		seats = more;
		seat_room += 8;
	}
	if (pthread_setspecific(thread_key, &here))
		return NULL;
	seats[seat_count] = (struct seat){.tree_id = tree_id};
	return &seats[seat_count++];
}

static struct seat *seat_get(uint64_t tree_id)
{
	for (size_t i = 0; i < seat_count; i++)
		if (seats[i].tree_id == tree_id)
			return &seats[i];
	return seat_new(tree_id);
}

static struct ft_lane *seat_lane(struct seat *seat, struct tree *tree)
{
	if (seat->used)
		return seat->used;
	if (!seat->own) {
		seat->own = lane_alloc();
		if (!seat->own)
			return NULL;
		pthread_mutex_lock(&tree->lock);
		lane_link(tree, seat->own);
		pthread_mutex_unlock(&tree->lock);
	}
	return seat->own;
}

struct ft_lane *lane_here(struct node *node)
{
	struct seat *seat;
	struct ft_lane *lane;

	if (here.tree_id == node->tree_id)
		return here.lane;
	seat = seat_get(node->tree_id);
	lane = seat ? seat_lane(seat, node->tree) : NULL;
	if (lane)
		here = (struct here){node->tree_id, lane};
	return lane;
}

enum ft_status ft_lane_new(struct ft_block *block, struct ft_lane **ret_lane)
{
	struct tree *tree = block->node.tree;
	struct ft_lane *lane = lane_alloc();

	if (!lane)
		return FT_NO_MEMORY;
	pthread_mutex_lock(&tree->lock);
	lane_link(tree, lane);
	pthread_mutex_unlock(&tree->lock);
	*ret_lane = lane;
	return FT_OK;
}

enum ft_status ft_lane_use(struct ft_lane *lane)
{
	struct seat *seat = seat_get(lane->tree_id);

	if (!seat)
		return FT_NO_MEMORY;
	seat->used = lane;
	here = (struct here){lane->tree_id, lane};
	return FT_OK;
}

void ft_lane_leave(struct ft_lane *lane)
{
	for (size_t i = 0; i < seat_count; i++)
		if (seats[i].used == lane)
			seats[i].used = NULL;
	if (here.lane == lane)
		here = (struct here){0};
}

void ft_lane_free(struct ft_lane *lane)
{
	if (!lane)
		return;
	ft_lane_leave(lane);
	pthread_mutex_lock(&registry_lock);
	lane_unlink(lane);
	pthread_mutex_unlock(&registry_lock);
	free(lane);
}
