/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * follow.h - follows the tree: fork, exec, exit, and the private memory at each of them.
 */
#ifndef FORKTALLY_FOLLOW_H
#define FORKTALLY_FOLLOW_H

#include "charge.h"
#include "grow.h"
#include "private.h"

/* Descriptors that are looked at when a holder exits; the smaller where there is no bpf_loop. */
#define FDS_LONG  65536
#define FDS_SHORT 1024

/* Notes what an open charge is part of. The mark stands where its bytes stood: flags go first. */
__noinline int found(__u64 address, __u32 mark)
{
	struct account_slot *a;
	struct object_place p;
	struct task_place me;

	if (!address || !ever_charged(address) || !object_find(address, &p) ||
	    (p.entry->flags & OBJECT_IS_MARKED))
		return 0;
	p.entry->flags |= OBJECT_IS_MARKED;
	p.entry->mark = mark;
	a = account_at(p.entry->account);
	if (!a || !task_find(bpf_get_current_task(), &me) || a->alias == me.entry->account)
		return 0;
	p.entry->site = me.entry->account;
	p.entry->flags |= OBJECT_IS_KEPT;
	a = account_at(me.entry->account);
	if (a && a->forks >= judge_forks)
		p.entry->flags |= OBJECT_IS_HELD;
	return 0;
}

#include "reach.h"

static __always_inline void copy_comm(char *to, struct task_struct *t)
{
	READ_COMM(t, to);
}

static __always_inline void charge_stack(__u32 slot, struct task_struct *t)
{
	__u32 bytes = stack_bytes, tag;

	if (!bpf_core_field_exists(t->stack_vm_area) || !t->stack_vm_area)
		return; /* then it is a page or an object like others */
	bytes = t->stack_vm_area->nr_pages * page_bytes;
	tag = tag_of((__u64)TAG_STACK << 32 | bytes, TAG_STACK, bytes, BOOK_KERNEL);
	charge(slot, FIELD_NUMBER(t, stack), tag, 0, 0);
}

/*
 * The level is told at each fork from the first on that it is not 0 at. Global functions: the
 * kernel verifies them once, apart from the paths that lead here.
 */
__noinline int tell_level(__u32 slot, __u32 level, __u64 count, __s64 bytes)
{
	struct account_slot *a = account_at(slot);
	struct event *ev;

	if (!a || (!count && !(a->levels >> level & 1)))
		return 0;
	a->levels = count ? a->levels | 1u << level : a->levels & ~(1u << level);
	ev = record_new(EVENT_GAUGE, a);
	if (!ev)
		return 0;
	ev->u.gauge.pool = level == LEVEL_LOCKED ? POOL_PRIVATE : POOL_KERNEL;
	ev->u.gauge.tag = TAG_MAX + level;
	ev->u.gauge.flags = GAUGE_PART;
	ev->u.gauge.ordinal = tree.ordinal;
	ev->u.gauge.count = level == LEVEL_LOCKED ? EVENT_UNKNOWN_BYTES : (__s64)count;
	ev->u.gauge.bytes = bytes;
	record_submit(ev);
	return 0;
}

/* Marks an open charge anew, whatever was known of it. */
__noinline int still_there(__u64 address, __u32 mark)
{
	struct object_place p;

	if (!address || !ever_charged(address) || !object_find(address, &p))
		return 0;
	p.entry->flags |= OBJECT_IS_MARKED;
	p.entry->mark = mark;
	return 0;
}

struct timer_walk {
	__u64 head, at, count;
	__u32 mark;
};

static long next_timer(__u32 i, struct timer_walk *w)
{
	if (!w->at || w->at == w->head)
		return 1;
	w->count++;
	still_there(w->at - bpf_core_field_offset(struct k_itimer, list), w->mark);
	w->at = read_u64(w->at);
	return 0;
}

/*
 * POSIX timers: they are gone before the exit of their process can be seen. Each is marked with the
 * last fork that it was there at, so that it is known at the end which were.
 */
