// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * follow.bpf.c - follows who forks, execs and exits (event/follow.h).
 *
 * A process is found by its signal_struct: all its threads have it, an exec keeps it, and it is
 * freed after the last of these programs has seen the process. Where that one was missed, whoever
 * gets the same address takes over the entry at its fork.
 */
#include "census_kernel.h"
#include "event/follow.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile __u32 cpu_count, page_bytes;
const volatile __u64 percpu_offset[256];
const volatile bool chosen, records_wanted;

#include "pid.h"
#include "private.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, struct follow_process);
} followed SEC(".maps");

/* Whom user space wants to have followed: by tgid, with their start time or 0. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} wanted SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} records SEC(".maps");

struct follow_totals totals;
__u32 adopted; /* of those wanted */

/* Of whoever opened this: all numbers are as it sees them. */
__u32 level;
__u64 namespace;

static __always_inline void add(__u64 *counter, __u64 n)
{
	__sync_fetch_and_add(counter, n);
}

static __always_inline __u64 namespace_at(struct pid *pid, __u32 at)
{
	return read_u64(upid_at(pid, at) + bpf_core_field_offset(struct upid, ns));
}

/* 0: not in the pid namespace of who asks, nor below it. */
static __always_inline __u32 number_in(struct task_struct *t)
{
	struct task_struct___c *leader;
	struct pid *pid;

	if (!level)
		return BPF_CORE_READ(t, tgid);
	leader = (struct task_struct___c *)BPF_CORE_READ(t, group_leader);
	pid = BPF_CORE_READ(leader, thread_pid);
	if (!pid || BPF_CORE_READ(pid, level) < level || namespace_at(pid, level) != namespace)
		return 0;
	return pid_in(pid, level);
}

static __always_inline __u64 key_of(struct task_struct *t)
{
	return FIELD_NUMBER(t, signal);
}

static __always_inline struct follow_process *process_at(__u64 key)
{
	return bpf_map_lookup_elem(&followed, &key);
}

static __always_inline bool fill(struct follow_process *p, struct task_struct *t)
{
	*p = (struct follow_process){};
	p->self.tgid = number_in(t);
	p->self.start_ns = BPF_CORE_READ(t, group_leader, start_boottime);
	bpf_core_read(&p->comm, sizeof(p->comm), &t->comm);
	return p->self.tgid != 0;
}

static __always_inline struct follow_process *enter(__u64 key, const struct follow_process *p)
{
	if (bpf_map_update_elem(&followed, &key, p, 0)) {
		add(&totals.lost_processes, 1);
		return NULL;
	}
	return process_at(key);
}

/* Where all are followed, also one that was there before. */
static __always_inline struct follow_process *process_of(struct task_struct *t)
{
	__u64 key = key_of(t);
	struct follow_process *p = process_at(key), fresh;

	if (p || chosen || !key || !fill(&fresh, t))
		return p;
	return enter(key, &fresh);
}

