// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * lose.c - a kernel with a known loss, for tests in a virtual machine only.
 *
 * For each child that a process named @comm forks, the kernel takes one thing more, charged to that
 * process, and gives it back when the child exits. That is sound. With @every = N the return is
 * forgotten for each N-th child, and with it the only way to the thing: the shape of the bug in
 * Windows NT 4.0 that KB Q252193 tells of. All can be changed while it is loaded.
 */
#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/tracepoint.h>

static char comm[TASK_COMM_LEN];
module_param_string(comm, comm, sizeof(comm), 0644);
MODULE_PARM_DESC(comm, "whose children: the name of the process, empty: nobody's");

static char what[16] = "object";
module_param_string(what, what, sizeof(what), 0644);
MODULE_PARM_DESC(what, "object: of a cache of its own; kmalloc; pid, cred, mm: a reference on the "
		       "child's");

static unsigned int every;
module_param(every, uint, 0644);
MODULE_PARM_DESC(every, "forget the return for each N-th child; 0: for none");

static bool late;
module_param(late, bool, 0644);
MODULE_PARM_DESC(late, "give objects back by RCU");

static unsigned long taken, lost;
module_param(taken, ulong, 0444);
module_param(lost, ulong, 0444);

#define OBJECT_BYTES 1000

/* What a child has more; the object itself, where that is an object. */
struct extra {
	struct hlist_node node;
	struct rcu_head rcu;
	struct task_struct *child; /* for comparing only */
	char kind;
	struct pid *pid;
	const struct cred *cred;
	struct mm_struct *mm;
};

static struct kmem_cache *lose_object;
static DEFINE_HASHTABLE(extras, 10);
static DEFINE_SPINLOCK(lock);

/* A cache with a constructor is never merged with another. */
static void construct(void *object)
{
	memset(object, 0, OBJECT_BYTES);
}

static noinline struct extra *lose_take(struct task_struct *child)
{
	struct extra *e;
	char kind = what[0];

	/* Tracepoints run with preemption off. */
	if (kind == 'o')
		e = kmem_cache_alloc(lose_object, GFP_ATOMIC);
	else if (kind == 'k')
		e = kmalloc(OBJECT_BYTES, GFP_ATOMIC | __GFP_ACCOUNT);
	else
		e = kmalloc(sizeof(*e), GFP_ATOMIC);
	if (!e)
		return NULL;
	e->child = child;
	e->kind = kind;
	e->pid = kind == 'p' ? get_pid(task_pid(child)) : NULL;
	e->cred = kind == 'c' ? get_cred(child->cred) : NULL;
	e->mm = kind == 'm' ? child->mm : NULL;
	if (e->mm)
		mmgrab(e->mm);
	return e;
}

static void release(struct rcu_head *rcu)
{
	struct extra *e = container_of(rcu, struct extra, rcu);

	if (e->kind == 'o')
		kmem_cache_free(lose_object, e);
	else
		kfree(e);
}

static void lose_give(struct extra *e)
{
	if (e->pid)
		put_pid(e->pid);
	if (e->cred)
		put_cred(e->cred);
	if (e->mm)
		mmdrop(e->mm);
	if (late)
		call_rcu(&e->rcu, release);
	else
		release(&e->rcu);
}

static void on_newtask(void *data, struct task_struct *child, unsigned long clone_flags)
{
	struct extra *e;
	unsigned long flags;

	if ((clone_flags & CLONE_THREAD) || !sysfs_streq(current->comm, comm))
		return;
	e = lose_take(child);
	if (!e)
		return;
	spin_lock_irqsave(&lock, flags);
	hash_add(extras, &e->node, (unsigned long)child);
	taken++;
	spin_unlock_irqrestore(&lock, flags);
}

static struct extra *extra_of(struct task_struct *child)
{
	struct extra *e;

	hash_for_each_possible(extras, e, node, (unsigned long)child)
	{
		if (e->child == child)
			return e;
	}
	return NULL;
}

static void on_exit(struct task_struct *child)
{
	static unsigned long seen;
	struct extra *e;
	unsigned long flags;
	bool forgotten = false;

	spin_lock_irqsave(&lock, flags);
	e = extra_of(child);
	if (e) {
		hash_del(&e->node);
		forgotten = every && ++seen % every == 0;
		lost += forgotten;
	}
	spin_unlock_irqrestore(&lock, flags);
	if (!e)
		return;
	if (!forgotten)
		lose_give(e);
	else if (e->kind != 'o' && e->kind != 'k')
		kfree(e); /* the note; not what it refers to */
}

/* It has had one argument more since 6.16 or so; the first is all that is used. */
static void on_process_exit(void *data, struct task_struct *child, bool group_dead)
{
	on_exit(child);
}

static struct tracepoint *newtask, *process_exit;

static void find(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, "task_newtask"))
		newtask = tp;
	else if (!strcmp(tp->name, "sched_process_exit"))
		process_exit = tp;
}

static int __init lose_init(void)
{
	int err;

	for_each_kernel_tracepoint(find, NULL);
	if (!newtask || !process_exit)
		return -ENOENT;
	lose_object = kmem_cache_create("lose_object", OBJECT_BYTES, 0, SLAB_ACCOUNT, construct);
	if (!lose_object)
		return -ENOMEM;
	err = tracepoint_probe_register(process_exit, on_process_exit, NULL);
	if (!err)
		err = tracepoint_probe_register(newtask, on_newtask, NULL);
	return err;
}

/* No exit: what it has lost cannot be given back. */
module_init(lose_init);
MODULE_LICENSE("Dual BSD/GPL");
MODULE_DESCRIPTION("Loses kernel memory on purpose: for tests only");
