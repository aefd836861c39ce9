// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * census.bpf.c - what every process holds now: one iterator over tasks writes a record for each
 * process, and fills a table with what others may hold too (event/census.h).
 *
 * A process is looked at once, when its first thread is met, with all its threads: the program runs
 * as one RCU section, so nothing that is read is freed meanwhile. It takes no lock and waits for
 * none. What changes while it is read is counted as it was or as it is.
 */
#include "census_memory.h"
#include "pid.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* What a record begins with: copied, the compiler does not clear as much at once. */
const volatile struct census_record nothing;

#define THREADS_MAX (1u << 22)

/* Of the process that is looked at; found in its threads where the first one has ended. */
__u64 mm, files, fs, last_cred, last_seccomp, base_namespaces;

/* Threads need not share their table of files. Tables beyond these are not counted. */
#define TABLES 8
__u64 other_files[TABLES];
__u32 other_count;

/* The first thread of the process, and what its threads have in common. */
static char task_copy[4096], signal_copy[2048];
#define TASK(type, field)   COPY_OF(task_copy, type, field)
#define SIGNAL(type, field) COPY_OF(signal_copy, type, field)

struct thread_walk {
	__u64 head, at;
};

/* The pid namespace it lives in: the deepest it has a number in. */
static __always_inline __u32 namespace_of(struct pid *pid)
{
	__u64 at = upid_at(pid, BPF_CORE_READ(pid, level));
	struct pid_namespace *n = (void *)read_u64(at + bpf_core_field_offset(struct upid, ns));

	return BPF_CORE_READ(n, ns.inum);
}

static __always_inline __u64 thread_of(__u64 node)
{
	return node - bpf_core_field_offset(struct task_struct___c, thread_node);
}

/* The memory and files of a process whose first thread has let go of them. */
static long next_living(__u32 i, struct thread_walk *w)
{
	struct task_struct *t;

	if (!w->at || w->at == w->head || (mm && files))
		return 1;
	t = (struct task_struct *)thread_of(w->at);
	if (!BPF_CORE_READ(t, exit_state)) {
		if (!mm)
			mm = (__u64)BPF_CORE_READ(t, mm);
		if (!files)
			files = (__u64)BPF_CORE_READ(t, files);
	}
	w->at = read_u64(w->at);
	return 0;
}

static __always_inline void put_seccomp(__u64 filter)
{
	for (int i = 0; i < 16 && filter; i++) {
		struct seccomp_filter *f = (struct seccomp_filter *)filter;

		put_common(filter, KIND_SECCOMP, 1);
		filter = (__u64)BPF_CORE_READ(f, prev);
	}
}

static __always_inline void put_cred(__u64 cred)
{
	struct cred___c *c = (struct cred___c *)cred;

	if (cred == last_cred)
		return;
	last_cred = cred;
	put(cred, KIND_CRED, 1, 0);
	put((__u64)BPF_CORE_READ(c, security), KIND_CRED, 0, 0);
}

static __always_inline void put_namespaces(__u64 proxy)
{
	struct nsproxy *n = (struct nsproxy *)proxy, *base = (struct nsproxy *)base_namespaces;
	__u64 ns;

	if (!base_namespaces)
		base_namespaces = proxy;
	if (!proxy || proxy == base_namespaces)
		return;
	put_common(proxy, KIND_NAMESPACE, 0);
#define PUT_NAMESPACE(field)                                                                       \
	if (bpf_core_field_exists(n->field)) {                                                     \
		ns = (__u64)BPF_CORE_READ(n, field);                                               \
		if (ns != (__u64)BPF_CORE_READ(base, field))                                       \
			put_common(ns, KIND_NAMESPACE, 1);                                         \
	}
	PUT_NAMESPACE(uts_ns)
	PUT_NAMESPACE(ipc_ns)
	PUT_NAMESPACE(mnt_ns)
	PUT_NAMESPACE(pid_ns_for_children)
	PUT_NAMESPACE(net_ns)
	PUT_NAMESPACE(time_ns)
	PUT_NAMESPACE(cgroup_ns)
}

static __always_inline __u64 stack_size(struct task_struct *t)
{
	__u64 pages = 0;

	if (bpf_core_field_exists(t->stack_vm_area))
		pages = BPF_CORE_READ(t, stack_vm_area, nr_pages);
	return pages ? pages << page_shift : stack_bytes;
}

