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

/* A thread that has a seat. Changed under the registry's lock, so that fork(2) copies it whole. */
struct thread {
	struct seat *seats;
	size_t count, room;
	struct thread *prev, *next; /* in the registry */
};

static _Thread_local struct thread *self;

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct tree *registry;
static struct thread *threads;
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

/* With the locks of the registry and of its tree held. */
static void lane_unlink(struct ft_lane *lane)
{
	drain_lane(lane);
	if (lane->prev)
		lane->prev->next = lane->next;
	else
		lane->tree->lanes = lane->next;
	if (lane->next)
		lane->next->prev = lane->prev;
}

/* With the registry's lock held. */
static void lane_free(struct ft_lane *lane)
{
	if (lane && lane->tree) {
		pthread_mutex_lock(&lane->tree->lock);
		lane_unlink(lane);
		pthread_mutex_unlock(&lane->tree->lock);
	}
	free(lane);
}

/* With the registry's lock held. */
static void thread_free(struct thread *thread)
{
	if (thread->prev)
		thread->prev->next = thread->next;
	else
		threads = thread->next;
	if (thread->next)
		thread->next->prev = thread->prev;
	free(thread->seats);
	free(thread);
}

static void thread_ended(void *unused)
{
	if (!self)
		return;
	pthread_mutex_lock(&registry_lock);
	for (size_t i = 0; i < self->count; i++)
		lane_free(self->seats[i].own);
	thread_free(self);
	pthread_mutex_unlock(&registry_lock);
	self = NULL;
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

/* The child has one thread. What the others kept in reserve is collected. */
static void fork_child(void)
{
	struct thread *next;

	for (struct thread *t = threads; t; t = next) {
		next = t->next;
		if (t == self)
			continue;
		for (size_t i = 0; i < t->count; i++) {
			struct ft_lane *own = t->seats[i].own;

			if (own && own->tree)
				lane_unlink(own);
			free(own);
		}
		thread_free(t);
	}
	fork_done();
}

static void begin(void)
{
	thread_key_made = pthread_key_create(&thread_key, thread_ended) == 0 &&
			  pthread_atfork(fork_prepare, fork_done, fork_child) == 0;
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

static bool thread_begin(void)
{
	self = calloc(1, sizeof(*self));
	if (!self || pthread_setspecific(thread_key, self)) {
		free(self);
		self = NULL;
		return false;
	}
	self->next = threads;
	if (threads)
		threads->prev = self;
	threads = self;
	return true;
}

/* With the registry's lock held. Seats in trees that are gone are used again. */
static struct seat *seat_new(uint64_t tree_id)
{
	struct seat *more;

	if (!self && !thread_begin())
		return NULL;
	for (size_t i = 0; i < self->count; i++) {
		const struct tree *t = registry;

		while (t && t->id != self->seats[i].tree_id)
			t = t->next;
		if (t)
			continue;
		free(self->seats[i].own);
		self->seats[i--] = self->seats[--self->count];
	}
	if (self->count == self->room) {
		more = realloc(self->seats, (self->room + 8) * sizeof(*more));
		if (!more)
			return NULL;
		self->seats = more;
		self->room += 8;
	}
	self->seats[self->count] = (struct seat){.tree_id = tree_id};
	return &self->seats[self->count++];
}

/* The calling thread's seat in a tree. */
static struct seat *seat_get(uint64_t tree_id)
{
	struct seat *seat;

	for (size_t i = 0; self && i < self->count; i++)
		if (self->seats[i].tree_id == tree_id)
			return &self->seats[i];
	pthread_mutex_lock(&registry_lock);
	seat = seat_new(tree_id);
	pthread_mutex_unlock(&registry_lock);
	return seat;
}

static struct ft_lane *seat_lane(struct seat *seat, struct tree *tree)
{
	struct ft_lane *lane;

	if (seat->used)
		return seat->used;
	if (seat->own)
		return seat->own;
	lane = lane_alloc();
	if (!lane)
		return NULL;
	pthread_mutex_lock(&registry_lock);
	pthread_mutex_lock(&tree->lock);
	lane_link(tree, lane);
	pthread_mutex_unlock(&tree->lock);
	seat->own = lane;
	pthread_mutex_unlock(&registry_lock);
	return lane;
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
	for (size_t i = 0; self && i < self->count; i++)
		if (self->seats[i].used == lane)
			self->seats[i].used = NULL;
	if (here.lane == lane)
		here = (struct here){0};
}

void ft_lane_free(struct ft_lane *lane)
{
	if (!lane)
		return;
	ft_lane_leave(lane);
	pthread_mutex_lock(&registry_lock);
	lane_free(lane);
	pthread_mutex_unlock(&registry_lock);
}
