// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * walk.bpf.c - walks the kernel's own structures: which object is reached by which process, through
 * what, and which by a name that outlives processes.
 *
 * Every program writes records into a ring; user space empties it between two reads of an
 * iterator. One walk runs at a time.
 */
#include "kernel.h"
#include "event/walk.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile __u64 page_base;
const volatile __u32 page_shift, page_struct_bytes;

__u64 wanted[1 << (WALK_FILTER_BITS - 6)];
struct walk_record now; /* whose objects are walked */
__u64 lost;		/* records that found no room: the walk is not complete */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} reached SEC(".maps");

__noinline int found(__u64 address, __u32 mark)
{
	__u32 bit = (address * 0x9E3779B97F4A7C15ull) >> (64 - WALK_FILTER_BITS);
	struct walk_record *r;

	if (!address || !(wanted[bit >> 6] >> (bit & 63) & 1))
		return 0;
	r = bpf_ringbuf_reserve(&reached, sizeof(*r), 0);
	if (!r) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	*r = now;
	r->address = address;
	r->mark = mark;
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	return 0;
}

#include "reach.h"

static __always_inline void walk_begin(struct task_struct *t, __u64 owner)
{
	now.owner = owner;
	now.id = 0;
	now.tgid = t->tgid;
	now.start_ns = BPF_CORE_READ(t, group_leader, start_boottime);
	__builtin_memcpy(now.comm, t->comm, sizeof(now.comm));
}

/* One byte for each object: so a read of the iterator ends before the ring is full. */
static __always_inline int walked(struct seq_file *seq)
{
	bpf_seq_write(seq, "", 1);
	return 0;
}

SEC("iter/task_file")
int walk_files(struct bpf_iter__task_file *ctx)
{
	struct task_struct *t = ctx->task;
	struct file *file = ctx->file;
	__u64 address;

	if (!t || !file)
		return 0;
	address = number_of(file);
	walk_begin(t, address);
	now.id = file->f_inode ? BPF_CORE_READ(file, f_inode, i_ino) : 0;
	reach_fd(address, ctx->fd, FIELD_NUMBER(t, files));
	return walked(ctx->meta->seq);
}

SEC("iter/task")
int walk_tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *t = ctx->task;
	__u32 mark, no_fd = MARK_NO_FD;
	struct signal_struct *signal;
	__u64 address, fdt;
	bool leader;

	if (!t)
		return 0;
	address = number_of(t);
	walk_begin(t, address);
	/* From here on by number: what was read is passed on as one. */
	t = (struct task_struct *)address;
	signal = BPF_CORE_READ(t, signal);
	leader = BPF_CORE_READ(t, pid) == BPF_CORE_READ(t, tgid);
	mark = MARK(BPF_CORE_READ(t, exit_state) ? THING_ZOMBIE : THING_PROCESS, VIA_TASK, no_fd);
	found(address, leader ? mark | MARK_BODY : mark);
	found((__u64)BPF_CORE_READ(t, stack), mark);
	found((__u64)BPF_CORE_READ(t, cred), mark);
	if (bpf_core_field_exists(((struct cred *)0)->session_keyring)) {
		found((__u64)BPF_CORE_READ(t, cred, session_keyring), mark);
		found((__u64)BPF_CORE_READ(t, cred, process_keyring), mark);
		found((__u64)BPF_CORE_READ(t, cred, thread_keyring), mark);
	}
	found((__u64)BPF_CORE_READ(t, real_cred), mark);
	found((__u64)BPF_CORE_READ(t, thread_pid), mark);
	found((__u64)BPF_CORE_READ(t, sighand), mark);
	found((__u64)BPF_CORE_READ(t, fs), mark);
	found((__u64)BPF_CORE_READ(t, nsproxy), mark);
	found((__u64)BPF_CORE_READ(t, io_context), mark);
	found((__u64)BPF_CORE_READ(t, mm), mark);
	found((__u64)BPF_CORE_READ(t, files), mark);
	fdt = (__u64)BPF_CORE_READ(t, files, fdt);
	found(fdt, mark);
	found((__u64)BPF_CORE_READ((struct fdtable *)fdt, fd), mark);
	found((__u64)BPF_CORE_READ((struct fdtable *)fdt, open_fds), mark);
	mark = MARK(THING_SIGNAL_PENDING, VIA_TASK, no_fd) | MARK_BODY;
	reach_list(address + bpf_core_field_offset(struct task_struct, pending.list), 0, mark);
	if (signal && leader) {
		__u64 s = (__u64)signal;

		found(s, MARK(THING_PROCESS, VIA_TASK, no_fd));
		reach_list(s + bpf_core_field_offset(struct signal_struct, shared_pending.list), 0,
			   mark);
		if (bpf_core_field_exists(((struct k_itimer *)0)->list))
			reach_list(s + bpf_core_field_offset(struct signal_struct, posix_timers),
				   bpf_core_field_offset(struct k_itimer, list),
				   MARK(THING_TIMER, VIA_TASK, no_fd) | MARK_BODY);
	}
	return walked(ctx->meta->seq);
}

