/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tasks go through the operations of the scenario. */
#include "source/model/script.h"

static const call_fn calls[OP_CODES] = {
    [OP_FORK] = call_fork,
    [OP_FORK_END] = call_exit,
    [OP_THREAD] = call_thread,
    [OP_THREAD_END] = call_thread_exit,
    [OP_EXEC] = call_exec,
    [OP_EXIT] = call_exit,
    [OP_WAIT] = call_wait,
    [OP_ALLOC] = call_alloc,
    [OP_FREE] = call_free,
    [OP_PIPE] = call_pipe,
    [OP_OPEN] = call_open,
    [OP_SOCKET] = call_socket,
    [OP_CLOSE] = call_close,
    [OP_SHM] = call_shm,
    [OP_SHM_REMOVE] = call_shm_remove,
    [OP_SETSID] = call_setsid,
    [OP_SIGNAL] = call_signal,
    [OP_SIGWAIT] = call_sigwait,
};

static enum next begin_exit(struct task *t, uint64_t status)
{
	t->fn = call_exit;
	t->call = (struct call){.number = status};
	return NEXT_CALL;
}

/* The newest child; without one it fails. */
static bool kill_child(struct kernel *k, struct task *t)
{
	struct process *child = t->process->child;

	while (child && child->state != PROCESS_RUNS)
		child = child->sibling_next;
	if (!child)
		return false;
	process_kill(k, child);
	return true;
}

enum next program_next(struct kernel *k, struct task *t)
{
	const struct scenario *s = k->scenario;
	const struct op *op = &s->ops[t->pc];

	if (t->process->killed)
		return begin_exit(t, 0);
	switch (op->code) {
	case OP_REPEAT:
		if (!op->forever && !op->number) {
			t->pc = op->jump;
		} else {
			t->loops[t->depth++] = op->number;
			t->pc++;
		}
		return NEXT_SLEEP;
	case OP_AGAIN:
		if (s->ops[op->jump - 1].forever || --t->loops[t->depth - 1]) {
			t->pc = op->jump;
		} else {
			t->depth--;
			t->pc++;
		}
		return NEXT_SLEEP;
	case OP_PAUSE:
		return NEXT_PAUSE;
	case OP_SLEEP:
		t->sleeps = op->number;
		t->pc++;
		return NEXT_SLEEP;
	case OP_KILL:
		if (!kill_child(k, t) && !op->tries)
			return begin_exit(t, 1);
		t->pc++;
		return NEXT_SLEEP;
	case OP_THREAD_END:
		if (!t->thread)
			return begin_exit(t, 0); /* exec made it the first one */
		break;
	default:
		break;
	}
	t->fn = calls[op->code];
	t->call = (struct call){.take = t->pc + 1,
				.name = op->name,
				.number = op->number,
				.own_block = op->own,
				.vfork = op->vfork,
				.all = op->all,
				.comm = op->code == OP_EXEC ? s->names[op->name] : NULL};
	return NEXT_CALL;
}

static bool forked(struct kernel *k, struct task *t, const struct op *op)
{
	struct process *child = t->call.child;

	t->pc = op->jump;
	if (!child)
		return true;
	(void)task_new(k, child, (uint32_t)(op - k->scenario->ops) + 1);
	if (!op->vfork)
		return true;
	child->vfork_waiter = t;
	t->vforked = true;
	return false;
}

bool program_done(struct kernel *k, struct task *t, enum step step)
{
	const struct op *op = &k->scenario->ops[t->pc];
	struct task *thread;

	t->vforked = false;
	if (t->process->state != PROCESS_RUNS)
		return true;
	if (step == STEP_FAILED && !op->tries) {
		(void)begin_exit(t, 1);
		t->call.task = t;
		return true;
	}
	switch (op->code) {
	case OP_FORK:
		return forked(k, t, op);
	case OP_THREAD:
		if (step == STEP_DONE) {
			thread = task_new(k, t->process, t->pc + 1);
			if (thread)
				thread->thread = true;
		}
		t->pc = op->jump;
		return true;
	case OP_THREAD_END:
		t->ending = true;
		return true;
	default:
		t->pc++;
		return true;
	}
}
