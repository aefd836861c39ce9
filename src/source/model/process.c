/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Process objects and quota blocks: made, begun, waited for, deleted. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "source/model/kernel.h"

struct block *block_new(struct kernel *k, struct account_id booked, uint32_t take, int *ret_pool)
{
	struct block *b = kernel_alloc(k, sizeof(*b));

	if (!b)
		return NULL;
	if (ft_block_new(k->family.ft, &b->ft) != FT_OK) {
		kernel_fail(k, -ENOMEM);
		free(b);
		return NULL;
	}
	witness(k, WITNESS_BLOCK, b->ft, k->family.ft, NULL, FT_OK);
	b->charge =
	    charge_new(k, KIND_BLOCK, NULL, NULL, &k->family, booked, take, false, ret_pool);
	if (!b->charge) {
		(void)ft_block_put(b->ft);
		free(b);
		return NULL;
	}
	b->next = k->blocks;
	if (b->next)
		b->next->prev = b;
	k->blocks = b;
	return b;
}

static void block_free(struct kernel *k, struct block *b)
{
	*(b->prev ? &b->prev->next : &k->blocks) = b->next;
	if (b->next)
		b->next->prev = b->prev;
	if (b->charge)
		charge_drop(k, b->charge);
	(void)ft_block_put(b->ft); /* what is stranded in it is the family's from now on */
	free(b);
}

static void block_check(struct kernel *k, struct block *b)
{
	if (b == &k->family || b == &k->system || b->processes)
		return;
	if (!b->objects) {
		block_free(k, b);
		return;
	}
	if (!has_defect(k, DEFECT_BLOCK_EARLY) || b->freed)
		return;
	b->freed = true;
	charge_drop(k, b->charge);
	b->charge = NULL;
}

void block_put_process(struct kernel *k, struct block *b)
{
	b->processes--;
	block_check(k, b);
}

void block_put_object(struct kernel *k, struct block *b)
{
	b->objects--;
	block_check(k, b);
}

static uint32_t pid_take(struct kernel *k)
{
	if (k->pid_used >= PIDS - 2)
		return 0;
	while (k->by_pid[k->next_pid])
		k->next_pid = k->next_pid + 1 < PIDS ? k->next_pid + 1 : 2;
	return k->next_pid;
}

static void pid_give(struct kernel *k, uint32_t pid)
{
	k->by_pid[pid] = NULL;
	k->pid_used--;
	if (k->next_pid == pid)
		k->next_pid = pid + 1 < PIDS ? pid + 1 : 2; /* not at once again */
}

/* NULL: no process number is free, or kernel_fail. */
struct process *process_new(struct kernel *k, struct process *parent, struct block *block)
{
	struct process *p;
	uint32_t pid = pid_take(k);
	enum ft_status status;

	if (!pid)
		return NULL;
	p = kernel_alloc(k, sizeof(*p));
	if (!p)
		return NULL;
	status = parent && parent->block == block ? ft_account_fork(parent->account, &p->account)
						  : ft_account_new(block->ft, &p->account);
	if (status != FT_OK) {
		kernel_fail(k, -ENOMEM);
		free(p);
		return NULL;
	}
	p->id = (struct account_id){.tgid = pid, .start_ns = k->now_ns};
	witness(k, WITNESS_ACCOUNT, p->account, block->ft, NULL, FT_OK);
	k->by_pid[pid] = p;
	k->pid_used++;
	p->block = block;
	block->processes++;
	p->parent = parent;
	p->forked = parent != NULL;
	p->prev = k->processes_last;
	*(p->prev ? &p->prev->next : &k->processes) = p;
	k->processes_last = p;
	return p;
}

static void process_close(struct kernel *k, struct process *p)
{
	enum ft_status status = ft_account_close(p->account, NULL);

	witness(k, WITNESS_CLOSE, p->account, NULL, NULL, status);
	k->result.accounts_left += status == FT_LEAK;
	p->account = NULL;
}

static void process_free(struct kernel *k, struct process *p)
{
	*(p->prev ? &p->prev->next : &k->processes) = p->next;
	*(p->next ? &p->next->prev : &k->processes_last) = p->prev;
	pid_give(k, p->id.tgid);
	free(p->threads);
	free(p->descriptors);
	free(p->signals);
	free(p);
}

void process_abandon(struct kernel *k, struct process *p)
{
	struct block *b = p->block;

	charge_forget_payer(p);
	process_close(k, p);
	process_free(k, p);
	block_put_process(k, b);
}

static void child_link(struct process *p, struct process *parent)
{
	p->parent = parent;
	p->sibling_prev = NULL;
	p->sibling_next = parent->child;
	if (parent->child)
		parent->child->sibling_prev = p;
	parent->child = p;
}

static void child_unlink(struct process *p)
{
	*(p->sibling_prev ? &p->sibling_prev->sibling_next : &p->parent->child) = p->sibling_next;
	if (p->sibling_next)
		p->sibling_next->sibling_prev = p->sibling_prev;
}

void process_private(struct process *p, uint64_t bytes)
{
	p->private_bytes = bytes;
	if (bytes > p->private_peak)
		p->private_peak = bytes;
}

