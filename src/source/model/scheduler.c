/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Processors, tasks, and whose step is next. The dice choose a processor for each step; what the
 * others have begun stays as it is meanwhile. A task leaves its processor between two calls only,
 * so on one processor calls are never interleaved: that is the single-processor kernel.
 */
#include <stdlib.h>
#include <string.h>
#include "source/model/kernel.h"

#define PREEMPT_SIDES 4 /* after one call in so many another task gets the processor */

struct task *task_new(struct kernel *k, struct process *p, uint32_t pc)
{
	struct task *t = kernel_alloc(k, sizeof(*t));

	if (!t)
		return NULL;
	t->process = p;
	t->pc = pc;
	t->next = p->task;
	if (t->next)
		t->next->prev = t;
	p->task = t;
	task_wake(k, t);
	return t;
}

void task_wake(struct kernel *k, struct task *t)
{
	if (!t || t->ready || t->on_cpu ||
	    !kernel_grow(k, &k->ready, k->ready_count, &k->ready_room, sizeof(struct task *)))
		return;
	t->ready = true;
	k->ready[k->ready_count++] = t;
}

void tasks_wake_waiting(struct kernel *k, struct process *p)
{
	for (struct task *t = p->task; t; t = t->next) {
		if (t->fn == call_wait)
			task_wake(k, t);
	}
}

void process_kill(struct kernel *k, struct process *p)
{
	p->killed = true;
	for (struct task *t = p->task; t; t = t->next)
		task_wake(k, t);
}

static void task_unlink(struct task *t)
{
	struct process *p = t->process;

	if (!p)
		return;
	for (struct process *c = t->vforked ? p->child : NULL; c; c = c->sibling_next) {
		if (c->vfork_waiter == t)
			c->vfork_waiter = NULL;
	}
	*(t->prev ? &t->prev->next : &p->task) = t->next;
	if (t->next)
		t->next->prev = t->prev;
	t->process = NULL;
}

static void task_unready(struct kernel *k, const struct task *t)
{
	for (uint32_t i = 0; t->ready && i < k->ready_count; i++) {
		if (k->ready[i] == t) {
			k->ready[i] = k->ready[--k->ready_count];
			return;
		}
	}
}

bool tasks_end(struct kernel *k, struct process *p, const struct task *but)
{
	struct task *t, *next;
	bool all = true;

	for (t = p->task; t; t = next) {
		next = t->next;
		if (t == but)
			continue;
		if (t->on_cpu) {
			t->ending = true;
			all = false;
			continue;
		}
		task_unready(k, t);
		task_unlink(t);
		free(t);
	}
	if (!but && !all) { /* the process goes: its last task has no process any more */
		while (p->task)
			task_unlink(p->task);
	}
	return all;
}

void tasks_free(struct kernel *k)
{
	for (struct process *p = k->processes; p; p = p->next) {
		while (p->task) {
			struct task *t = p->task;

			task_unlink(t);
			if (!t->on_cpu)
				free(t);
		}
	}
	for (unsigned i = 0; i < k->opts.cpus; i++)
		free(k->cpu[i].task);
	free(k->ready);
}

/* ---- one step ---------------------------------------------------------------------------------
 */

static void cpu_put(struct kernel *k, struct cpu *cpu, bool free_it)
{
	struct task *t = cpu->task;

	cpu->task = NULL;
	k->running--;
	t->on_cpu = false;
	if (!free_it)
		return;
	task_unlink(t);
	free(t);
}

static void cpu_get(struct kernel *k, struct cpu *cpu)
{
	uint32_t i = (uint32_t)dice(k, k->ready_count);
	struct task *t = k->ready[i];

	k->ready[i] = k->ready[--k->ready_count];
	t->ready = false;
	t->on_cpu = true;
	cpu->task = t;
	k->running++;
}

static void cpu_yield(struct kernel *k, struct cpu *cpu)
{
	struct task *t = cpu->task;

	cpu_put(k, cpu, false);
	task_wake(k, t);
}