#define CHAIN_MAX 64

SEC("iter/task_vma")
int walk_vmas(struct bpf_iter__task_vma *ctx)
{
	__u32 no_fd = MARK_NO_FD, mark = MARK(THING_VMA, VIA_TASK, no_fd);
	struct vm_area_struct *vma = ctx->vma;
	struct task_struct *t = ctx->task;
	__u64 address, file, head, at;

	if (!t || !vma)
		return 0;
	address = number_of(vma);
	walk_begin(t, address);
	vma = (struct vm_area_struct *)address;
	found(address, mark | MARK_BODY);
	found((__u64)BPF_CORE_READ(vma, anon_vma), mark);
	head = address + bpf_core_field_offset(struct vm_area_struct, anon_vma_chain);
	at = read_u64(head);
	for (int i = 0; i < CHAIN_MAX && at && at != head; i++) {
		__u64 chain = at - bpf_core_field_offset(struct anon_vma_chain, same_vma);

		found(chain, mark);
		found((__u64)BPF_CORE_READ((struct anon_vma_chain *)chain, anon_vma), mark);
		at = read_u64(at);
	}
	file = (__u64)BPF_CORE_READ(vma, vm_file);
	if (file)
		reach_file(file, MARK(thing_of_file(file), VIA_MAP, no_fd), true);
	return walked(ctx->meta->seq);
}

/* The object whose name is asked for. User space runs named() for each. */
__u64 object;
__u32 object_kind; /* enum name_kind */
/* Answer. THING_NONE: nothing that outlives processes keeps it. */
__u32 thing, device;
__u64 pages, inode_object;
char text[64];

static __always_inline __u32 thing_of_name(__u64 magic, __u32 mode)
{
	switch (magic) {
	case 0x19800202: /* MQUEUE_MAGIC */
		return mode == 0x8000 ? THING_MQUEUE : THING_NONE;
	case 0xcafe4a11: /* BPF_FS_MAGIC */
		return mode == 0x8000 ? THING_BPF_OBJECT : THING_NONE;
	case 0x0027e0eb: /* CGROUP_SUPER_MAGIC */
	case 0x63677270: /* CGROUP2_SUPER_MAGIC */
		return mode == 0x4000 ? THING_CGROUP : THING_NONE;
	case 0x01021994: /* TMPFS_MAGIC */
	case 0x858458f6: /* RAMFS_MAGIC */
	case 0x958458f6: /* HUGETLBFS_MAGIC */
		return THING_TMPFS_FILE;
	}
	return THING_NONE;
}

static __always_inline void reach_mount(struct mount *m)
{
	struct dentry *root = BPF_CORE_READ(m, mnt.mnt_root);
	__u32 mark;

	/* Not in a namespace: let go already, it waits for its last file to close. */
	if (!BPF_CORE_READ(m, mnt_ns))
		return;
	thing = BPF_CORE_READ(m, mnt.mnt_sb, s_magic) == 0x6e736673 /* NSFS_MAGIC */
		    ? THING_NAMESPACE
		    : THING_MOUNT;
	mark = MARK(thing, VIA_NAME, MARK_NO_FD);
	found((__u64)m, mark | MARK_BODY);
	found((__u64)BPF_CORE_READ(m, mnt_mp), mark);
	found((__u64)BPF_CORE_READ(m, mnt_pcp), mark);
	found((__u64)BPF_CORE_READ(m, mnt_devname), mark);
	/* A file or directory that was made to mount on: it is part of that. */
	found((__u64)BPF_CORE_READ(m, mnt_mountpoint), mark);
	found(object_start((__u64)BPF_CORE_READ(m, mnt_mountpoint, d_inode)), mark);
	if (thing != THING_NAMESPACE)
		return;
	found((__u64)root, mark);
	found(object_start((__u64)BPF_CORE_READ(root, d_inode)), mark);
	found(object_start((__u64)BPF_CORE_READ(root, d_inode, i_private)), mark);
}