__noinline int tell_timers(__u32 slot, __u64 signal, __u32 forks)
{
	struct timer_walk w = {.head = signal +
				       bpf_core_field_offset(struct signal_struct, posix_timers),
			       .mark = MARK(THING_TIMER, VIA_TASK, forks) | MARK_BODY};
	__u64 first = w.at = read_u64(w.head);

	if (!HAS_LOOP)
		return 0;
	bpf_loop(FDS_LONG, next_timer, &w, 0);
	return tell_level(slot, LEVEL_TIMERS, w.count, w.count * object_bytes(first));
}

__noinline int tell_levels(__u32 slot)
{
	struct task_struct *me = current_task();
	struct account_slot *a = account_at(slot);
	__u64 locked;

	if (!a)
		return 0;
	locked = READ(me, mm) && !a->shares_mm ? READ(me, mm, locked_vm) : 0;
	tell_level(slot, LEVEL_LOCKED, locked, locked * page_bytes);
	tell_level(slot, LEVEL_THREADS, a->threads > 1 ? a->threads - 1 : 0, 0);
	return HAS_LOOP ? tell_timers(slot, FIELD_NUMBER(me, signal), a->forks) : 0;
}

static __always_inline int follow_fork(void *ctx, struct task_struct *child, __u64 clone_flags)
{
	__u64 address = bpf_get_current_task();
	struct task_struct *me = current_task();
	__u64 child_address = number_here(child);
	struct task_place p, stale;
	struct task_entry *te;
	struct account_slot *a, *pa;
	struct object_place sighand;
	struct event *ev;
	__u32 slot, parent, take = 0;
	__u64 key;

	if (task_find(child_address, &stale)) /* an old task of the tree stood here */
		(void)CHANGE(stale.key, child_address, 0);
	if (!task_find(address, &p) || (tree.closed && !p.entry->pending))
		return 0;
	parent = p.entry->account;
	slot = p.entry->pending ? p.entry->pending - 1 : account_new() - 1;
	p.entry->pending = 0;
	a = account_at(slot);
	pa = account_at(parent);
	if (slot == (__u32)-1 || !a || !pa) {
		add(&tree.lost_tasks, 1);
		return 0;
	}
	if (clone_flags & CLONE_THREAD) {
		a->alias = parent;
		a->state = ACCOUNT_ALIAS;
		if (ADD_FETCH(&pa->threads, 1) > pa->threads_peak)
			pa->threads_peak = pa->threads;
	} else {
		a->start_ns = child->start_boottime;
		a->tgid = child->tgid;
		a->parent = parent;
		a->threads = a->threads_peak = 1;
		a->shares_mm = (clone_flags & CLONE_VM) != 0;
		a->namespaces = clone_flags & CLONE_NAMESPACES;
		a->birth = ADD_FETCH(&tree.ordinal, 1);
		a->state = ACCOUNT_LIVE;
		if (ADD_FETCH(&pa->forks, 1) == judge_forks)
			grow_begin(pa->tgid);
		__sync_fetch_and_add(&tree.alive, 1);
	}
	if (!(clone_flags & CLONE_THREAD))
		take = take_here(ctx, p.entry);
	charge_stack(slot, child);
	if (!(clone_flags & CLONE_SIGHAND)) {
		key = FIELD_NUMBER(child, sighand);
		if (object_find(key, &sighand))
			sighand.entry->flags |= OBJECT_IS_SIGHAND;
	}
	te = task_claim(child_address);
	if (!te) {
		add(&tree.lost_tasks, 1);
		return 0;
	}
	te->account = clone_flags & CLONE_THREAD ? parent : slot;
	te->pending = 0;
	te->take_key = 0;
	te->stack_page = stack_page(FIELD_NUMBER(child, stack));
	ev = record_new(clone_flags & CLONE_THREAD ? EVENT_THREAD : EVENT_FORK,
			clone_flags & CLONE_THREAD ? pa : a);
	if (!ev)
		return 0;
	if (clone_flags & CLONE_THREAD) {
		ev->pad = slot;
		record_submit(ev);
		return 0;
	}
	ev->u.fork.parent.tgid = pa->tgid;
	ev->u.fork.parent.start_ns = pa->start_ns;
	ev->u.fork.parent_private_bytes = pa->shares_mm ? 0 : mm_private_bytes(READ(me, mm));
	ev->u.fork.inherited_bytes = a->shares_mm ? 0 : mm_private_bytes(child->mm);
	ev->u.fork.flags = a->shares_mm ? FORK_SHARES_MM : 0;
	ev->u.fork.ordinal = a->birth;
	ev->u.fork.take = take;
	copy_comm(ev->u.fork.comm, child);
	record_submit(ev);
	tell_levels(parent);
	if (pa->grown && grow_is_due(pa->forks))
		grow_look(parent, true);
	return 0;
}