static void born(struct charge *c, uint32_t ordinal)
{
	if (c)
		c->birth = ordinal;
}

static void tell_new(struct kernel *k, struct process *p)
{
	struct charge *all[] = {p->process, p->thread, p->space, p->handles, p->block->charge};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (all[i] && !all[i]->told) {
			born(all[i], p->birth);
			charge_tell(k, all[i]);
		}
	}
}

/* Everything that it needs is there: from now on it is seen. */
void process_begin(struct kernel *k, struct process *p, const struct call *c)
{
	struct process *parent = p->parent;
	struct event ev = {
	    .u.fork = {.parent = parent->id,
		       .parent_private_bytes = (int64_t)parent->private_bytes,
		       .inherited_bytes = c->vfork ? 0 : (int64_t)parent->private_bytes,
		       .flags = c->vfork ? FORK_SHARES_MM : 0,
		       .ordinal = ++k->ordinal,
		       .take = c->take}};

	p->birth = k->ordinal;
	p->shares_space = c->vfork;
	p->threads_peak = 1;
	memcpy(p->comm, parent->comm, sizeof(p->comm));
	memcpy(ev.u.fork.comm, p->comm, sizeof(p->comm));
	process_private(p, c->vfork ? 0 : parent->private_bytes);
	p->session = parent->session;
	if (p->session)
		p->session->refs++;
	child_link(p, parent);
	parent->forks++;
	k->alive++;
	k->result.forks++;
	emit_take(k, c->take, p->id);
	emit(k, EVENT_FORK, p->id, &ev);
	tell_new(k, p);
}

/* The first one is there when the session begins. */
void process_first(struct kernel *k, const char *comm)
{
	struct process *p = process_new(k, NULL, &k->family);
	struct event ev = {.type = 0}, exec;
	int pool = -1;

	if (!p)
		return;
	k->first = p;
	p->threads_peak = 1;
	strncpy(p->comm, comm, sizeof(p->comm) - 1);
	p->process = charge_new(k, KIND_PROCESS, NULL, p, NULL, p->id, 0, false, &pool);
	p->thread = charge_new(k, KIND_THREAD, NULL, p, NULL, p->id, 0, false, &pool);
	p->space = charge_new(k, KIND_SPACE, NULL, p, NULL, p->id, 0, false, &pool);
	p->handles = charge_new(k, KIND_HANDLES, NULL, p, NULL, p->id, 0, false, &pool);
	p->memory = charge_new(k, KIND_MEMORY, NULL, p, NULL, p->id, 0, false, &pool);
	if (!p->process || !p->thread || !p->space || !p->handles || !p->memory) {
		kernel_fail(k, -ERANGE); /* the limits leave no room for one process */
		return;
	}
	for (int i = 0; i < MODEL_POOLS; i++)
		k->told_peak[i] = k->shadow_peak[i];
	child_link(p, &k->init_process);
	k->alive++;
	memcpy(ev.u.fork.comm, p->comm, sizeof(p->comm));
	emit(k, EVENT_FORK, p->id, &ev);
	exec = (struct event){.text = comm};
	memcpy(exec.u.exec.comm, p->comm, sizeof(p->comm));
	emit(k, EVENT_EXEC, p->id, &exec);
	tell_new(k, p);
	charge_tell(k, p->memory);
}

struct process *process_zombie_child(const struct process *p)
{
	struct process *child = p->child;

	while (child && child->state != PROCESS_ZOMBIE)
		child = child->sibling_next;
	return child;
}

static void hand_over(struct kernel *k, struct charge *c, struct process *from, struct process *to)
{
	if (!c || c->payer != from)
		return;
	if (has_defect(k, DEFECT_PARENT_FIRST))
		charge_forget(c);
	else
		charge_move(k, c, to);
}

/* Its children are init's from now on, and pay for themselves. */
void process_reparent(struct kernel *k, struct process *p)
{
	while (p->child) {
		struct process *c = p->child;

		hand_over(k, c->process, p, c);
		hand_over(k, c->thread, p, c);
		hand_over(k, c->space, p, c);
		hand_over(k, c->handles, p, c);
		c->vfork_waiter = NULL;
		child_unlink(c);
		child_link(c, &k->init_process);
		if (c->state == PROCESS_ZOMBIE)
			process_reap(k, c);
	}
}

/* Its status was collected: the process object is deleted, with its account. */
void process_reap(struct kernel *k, struct process *p)
{
	struct event ev = {.type = 0};
	struct block *b = p->block;

	emit(k, EVENT_REAP, p->id, &ev);
	charge_drop(k, p->process);
	charge_forget_payer(p);
	if (is_first(k, p)) {
		k->result.status = p->status;
		k->first = NULL;
	}
	process_close(k, p);
	child_unlink(p);
	process_free(k, p);
	block_put_process(k, b);
}

void processes_free(struct kernel *k)
{
	while (k->processes) {
		struct process *p = k->processes;

		charge_forget_payer(p);
		objects_release(p);
		if (p->account)
			(void)ft_account_close(p->account, NULL);
		process_free(k, p);
	}
}