static __always_inline void put_stack(struct task_struct *t)
{
	struct vm_struct___c *area;
	__u64 payer = 0, pages;

	if (depth == CENSUS_PAYERS && bpf_core_field_exists(t->stack_vm_area)) {
		area = (void *)BPF_CORE_READ(t, stack_vm_area);
		pages = (__u64)BPF_CORE_READ(area, pages);
		payer = pages ? page_payer(read_u64(pages)) : 0;
	}
	book((__u64)BPF_CORE_READ(t, stack), stack_size(t), stack_size(t), payer,
	     KIND_COUNT(KIND_STACK, 1));
}

/* What each thread has for itself. */
__noinline int census_thread(__u64 address)
{
	struct task_struct___c *c = (struct task_struct___c *)address;
	struct task_struct *t = (struct task_struct *)address;
	__u64 own;

	put(address, KIND_TASK, 1, 0);
	put((__u64)BPF_CORE_READ(c, security), KIND_TASK, 0, 0);
	if (bpf_core_field_exists(c->delays))
		put((__u64)BPF_CORE_READ(c, delays), KIND_TASK, 0, 0);
	if (bpf_core_field_exists(t->io_context))
		put((__u64)BPF_CORE_READ(t, io_context), KIND_TASK, 0, 0);
	if (bpf_core_field_exists(c->io_uring))
		put((__u64)BPF_CORE_READ(c, io_uring), KIND_TASK, 0, 0);
	put((__u64)BPF_CORE_READ(c, thread_pid), KIND_PID, 1, 0);
	if (bpf_core_field_exists(((struct pid *)0)->attr))
		put((__u64)BPF_CORE_READ(c, thread_pid, attr), KIND_PID, 0, 0);
	put_cred((__u64)BPF_CORE_READ(t, real_cred));
	if (BPF_CORE_READ(t, cred) != BPF_CORE_READ(t, real_cred))
		put_cred((__u64)BPF_CORE_READ(t, cred));
	reach_list(address + bpf_core_field_offset(struct task_struct, pending.list), 0,
		   MARK(THING_SIGNAL_PENDING, VIA_TASK, MARK_NO_FD) | MARK_BODY);
	if (BPF_CORE_READ(t, exit_state))
		return 0;
	if (bpf_core_field_exists(c->sysvshm))
		reach_list(address + bpf_core_field_offset(struct task_struct___c, sysvshm),
			   bpf_core_field_offset(struct shmid_kernel, shm_clist),
			   MARK(THING_IPC_SHM, VIA_TASK, MARK_NO_FD));
	put_stack(t);
	own = (__u64)BPF_CORE_READ(t, fs);
	if (own != fs && !(BPF_CORE_READ(c, flags) & PF_KTHREAD)) {
		fs = own;
		put_common(own, KIND_FS, 1);
	}
	if (bpf_core_field_exists(c->seccomp)) {
		own = (__u64)BPF_CORE_READ(c, seccomp.filter);
		if (own && own != last_seccomp) {
			last_seccomp = own;
			put_seccomp(own);
		}
	}
	own = (__u64)BPF_CORE_READ(t, files);
	if (own && own != files && files && own != other_files[other_count & (TABLES - 1)])
		other_files[++other_count & (TABLES - 1)] = own;
	return 0;
}

static long next_thread(__u32 i, struct thread_walk *w)
{
	if (!w->at || w->at == w->head)
		return 1;
	census_thread(thread_of(w->at));
	w->at = read_u64(w->at);
	return 0;
}

/* What all threads of a process have in common. */
__noinline int census_group(__u64 address)
{
	struct task_struct___c *c = (struct task_struct___c *)address;
	struct task_struct *t = (struct task_struct *)address;
	struct signal_struct *signal = BPF_CORE_READ(t, signal);
	__u64 s = (__u64)signal, undo;

	put(s, KIND_SIGNAL, 1, 0);
	put((__u64)BPF_CORE_READ(t, sighand), KIND_SIGNAL, 0, 0);
	reach_list(s + bpf_core_field_offset(struct signal_struct, shared_pending.list), 0,
		   MARK(THING_SIGNAL_PENDING, VIA_TASK, MARK_NO_FD) | MARK_BODY);
	if (bpf_core_field_exists(((struct k_itimer *)0)->list))
		reach_list(s + bpf_core_field_offset(struct signal_struct, posix_timers),
			   bpf_core_field_offset(struct k_itimer, list),
			   MARK(THING_TIMER, VIA_TASK, MARK_NO_FD) | MARK_BODY);
	put_namespaces((__u64)BPF_CORE_READ(t, nsproxy));
	undo = (__u64)BPF_CORE_READ(c, sysvsem.undo_list);
	if (undo) {
		put_common(undo, KIND_IPC, 1);
		reach_list(undo + bpf_core_field_offset(struct sem_undo_list, list_proc),
			   bpf_core_field_offset(struct sem_undo, list_proc),
			   MARK(THING_IPC_SHM, VIA_TASK, MARK_NO_FD));
	}
	return 0;
}