/* Before the old image goes: sched_prepare_exec, where the kernel has it. */
static __always_inline int follow_exec_begin(void)
{
	struct task_struct *me = current_task();
	struct task_place p;
	struct account_slot *a;

	if (!task_find(bpf_get_current_task(), &p))
		return 0;
	a = account_at(p.entry->account);
	if (a)
		a->exec_private = (a->shares_mm ? 0 : mm_private_bytes(READ(me, mm))) + 1;
	return 0;
}

static __always_inline int follow_exec(void)
{
	struct task_struct *me = current_task();
	struct task_place p;
	struct account_slot *a;
	struct event *ev;
	__s64 dropped;

	if (!task_find(bpf_get_current_task(), &p))
		return 0;
	a = account_at(p.entry->account);
	if (!a)
		return 0;
	dropped = a->exec_private ? (__s64)a->exec_private - 1
		  : a->shares_mm  ? 0
				  : EVENT_UNKNOWN_BYTES;
	a->exec_private = 0;
	a->shares_mm = 0;
	a->threads = 1;
	p.entry->take_key = 0;
	if (a->grown)
		grow_look(p.entry->account, true);
	ev = record_new(EVENT_EXEC, a);
	if (!ev)
		return 0;
	ev->u.exec.dropped_bytes = dropped;
	copy_comm(ev->u.exec.comm, me);
	record_submit(ev);
	return 0;
}

struct fds_walk {
	__u64 files, table;
	__u32 count;
};

static long describe_fd(__u32 fd, struct fds_walk *w)
{
	__u64 file;

	if (fd >= w->count)
		return 1;
	file = read_u64(w->files + fd * 8ull);
	if (file)
		reach_fd(file, fd, w->table);
	return 0;
}

struct children_walk {
	__u64 head, at;
};

static long note_child(__u32 i, struct children_walk *w)
{
	struct task_struct *child;
	struct account_slot *a;
	struct task_place p;

	if (!w->at || w->at == w->head)
		return 1;
	child = (struct task_struct *)(w->at - bpf_core_field_offset(struct task_struct, sibling));
	w->at = read_u64(w->at);
	if (!task_find((__u64)child, &p))
		return 0;
	a = account_at(p.entry->account);
	if (a && a->state == ACCOUNT_LIVE)
		a->outlived = BPF_CORE_READ(child, signal, flags) & 1 /* SIGNAL_STOP_STOPPED */
				  ? OUTLIVED_STOPPED
				  : OUTLIVED_RUNNING;
	return 0;
}

/* Children that still live when a holder begins to exit: its end may be theirs as well. */
static __always_inline void note_children(void)
{
	struct children_walk w = {.head = bpf_get_current_task() +
					  bpf_core_field_offset(struct task_struct, children)};

	w.at = read_u64(w.head);
	if (HAS_LOOP) {
		bpf_loop(FDS_LONG, note_child, &w, 0);
	} else {
		for (int i = 0; i < FDS_SHORT && !note_child(i, &w); i++)
			;
	}
}

