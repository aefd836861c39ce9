/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * System calls, step by step. Between two steps of one call other processors do theirs; a step is
 * atomic. What a call takes is charged before it is used, and a call that fails gives all back.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "source/model/kernel.h"

#define IMAGE_BYTES 65536 /* private memory of a new image */

enum step call_whole(struct kernel *k, struct process *p, call_fn fn, struct call *c)
{
	enum step step;

	do {
		step = fn(k, p, c);
		k->result.steps++;
	} while (step == STEP_AGAIN && !k->error);
	return step;
}

/* ---- fork -------------------------------------------------------------------------------------
 */

static void fork_undo(struct kernel *k, struct process *p, struct charge **c)
{
	if (!*c)
		return;
	(*c)->booked = p->id; /* the child that it was for never was */
	if (has_defect(k, DEFECT_FAILED_FORK))
		charge_lose(k, *c);
	else
		charge_drop(k, *c);
	*c = NULL;
}

static enum step fork_fails(struct kernel *k, struct process *p, struct call *c)
{
	struct process *child = c->child;

	emit_take(k, c->take, p->id);
	if (child) {
		fork_undo(k, p, &child->handles);
		fork_undo(k, p, &child->space);
		fork_undo(k, p, &child->thread);
		fork_undo(k, p, &child->process);
		if (child->block->charge)
			child->block->charge->booked = p->id;
		process_abandon(k, child);
		c->child = NULL;
	}
	k->result.failed_forks++;
	if (k->result.failed_pool < 0) {
		k->result.failed_pool = c->failed_pool;
		k->result.forks_at_failure = k->ordinal;
	}
	return STEP_FAILED;
}

static bool fork_charge(struct kernel *k, struct process *p, struct call *c, enum kind kind,
			const uint64_t *bytes, struct charge **ret)
{
	*ret = charge_new(k, kind, bytes, p, NULL, c->child->id, c->take, false, &c->failed_pool);
	return *ret;
}

static bool fork_begin(struct kernel *k, struct process *p, struct call *c)
{
	struct account_id nobody = {0};
	struct block *block = p->block;

	if (c->own_block) {
		block = block_new(k, nobody, c->take, &c->failed_pool);
		if (!block)
			return false;
	}
	c->child = process_new(k, p, block);
	if (!c->child) {
		if (c->own_block) {
			block->charge->booked = p->id;
			block->processes++;
			block_put_process(k, block);
		}
		return false;
	}
	if (c->own_block)
		block->charge->booked = c->child->id;
	return true;
}

enum step call_fork(struct kernel *k, struct process *p, struct call *c)
{
	uint64_t space[MODEL_POOLS];
	struct process *child = c->child;
	bool ok = true;

	switch (c->phase++) {
	case 0:
		c->failed_pool = -1;
		ok = fork_begin(k, p, c);
		break;
	case 1:
		ok = fork_charge(k, p, c, KIND_PROCESS, NULL, &child->process);
		break;
	case 2:
		ok = fork_charge(k, p, c, KIND_THREAD, NULL, &child->thread);
		break;
	case 3:
		if (c->vfork)
			break;
		memcpy(space, kind_info[KIND_SPACE].bytes, sizeof(space));
		space[FT_PRIVATE] += p->private_bytes; /* every page might be written to */
		ok = fork_charge(k, p, c, KIND_SPACE, space, &child->space);
		break;
	case 4:
		ok = fork_charge(k, p, c, KIND_HANDLES, NULL, &child->handles);
		break;
	case 5:
		ok = descriptors_copy(k, p, child);
		break;
	default:
		process_begin(k, child, c);
		if (is_first(k, p))
			kernel_sample(k);
		return STEP_DONE;
	}
	return ok ? STEP_AGAIN : fork_fails(k, p, c);
}

/* ---- exec -------------------------------------------------------------------------------------
 */

static void vfork_over(struct kernel *k, struct process *p)
{
	struct task *waiter = p->vfork_waiter;

	p->shares_space = false;
	p->vfork_waiter = NULL;
	if (waiter)
		task_wake(k, waiter);
}