/* One that ended, or that nothing refers to, is on its way back. */
static __always_inline void reach_key(struct key *k)
{
	if (!BPF_CORE_READ(k, usage.refs.counter) || BPF_CORE_READ(k, flags) & KEY_FLAGS_ENDED)
		return;
	thing = THING_KEY;
	now.id = (__u32)BPF_CORE_READ(k, serial);
	bpf_probe_read_kernel_str(text, sizeof(text), BPF_CORE_READ(k, index_key.description));
	found(object, MARK(thing, VIA_NAME, MARK_NO_FD) | MARK_BODY);
}

/* Up to 6.18 at least the sets of processes in a group were counted in the group, not in its self.
 */
static __always_inline int sets_of(struct cgroup *c)
{
	return bpf_core_field_exists(c->self.nr_populated_csets)
		   ? BPF_CORE_READ(c, self.nr_populated_csets)
		   : BPF_CORE_READ((struct cgroup___csets *)c, nr_populated_csets);
}

/* A group that was removed is not online; one with processes in it is in use. */
static __always_inline void reach_cgroup(struct cgroup *c)
{
	if (!(BPF_CORE_READ(c, self.flags) & CSS_ONLINE) || sets_of(c) ||
	    BPF_CORE_READ(c, nr_populated_domain_children) ||
	    BPF_CORE_READ(c, nr_populated_threaded_children))
		return;
	thing = THING_CGROUP;
	bpf_probe_read_kernel_str(text, sizeof(text), BPF_CORE_READ(c, kn, name));
	found(object, MARK(thing, VIA_NAME, MARK_NO_FD) | MARK_BODY);
}

SEC("raw_tp/sched_process_exit")
int named(struct bpf_raw_tracepoint_args *ctx)
{
	struct dentry *d = (struct dentry *)object;
	struct inode *inode;
	__u32 mark;

	thing = THING_NONE;
	text[0] = 0;
	pages = inode_object = 0;
	__builtin_memset(&now, 0, sizeof(now));
	now.owner = object;
	switch (object_kind) {
	case NAME_MOUNT:
		reach_mount((struct mount *)object);
		return 0;
	case NAME_KEY:
		reach_key((struct key *)object);
		return 0;
	case NAME_CGROUP:
		reach_cgroup((struct cgroup *)object);
		return 0;
	}
	inode = BPF_CORE_READ(d, d_inode);
	if (!inode || !BPF_CORE_READ(inode, i_nlink) || BPF_CORE_READ(d, d_parent) == d)
		return 0;
	thing = thing_of_name(BPF_CORE_READ(inode, i_sb, s_magic),
			      BPF_CORE_READ(inode, i_mode) & 0xf000);
	if (!thing)
		return 0;
	bpf_probe_read_kernel_str(text, sizeof(text), BPF_CORE_READ(d, d_name.name));
	device = BPF_CORE_READ(inode, i_sb, s_dev);
	pages = BPF_CORE_READ(inode, i_mapping, nrpages);
	now.id = BPF_CORE_READ(inode, i_ino);
	mark = MARK(thing, VIA_NAME, MARK_NO_FD);
	found(object, mark | MARK_BODY);
	inode_object = object_start((__u64)inode);
	found(inode_object, mark);
	if (thing == THING_BPF_OBJECT)
		found((__u64)BPF_CORE_READ(inode, i_private), mark);
	return 0;
}

__u32 object_bytes_asked;

#define WORDS	  8
#define WORDS_MAX 8192 /* bytes: the largest slab object */

/* An address of the kernel: of an object or into it, or of a page. */
__noinline int lead(__u64 word)
{
	if (word >> 52 != 0xfff)
		return 0;
	found(word, 0);
	found(object_start(word), 0);
	found(head_of(page_base + (word >> page_shift) * page_struct_bytes), 0);
	return 0;
}

SEC("raw_tp/sched_process_exit")
int words(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 word[WORDS];

	__builtin_memset(&now, 0, sizeof(now));
	for (__u32 at = 0; at < WORDS_MAX && at < object_bytes_asked; at += sizeof(word)) {
		if (bpf_probe_read_kernel(word, sizeof(word), (void *)(object + at)))
			return 0;
		for (__u32 i = 0; i < WORDS; i++) {
			if (at + i * 8 < object_bytes_asked)
				lead(word[i]);
		}
	}
	return 0;
}