static __always_inline void tell(__u32 kind, const struct follow_process *p, __u64 forks,
				 __s64 private_bytes, __s64 cpu_ns, __u64 reaper_children)
{
	struct follow_record *r;
	bool far;

	if (!records_wanted)
		return;
	r = bpf_ringbuf_reserve(&records, sizeof(*r), 0);
	if (!r) {
		add(&totals.lost_records, 1);
		return;
	}
	r->kind = kind;
	r->flags = p->flags;
	r->time_ns = bpf_ktime_get_boot_ns();
	r->self = p->self;
	r->parent.tgid = p->parent_tgid;
	r->parent.start_ns = p->parent_start_ns;
	r->parent.pad = 0;
	r->ordinal = totals.forks;
	r->birth = p->birth;
	r->forks = forks;
	r->private_bytes = private_bytes;
	r->cpu_ns = cpu_ns;
	r->status = p->status;
	r->reaper = reaper_children >> 32;
	r->children = (__u32)reaper_children;
	r->outlived = p->outlived;
	__builtin_memcpy(r->comm, p->comm, sizeof(r->comm));
	far = bpf_ringbuf_query(&records, BPF_RB_AVAIL_DATA) >
	      bpf_ringbuf_query(&records, BPF_RB_RING_SIZE) / 2;
	bpf_ringbuf_submit(r, far ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

SEC("tp_btf/task_newtask")
int BPF_PROG(on_fork, struct task_struct *child, __u64 clone_flags)
{
	struct task_struct *me = (void *)bpf_get_current_task();
	struct follow_process *maker, *p, fresh;
	__u64 forks;

	if (clone_flags & CLONE_THREAD)
		return 0;
	maker = process_of(me);
	if (!maker || !fill(&fresh, child))
		return 0;
	forks = __sync_fetch_and_add(&maker->forks, 1) + 1;
	fresh.birth = __sync_fetch_and_add(&totals.forks, 1) + 1;
	fresh.parent = key_of(me);
	fresh.parent_start_ns = maker->self.start_ns;
	fresh.parent_tgid = maker->self.tgid;
	fresh.flags = clone_flags & CLONE_VM ? FOLLOW_SHARES_MM : 0;
	p = enter(key_of(child), &fresh);
	if (p)
		tell(FOLLOW_FORK, p, forks,
		     !records_wanted	      ? EVENT_UNKNOWN_BYTES
		     : clone_flags & CLONE_VM ? 0
					      : mm_private_bytes(BPF_CORE_READ(child, mm)),
		     -1, 0);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *t)
{
	struct follow_process *p = process_of(t);

	if (!p)
		return 0;
	add(&totals.execs, 1);
	p->execs++;
	p->flags &= ~FOLLOW_SHARES_MM;
	bpf_core_read(&p->comm, sizeof(p->comm), &t->comm);
	tell(FOLLOW_EXEC, p, p->forks, EVENT_UNKNOWN_BYTES, -1, 0);
	return 0;
}

struct children_walk {
	__u64 head, at;
	__u32 count;
};

static long next_child(__u32 i, struct children_walk *w)
{
	struct follow_process *p;
	struct task_struct *child;

	if (!w->at || w->at == w->head)
		return 1;
	child = (void *)(w->at - bpf_core_field_offset(struct task_struct, sibling));
	w->at = read_u64(w->at);
	w->count++;
	p = process_at(key_of(child));
	if (p)
		p->outlived = p->exit_ns ? FOLLOW_OUTLIVED_ZOMBIE
			      : BPF_CORE_READ((struct signal_struct___c *)key_of(child), flags) &
				      SIGNAL_STOP_STOPPED
				  ? FOLLOW_OUTLIVED_STOPPED
				  : FOLLOW_OUTLIVED_RUNNING;
	return 0;
}

/* Of a process that ended. */
static __always_inline void maker_adds(const struct follow_process *p, __u64 ended, __u64 cpu_ns)
{
	struct follow_process *maker = process_at(p->parent);

	add(&totals.ended_cpu_ns, cpu_ns);
	if (!maker || maker->self.start_ns != p->parent_start_ns ||
	    maker->self.tgid != p->parent_tgid)
		return;
	add(&maker->ended, ended);
	add(&maker->ended_cpu_ns, cpu_ns);
}

#define CHILDREN_MAX  65535
#define GROUP_EXITING 4u /* SIGNAL_GROUP_EXIT */

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *t)
{
	struct signal_struct *s = (void *)key_of(t);
	struct task_struct *leader = BPF_CORE_READ(t, group_leader);
	struct follow_process *p = process_of(t);
	struct children_walk w = {};
	bool last = !BPF_CORE_READ(s, live.counter);
	__s64 cpu_ns;

	if (!p || (!last && !(BPF_CORE_READ(s, flags) & GROUP_EXITING)))
		return 0;
	/* Each thread has its own children, and gives them away at its exit. */
	if (p->forks) {
		w.head = number_of(t) + bpf_core_field_offset(struct task_struct, children);
		w.at = read_u64(w.head);
		bpf_loop(CHILDREN_MAX, next_child, &w, 0);
	}
	/* Of two threads that end at one time, both may find that nobody lives. */
	if (!last || __sync_val_compare_and_swap(&p->exit_ns, 0, bpf_ktime_get_boot_ns()))
		return 0;
	add(&totals.exits, 1);
	p->status = BPF_CORE_READ(s, group_exit_code) ?: BPF_CORE_READ(t, exit_code);
	cpu_ns = BPF_CORE_READ((struct signal_struct___c *)s, sum_sched_runtime) +
		 BPF_CORE_READ((struct task_struct___c *)leader, se.sum_exec_runtime);
	if (t != leader)
		cpu_ns += BPF_CORE_READ((struct task_struct___c *)t, se.sum_exec_runtime);
	p->cpu_ns = cpu_ns;
	maker_adds(p, 1, cpu_ns);
	if (!records_wanted)
		return 0;
	tell(FOLLOW_EXIT, p, p->forks,
	     p->flags & FOLLOW_SHARES_MM ? 0 : mm_private_bytes(BPF_CORE_READ(t, mm)), cpu_ns,
	     (__u64)number_in(BPF_CORE_READ(t, real_parent)) << 32 | w.count);
	return 0;
}

SEC("tp_btf/sched_process_free")
int BPF_PROG(on_free, struct task_struct *t)
{
	__u64 key = key_of(t);
	struct follow_process *p;
	__u64 cpu_ns;

	if (BPF_CORE_READ(t, group_leader) != t)
		return 0;
	p = process_at(key);
	if (!p)
		return 0;
	/* Each thread's time was added to it when that thread was waited for. */
	cpu_ns = BPF_CORE_READ((struct signal_struct___c *)key, sum_sched_runtime);
	add(&totals.gone, 1);
	if (p->exit_ns && cpu_ns > p->cpu_ns)
		maker_adds(p, 0, cpu_ns - p->cpu_ns);
	tell(FOLLOW_GONE, p, p->forks, EVENT_UNKNOWN_BYTES, (__s64)cpu_ns, 0);
	bpf_map_delete_elem(&followed, &key);
	return 0;
}

/* Run once by whoever opens this. */
SEC("raw_tp/sched_process_exit")
int learn_reader(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct___c *reader = (void *)bpf_get_current_task();

	level = reader_level();
	namespace = namespace_at(BPF_CORE_READ(reader, thread_pid), level);
	return 0;
}

/* Those wanted, in the namespace of who reads: the one that opened this. */
SEC("iter/task")
int adopt(struct bpf_iter__task *ctx)
{
	struct task_struct *t = ctx->task;
	struct follow_process fresh;
	__u64 *start, key;

	if (!t || t->pid != t->tgid || !t->signal)
		return 0;
	t = (struct task_struct *)number_of(t);
	if (!BPF_CORE_READ(t, signal, live.counter) || !fill(&fresh, t))
		return 0;
	start = bpf_map_lookup_elem(&wanted, &fresh.self.tgid);
	if (!start || (*start && *start != fresh.self.start_ns))
		return 0;
	key = key_of(t);
	if (process_at(key) || enter(key, &fresh))
		adopted++;
	return 0;
}