static void exec_old(struct kernel *k, struct process *p)
{
	if (has_defect(k, DEFECT_EXEC) && p->space && p->space->payer != p)
		charge_lose(k, p->space);
	else
		charge_drop(k, p->space);
	charge_drop(k, p->memory);
	p->space = p->memory = NULL;
}

enum step call_exec(struct kernel *k, struct process *p, struct call *c)
{
	uint64_t image[MODEL_POOLS] = {[FT_PRIVATE] = c->number ? c->number : IMAGE_BYTES};
	struct event ev = {.u.exec = {.dropped_bytes = (int64_t)p->private_bytes}, .text = c->comm};
	struct charge *space;

	if (p->state != PROCESS_RUNS)
		return STEP_FAILED; /* another thread ends it */
	if (!tasks_end(k, p, c->task))
		return STEP_AGAIN;
	space = charge_new(k, KIND_SPACE, NULL, p, NULL, p->id, c->take, true, &c->failed_pool);
	if (!space)
		return STEP_FAILED;
	emit_take(k, c->take, p->id);
	strncpy(p->comm, c->comm, sizeof(p->comm) - 1);
	memcpy(ev.u.exec.comm, p->comm, sizeof(p->comm));
	emit(k, EVENT_EXEC, p->id, &ev);
	exec_old(k, p);
	while (p->thread_count)
		charge_drop(k, p->threads[--p->thread_count]);
	p->space = space;
	if (c->task)
		c->task->thread = false;
	process_private(p, 0);
	vfork_over(k, p);
	p->memory =
	    charge_new(k, KIND_MEMORY, image, p, NULL, p->id, c->take, true, &c->failed_pool);
	if (!p->memory) {
		p->killed = true; /* the old image is gone, there is no way back */
		return STEP_DONE;
	}
	process_private(p, image[FT_PRIVATE]);
	return STEP_DONE;
}

/* ---- exit -------------------------------------------------------------------------------------
 */

static void exit_event(struct kernel *k, struct process *p)
{
	struct event ev = {.u.exit = {.private_bytes = (int64_t)p->private_bytes,
				      .private_peak_bytes = (int64_t)p->private_peak,
				      .commit_bytes = (int64_t)p->private_bytes,
				      .page_table_bytes = EVENT_UNKNOWN_BYTES,
				      .kernel_live_bytes = EVENT_UNKNOWN_BYTES,
				      .status = p->status,
				      .parent_tgid = p->parent->id.tgid,
				      .threads_peak = p->threads_peak,
				      .ordinal = k->ordinal}};

	memcpy(ev.u.exit.comm, p->comm, sizeof(p->comm));
	k->exits++;
	emit(k, EVENT_EXIT, p->id, &ev);
	objects_tell_held(k, p);
}

/* What the process had of its own goes back, one way or the other. */
static void exit_return(struct kernel *k, struct process *p, bool overwritten)
{
	struct charge *all[] = {p->thread, p->space, p->memory, p->handles};
	bool lost = overwritten || (has_defect(k, DEFECT_Q252193) && p->forked) || p->thread_exited;

	for (uint32_t i = 0; i < p->thread_count; i++)
		(lost ? charge_lose : charge_drop)(k, p->threads[i]);
	p->thread_count = 0;
	for (int i = 0; i < 3; i++)
		(lost ? charge_lose : charge_drop)(k, all[i]);
	if (lost)
		charge_lose(k, p->handles);
	else if (has_defect(k, DEFECT_TWICE) && p->forked)
		charge_drop_twice(k, p->handles);
	else if (has_defect(k, DEFECT_WRONG_BLOCK) && p->forked)
		charge_drop_elsewhere(k, p->handles);
	else
		charge_drop(k, p->handles);
	p->thread = p->space = p->memory = p->handles = NULL;
}

static void exit_over(struct kernel *k, struct process *p)
{
	p->state = PROCESS_ZOMBIE;
	k->alive--;
	process_reparent(k, p);
	(void)tasks_end(k, p, NULL); /* the last one is marked, its processor lets it go */
	if (p->parent == &k->init_process)
		process_reap(k, p);
	else
		tasks_wake_waiting(k, p->parent);
}