/* What a holder has open when it begins to exit is noted in the books: it is gone in a moment. */
static __always_inline void describe_held(struct task_struct *me)
{
	struct files_struct *files = READ(me, files);
	struct fds_walk w = {};
	__u32 count, most = FDS_SHORT;
	__u32 signal_mark = MARK(THING_SIGNAL_PENDING, VIA_TASK, MARK_NO_FD) | MARK_BODY;

	reach_list(bpf_get_current_task() + bpf_core_field_offset(struct task_struct, pending.list),
		   0, signal_mark);
	reach_list(FIELD_NUMBER(me, signal) +
		       bpf_core_field_offset(struct signal_struct, shared_pending.list),
		   0, signal_mark);
	if (!files)
		return;
	w.files = (__u64)BPF_CORE_READ(files, fdt, fd);
	w.table = FIELD_NUMBER(me, files);
	w.count = count = BPF_CORE_READ(files, fdt, max_fds);
	if (HAS_LOOP) {
		most = FDS_LONG;
		bpf_loop(FDS_LONG, describe_fd, &w, 0);
	} else {
		for (__u32 fd = 0; fd < FDS_SHORT && !describe_fd(fd, &w); fd++)
			;
	}
	if (count > most)
		add(&tree.fds_not_described, count - most);
}

static __always_inline int follow_exit(void)
{
	struct task_struct *me = current_task();
	struct mm_struct *mm = READ(me, mm);
	struct account_slot *a, *parent;
	struct task_place p;
	struct event *ev;
	__s64 held;

	if (!task_find(bpf_get_current_task(), &p))
		return 0;
	a = account_at(p.entry->account);
	if (!a)
		return 0;
	held = a->charged[BOOK_KERNEL] - a->returned[BOOK_KERNEL];
	/* The kernel returns the stack at the end of this exit, though it is freed later. */
	give_back(NULL, FIELD_NUMBER(me, stack), false);
	__sync_fetch_and_add(&a->threads, -1);
	if (READ(me, signal, live.counter) || a->state != ACCOUNT_LIVE)
		return 0;
	__sync_fetch_and_add(&tree.exits, 1);
	if (a->forks >= judge_forks)
		grow_end(a->tgid);
	if (a->grown && mm)
		grow_look(p.entry->account, false); /* the record wakes who reads them */
	ev = record_new(EVENT_EXIT, a);
	if (ev) {
		bool own = !a->shares_mm;

		a->exit_ns = ev->time_ns;
		ev->u.exit.private_bytes = own ? mm_private_bytes(mm) : 0;
		ev->u.exit.private_peak_bytes = EVENT_UNKNOWN_BYTES;
		ev->u.exit.commit_bytes = EVENT_UNKNOWN_BYTES;
		ev->u.exit.page_table_bytes = EVENT_UNKNOWN_BYTES;
		if (mm) {
			ev->u.exit.commit_bytes =
			    own ? (READ(mm, data_vm) + READ(mm, stack_vm)) * page_bytes : 0;
			ev->u.exit.page_table_bytes = own ? READ(mm, pgtables_bytes.counter) : 0;
		}
		ev->u.exit.kernel_live_bytes = held;
		ev->u.exit.status = READ(me, signal, group_exit_code) ?: READ(me, exit_code);
		ev->u.exit.parent_tgid = READ(me, real_parent, tgid);
		ev->u.exit.threads_peak = a->threads_peak;
		ev->u.exit.ordinal = tree.ordinal;
		ev->u.exit.outlived = a->outlived;
		copy_comm(ev->u.exit.comm, me);
		record_submit(ev);
	}
	if (a->forks >= judge_forks) {
		__sync_fetch_and_add(&tree.holders_exiting, 1);
		note_children();
	}
	parent = account_at(a->parent);
	/* An orphan may keep what others have made. */
	if (a->forks >= judge_forks || (parent && (int)parent->tgid != READ(me, real_parent, tgid)))
		describe_held(me);
	a->state = ACCOUNT_EXITED;
	return 0;
}

/* The task is gone for good. Only now may its address stand for another task. */
static __always_inline int follow_free(__u64 task, bool leader)
{
	struct account_slot *a;
	struct task_place p;

	if (!task_find(task, &p))
		return 0;
	a = account_at(p.entry->account);
	if (!CHANGE(p.key, task, 0))
		return 0;
	if (p.spilled)
		add(p.spilled, -1);
	if (a && leader)
		account_reaped(a->alias);
	return 0;
}

#endif