/* One of its mappings, with its lock: down the left side of the tree, where the first place may be free. */
static __always_inline __u64 learn_vma(__u64 address)
{
	struct mm_struct___c *c = (struct mm_struct___c *)address;
	__u64 entry, root, slots;

	if (sizes[SIZE_VMA])
		return sizes[SIZE_VMA] + sizes[SIZE_VMA_LOCK];
	if (!bpf_core_field_exists(c->mm_mt)) {
		entry = (__u64)BPF_CORE_READ(c, mmap);
	} else {
		entry = root = (__u64)BPF_CORE_READ(c, mm_mt.ma_root);
		for (int i = 0, type = 0;
		     i < LEVELS && entry && is_node(root) && type != MAPLE_LEAF_64; i++) {
			type = entry >> 3 & 15;
			slots = (entry & ~MAPLE_NODE_MASK) +
				(type == MAPLE_ARANGE_64
				     ? bpf_core_field_offset(struct maple_arange_64, slot)
				     : bpf_core_field_offset(struct maple_range_64, slot));
			entry = read_u64(slots);
			if (!entry)
				entry = read_u64(slots + 8);
		}
	}
	if (bpf_core_field_exists(((struct vm_area_struct___c *)0)->vm_lock) && entry)
		learnt(SIZE_VMA_LOCK,
		       (__u64)BPF_CORE_READ((struct vm_area_struct___c *)entry, vm_lock));
	return learnt(SIZE_VMA, entry) + sizes[SIZE_VMA_LOCK];
}

static __always_inline __u64 large(__u64 bytes)
{
	return bytes > OBJECT_MAX ? (bytes + page_bytes - 1) & ~(__u64)(page_bytes - 1) : bytes;
}

static __always_inline void census_summary_bytes(struct task_struct *t, __u64 leader)
{
	struct signal_struct *signal = TASK(struct task_struct, signal);
	__u64 threads = now.threads ? now.threads : 1, max;
	struct fdtable *table;

	now.task_bytes = threads * learnt(SIZE_TASK, leader) + learnt(SIZE_SIGNAL, (__u64)signal) +
			 now.threads * stack_size(t);
	if (mm) {
		now.mm_bytes = learnt(SIZE_MM, mm) + page_table_bytes();
		now.mm_bytes += now.maps * learn_vma(mm);
	}
	if (files && now.fds != CENSUS_NOT_COUNTED) {
		table = BPF_CORE_READ((struct files_struct *)files, fdt);
		max = BPF_CORE_READ(table, max_fds);
		now.files_bytes = learnt(SIZE_FILES, files);
		if (max > 64)
			now.files_bytes += large(max * 8);
	}
}

static __always_inline void cgroup_of(struct task_struct *t)
{
	struct css_set___c *set = (struct css_set___c *)TASK(struct task_struct, cgroups);
	struct cgroup_subsys_state___c *css;
	struct cgroup___c *group_of_memory, *all;
	__u32 id = 0;

	all = BPF_CORE_READ(set, dfl_cgrp);
	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id)) {
		now.cgroup = BPF_CORE_READ(all, kn, id);
		return;
	}
	id = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
	css = (void *)read_u64((__u64)set + bpf_core_field_offset(struct css_set___c, subsys) +
			       (id & 15) * 8);
	now.payer = (__u64)css;
	/* One hierarchy for all: the group may be below the one that has the controller. */
	group_of_memory = BPF_CORE_READ(css, cgroup);
	if (BPF_CORE_READ(group_of_memory, root) == BPF_CORE_READ(all, root))
		group_of_memory = all;
	now.cgroup = BPF_CORE_READ(group_of_memory, kn, id);
}