/* Between two calls: what next? false: the task left the processor. */
static bool cpu_begin(struct kernel *k, struct cpu *cpu)
{
	struct task *t = cpu->task;

	if (t->ending || !t->process) {
		cpu_put(k, cpu, true);
		return false;
	}
	if (t->sleeps) {
		t->sleeps--;
		cpu_yield(k, cpu);
		return false;
	}
	switch (program_next(k, t)) {
	case NEXT_CALL:
		t->call.task = t;
		k->result.calls++;
		return true;
	case NEXT_PAUSE:
		cpu_put(k, cpu, false);
		return false;
	case NEXT_SLEEP:
		cpu_yield(k, cpu);
		return false;
	case NEXT_OVER:
		break;
	}
	cpu_put(k, cpu, true);
	return false;
}

static void cpu_step(struct kernel *k, struct cpu *cpu)
{
	struct task *t = cpu->task;
	enum step step;
	bool goes_on;

	k->result.steps++;
	k->now_ns += 500 + dice(k, 1000);
	/* Killed while it waited: the call is over, it begins to exit. */
	if (t->fn && t->process && t->process->killed && t->fn == call_wait)
		t->fn = NULL;
	if (!t->fn && !cpu_begin(k, cpu))
		return;
	if (ft_lane_use(cpu->lane) != FT_OK) {
		kernel_fail(k, -1);
		return;
	}
	step = t->fn(k, t->process, &t->call);
	if (step == STEP_AGAIN)
		return;
	if (step == STEP_WAITS) {
		if (!t->ending)
			cpu_put(k, cpu, false);
		else
			t->fn = NULL;
		return;
	}
	t->fn = NULL;
	goes_on = !t->process || program_done(k, t, step);
	if (t->ending || !t->process)
		cpu_put(k, cpu, true);
	else if (!goes_on)
		cpu_put(k, cpu, false);
	else if (k->ready_count && !dice(k, PREEMPT_SIDES))
		cpu_yield(k, cpu);
}

/* The dice choose among the processors that have work, or could get some. */
static struct cpu *cpu_choose(struct kernel *k)
{
	uint32_t busy = k->running, idle = k->opts.cpus - busy, n;

	if (!k->ready_count)
		idle = 0;
	else if (idle > k->ready_count)
		idle = k->ready_count;
	if (!busy && !idle)
		return NULL;
	n = (uint32_t)dice(k, busy + idle);
	for (unsigned i = 0; i < k->opts.cpus; i++) {
		struct cpu *cpu = &k->cpu[i];

		if (n < busy ? cpu->task && !n-- : !cpu->task && n-- == busy)
			return cpu;
	}
	return NULL;
}

/* Nothing can go on, or for too long: the first process is killed, as if by a timeout. */
static bool stop_first(struct kernel *k)
{
	if (!k->first || k->result.stopped || k->first->state != PROCESS_RUNS)
		return false;
	k->result.stopped = true;
	process_kill(k, k->first);
	return true;
}

/* Where the run was cut short, what was begun is finished: half a fork is no process. */
static void finish_calls(struct kernel *k)
{
	for (int round = 0; round < 1000 && !k->error; round++) {
		for (unsigned i = 0; i < k->opts.cpus; i++) {
			if (k->cpu[i].task && k->cpu[i].task->fn)
				cpu_step(k, &k->cpu[i]);
		}
	}
}

void scheduler_run(struct kernel *k)
{
	uint64_t max = k->opts.steps_max ? k->opts.steps_max : MODEL_STEPS_MAX;

	while (!k->error) {
		struct cpu *cpu;

		if (k->result.steps >= max) {
			if (k->result.steps >= max + 100000 || (!k->first && k->result.stopped))
				break;
			(void)stop_first(k);
		}
		cpu = cpu_choose(k);
		if (!cpu) {
			if (!stop_first(k))
				break;
			continue;
		}
		if (!cpu->task)
			cpu_get(k, cpu);
		cpu_step(k, cpu);
		if (k->opts.step)
			k->opts.step(k->opts.test_ctx, k);
	}
	finish_calls(k);
	for (unsigned i = 0; i < k->opts.cpus; i++)
		ft_lane_leave(k->cpu[i].lane);
}