enum step call_exit(struct kernel *k, struct process *p, struct call *c)
{
	switch (c->phase++) {
	case 0:
		if (p->state != PROCESS_RUNS)
			return STEP_DONE; /* another thread ends it, and this one */
		p->state = PROCESS_EXITING;
		p->status = p->killed ? 9 : (int32_t)(c->number & 255) << 8;
		return STEP_AGAIN;
	case 1:
		if (!tasks_end(k, p, c->task)) {
			c->phase = 1;
			return STEP_AGAIN;
		}
		if (is_first(k, p))
			kernel_sample(k);
		exit_event(k, p);
		return STEP_AGAIN;
	case 2:
		descriptors_close(k, p);
		signals_drop(k, p);
		session_leave(k, p);
		return STEP_AGAIN;
	case 3:
		c->exit_seen = k->exit_turn;
		return STEP_AGAIN;
	case 4:
		exit_return(k, p, has_defect(k, DEFECT_EXIT_RACE) && c->exit_seen != k->exit_turn);
		k->exit_turn++;
		vfork_over(k, p);
		return STEP_AGAIN;
	default:
		exit_over(k, p);
		return STEP_DONE;
	}
}

/* ---- wait -------------------------------------------------------------------------------------
 */

enum step call_wait(struct kernel *k, struct process *p, struct call *c)
{
	struct process *zombie = process_zombie_child(p);

	if (zombie) {
		process_reap(k, zombie);
		return c->all ? STEP_AGAIN : STEP_DONE;
	}
	if (!p->child)
		return c->all ? STEP_DONE : STEP_FAILED;
	return STEP_WAITS;
}

/* ---- threads and memory -----------------------------------------------------------------------
 */

enum step call_thread(struct kernel *k, struct process *p, struct call *c)
{
	struct event ev = {.type = 0};
	struct charge **threads, *t;

	threads = reallocarray(p->threads, p->thread_count + 1, sizeof(*threads));
	if (!threads) {
		kernel_fail(k, -ENOMEM);
		return STEP_FAILED;
	}
	p->threads = threads;
	emit_take(k, c->take, p->id);
	t = charge_new(k, KIND_THREAD, NULL, p, NULL, p->id, c->take, true, &c->failed_pool);
	if (!t)
		return STEP_FAILED;
	threads[p->thread_count++] = t;
	if (p->thread_count + 1 > p->threads_peak)
		p->threads_peak = p->thread_count + 1;
	emit(k, EVENT_THREAD, p->id, &ev);
	return STEP_DONE;
}

enum step call_thread_exit(struct kernel *k, struct process *p, struct call *c)
{
	if (!p->thread_count)
		return STEP_DONE;
	charge_drop(k, p->threads[--p->thread_count]);
	if (has_defect(k, DEFECT_THREAD_EXIT) && !p->thread_exited) {
		charge_drop(k, p->handles);
		p->handles = NULL;
		p->thread_exited = true;
	}
	return STEP_DONE;
}

enum step call_alloc(struct kernel *k, struct process *p, struct call *c)
{
	uint64_t bytes[MODEL_POOLS] = {[FT_PRIVATE] = c->number};

	emit_take(k, c->take, p->id);
	if (p->memory && !charge_grow(k, p->memory, c->number))
		return STEP_FAILED;
	if (!p->memory)
		p->memory = charge_new(k, KIND_MEMORY, bytes, p, NULL, p->id, c->take, true,
				       &c->failed_pool);
	if (!p->memory)
		return STEP_FAILED;
	process_private(p, p->private_bytes + c->number);
	return STEP_DONE;
}

enum step call_free(struct kernel *k, struct process *p, struct call *c)
{
	if (!p->memory || p->memory->bytes[FT_PRIVATE] < c->number)
		return STEP_FAILED; /* not its own */
	charge_shrink(k, p->memory, c->number);
	process_private(p, p->private_bytes - c->number);
	return STEP_DONE;
}