SEC("iter/task")
int census(struct bpf_iter__task *ctx)
{
	struct task_struct *t = ctx->task;
	struct signal_struct___c *signal;
	struct cred___c *cred;
	struct thread_walk w;
	__u32 depth_of_reader, flags, users;
	__u64 leader;

	if (!t || t->pid != t->tgid)
		return 0;
	/* Too little room for what comes: user space empties it, and this process comes again. */
	if (hold_count > hold_room / 2)
		return 1;
	leader = number_of(t);
	t = (struct task_struct *)leader;
	COPY(task_copy, struct task_struct, leader);
	signal = (struct signal_struct___c *)TASK(struct task_struct, signal);
	if (!signal)
		return 0; /* it has been waited for, and is gone but for its memory */
	COPY(signal_copy, struct signal_struct, signal);
	depth_of_reader = reader_level();
	bpf_probe_read_kernel(
	    &now,
	    depth == CENSUS_SUMMARY ? __builtin_offsetof(struct census_record, cell) : sizeof(now),
	    (const void *)&nothing);
	now.tgid = depth_of_reader ? tgid_of(t, depth_of_reader) : TASK(struct task_struct, tgid);
	if (!now.tgid)
		return 0; /* its number is gone already */
	now.parent = tgid_of(TASK(struct task_struct, real_parent), depth_of_reader);
	now.start_ns = TASK(struct task_struct, start_boottime);
	__builtin_memcpy(now.comm, task_copy + bpf_core_field_offset(struct task_struct, comm),
			 sizeof(now.comm));
	cred = (struct cred___c *)TASK(struct task_struct, cred);
	now.uid = BPF_CORE_READ(cred, euid.val);
	flags = TASK(struct task_struct___c, flags);
	mm = flags & PF_KTHREAD ? 0 : (__u64)TASK(struct task_struct, mm);
	files = flags & PF_KTHREAD ? 0 : (__u64)TASK(struct task_struct, files);
	now.threads = SIGNAL(struct signal_struct, live.counter);
	w.head = (__u64)signal + bpf_core_field_offset(struct signal_struct___c, thread_head);
	if (flags & PF_KTHREAD) {
		now.flags = CENSUS_KERNEL_THREAD;
	} else if (TASK(struct task_struct, exit_state)) {
		if (now.threads) {
			now.flags = CENSUS_LEADER_GONE;
			w.at = read_u64(w.head);
			bpf_loop(THREADS_MAX, next_living, &w, 0);
		} else {
			now.flags = CENSUS_ZOMBIE;
			now.exit_status = TASK(struct task_struct, exit_code);
		}
	}
	if (SIGNAL(struct signal_struct___c, flags) & SIGNAL_STOP_STOPPED)
		now.flags |= CENSUS_STOPPED;
	now.cpu_ns = SIGNAL(struct signal_struct___c, sum_sched_runtime) +
		     TASK(struct task_struct___c, se.sum_exec_runtime);
	now.pid_namespace = namespace_of(TASK(struct task_struct___c, thread_pid));
	cgroup_of(t);
	now.mm = mm;
	now.files = files;
	users = now.threads ? now.threads : 1;
	if (mm) {
		census_counters(mm);
		if (MM(struct mm_struct___c, mm_users).counter <= (__s32)users)
			now.flags |= CENSUS_MM_ALONE;
	}
	if (files) {
		now.fds = count_files(files);
		if (BPF_CORE_READ((struct files_struct___c *)files, count.counter) <= (__s32)users)
			now.flags |= CENSUS_FILES_ALONE;
	}
	if (depth == CENSUS_SUMMARY) {
		census_summary_bytes(t, leader);
		return bpf_seq_write(ctx->meta->seq, &now,
				     __builtin_offsetof(struct census_record, cell)),
		       0;
	}
	fs = last_cred = last_seccomp = of_group = other_count = other_files[0] = 0;
	census_group(leader);
	w.at = read_u64(w.head);
	bpf_loop(THREADS_MAX, next_thread, &w, 0);
	if (mm)
		census_mm(mm);
	if (files)
		census_files(files);
	for (__u32 i = 1; i <= other_count && i < TABLES; i++)
		census_files(other_files[i & (TABLES - 1)]);
	if (other_count >= TABLES)
		now.flags |= CENSUS_CUT;
	bpf_seq_write(ctx->meta->seq, &now, sizeof(now));
	return 0;
}
