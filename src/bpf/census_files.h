/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * census_files.h - what open files cost: reach.h says what each is made of.
 */
#ifndef FORKTALLY_CENSUS_FILES_H
#define FORKTALLY_CENSUS_FILES_H

#include "census_put.h"

static const __u8 kind_of_thing[THING_KINDS] = {
    [THING_FD_PIPE] = KIND_FD_PIPE,
    [THING_FD_SOCKET_UNIX] = KIND_FD_SOCKET_UNIX,
    [THING_FD_SOCKET_INET] = KIND_FD_SOCKET_INET,
    [THING_SOCKET_CLOSEWAIT] = KIND_FD_SOCKET_INET,
    [THING_FD_SOCKET_OTHER] = KIND_FD_SOCKET_OTHER,
    [THING_FD_EVENTFD] = KIND_FD_EVENTFD,
    [THING_FD_EPOLL] = KIND_FD_EPOLL,
    [THING_FD_TIMERFD] = KIND_FD_TIMERFD,
    [THING_FD_SIGNALFD] = KIND_FD_SIGNALFD,
    [THING_FD_PIDFD] = KIND_FD_PIDFD,
    [THING_FD_INOTIFY] = KIND_FD_INOTIFY,
    [THING_FD_MEMFD] = KIND_FD_MEMFD,
    [THING_FD_PTY] = KIND_FD_PTY,
    [THING_FD_DIR] = KIND_FD_DIR,
    [THING_FD_FILE] = KIND_FD_FILE,
    [THING_FD_FILE_DELETED] = KIND_FD_FILE_DELETED,
    [THING_FD_BPF] = KIND_FD_BPF,
    [THING_FD_IO_URING] = KIND_FD_IO_URING,
    [THING_FD_NAMESPACE] = KIND_FD_NAMESPACE,
    [THING_IPC_SHM] = KIND_IPC,
    [THING_SOCKET_UNREAD] = KIND_SOCKET_UNREAD,
    [THING_SOCKET_BACKLOG] = KIND_SOCKET_UNREAD,
    [THING_SOCKET_INFLIGHT] = KIND_SOCKET_INFLIGHT,
    [THING_LOCK] = KIND_LOCK,
    [THING_SIGNAL_PENDING] = KIND_SIGNAL_PENDING,
    [THING_TIMER] = KIND_TIMER,
};

static __always_inline __u32 kind_of(__u32 mark)
{
	__u32 thing = MARK_THING(mark), kind = 0;

	if (thing < THING_KINDS)
		kind = kind_of_thing[thing];
	return kind ? kind : KIND_FD_OTHER;
}

static __always_inline int found(__u64 address, __u32 mark)
{
	return put(address, kind_of(mark), mark >> 31, 0);
}

static __always_inline void led(__u64 address, __u32 mark)
{
}

__noinline int common(__u64 address, __u32 mark)
{
	put_common(address, kind_of(mark), 0);
	return 0;
}

__noinline int found_pages(__u64 page, __u64 bytes, __u32 mark)
{
	put_page(page, bytes, MARK_THING(mark) == THING_FD_PIPE ? KIND_PIPE_DATA : kind_of(mark));
	return 0;
}

__noinline int census_aboard(__u64 file);
#define aboard(file, mark) census_aboard(file)

#define REACH_APART
#include "reach.h"

/* An open file in a message: only the file itself; who else has it open has counted the rest. */
__noinline int census_aboard(__u64 file)
{
	put_common(file, kind_of(MARK(thing_of_file(file), 0, 0)), 1);
	return 0;
}

#define ANON_INODE_MAGIC 0x09041934
#define TMPFS_MAGIC	 0x01021994

/*
 * The tree that finds a file's pages: 64 in a node. Counted as if there were no gaps in the file;
 * one page alone needs none.
 */
static __always_inline void put_page_tree(__u64 inode, __u64 pages, __u32 kind)
{
	struct address_space___c *m = (void *)BPF_CORE_READ((struct inode *)inode, i_mapping);
	__u64 head, page, vector, payer = 0, nodes = 0;
	__u32 size;

	if (!bpf_core_field_exists(m->i_pages))
		return;
	head = (__u64)BPF_CORE_READ(m, i_pages.xa_head);
	if ((head & 3) != 2 || head <= 4096)
		return;
	head -= 2;
	for (int i = 0; i < 6 && (pages > 1 || !i); i++)
		nodes += pages = (pages + 63) / 64;
	size = slab_bytes(head, &page);
	if (!size)
		return;
	if (depth == CENSUS_PAYERS) {
		vector = payers_of(page) & PAYER_MASK;
		payer = vector ? memcg_of(payer_in(vector, page, head, size)) : 0;
	}
	hold(head, nodes * size, nodes * (size + payer_bytes), payer, KIND_COUNT(kind, 0));
}

/* Memory that a file in memory has: of the shared pool, divided among all who hold it. */
static __always_inline void put_shared_memory(__u64 file, __u64 inode, __u32 thing)
{
	__u64 pages = BPF_CORE_READ((struct inode *)inode, i_mapping, nrpages), name = 0;
	__u32 kind = KIND_SHM_FILE;

	if (!pages)
		return;
	bpf_probe_read_kernel(&name, sizeof(name),
			      BPF_CORE_READ((struct file *)file, f_path.dentry, d_name.name));
	if (thing == THING_FD_MEMFD)
		kind = KIND_SHM_MEMFD;
	else if (thing == THING_IPC_SHM)
		kind = KIND_SHM_SYSV;
	else if (NAME_IS(name, "dev/zero"))
		kind = KIND_SHM_ANONYMOUS;
	hold(inode, pages << page_shift, 0, 0, KIND_COUNT(kind, 1));
	put_page_tree(inode, pages, kind_of(MARK(thing, 0, 0)));
}

static __always_inline __u64 private_of(__u64 file)
{
	return FIELD_NUMBER((struct file *)file, private_data);
}

/* What waits in the queues of a socket. Queues between unix sockets are walked, others counted. */
static __always_inline void put_queues(__u64 file, __u32 mark)
{
	__u64 sk = (__u64)BPF_CORE_READ((struct file *)file, private_data);
	struct sock___c *s;
	__s64 bytes;

	sk = (__u64)BPF_CORE_READ((struct socket *)sk, sk);
	if (MARK_THING(mark) == THING_FD_SOCKET_UNIX) {
		reach_queue(sk, MARK(THING_SOCKET_UNREAD, VIA_QUEUE, MARK_FD(mark)), 1);
		return;
	}
	s = (struct sock___c *)sk;
	bytes = BPF_CORE_READ(s, sk_backlog.rmem_alloc.counter);
	if (bytes > 0)
		book(sk, bytes, 0, 0,
		     KIND_COUNT(KIND_SOCKET_UNREAD,
				BPF_CORE_READ((struct sock *)sk, sk_receive_queue.qlen)));
	bytes = BPF_CORE_READ(s, sk_wmem_queued);
	if (bytes > 0)
		book(sk, bytes, 0, 0,
		     KIND_COUNT(KIND_SOCKET_UNSENT,
				BPF_CORE_READ((struct sock *)sk, sk_write_queue.qlen)));
}

static __always_inline void put_io_uring(__u64 file)
{
	struct io_ring_ctx *ring = (void *)BPF_CORE_READ((struct file *)file, private_data);
	__u64 pages;

	if (!bpf_core_field_exists(ring->ring_region))
		return;
	pages = BPF_CORE_READ(ring, ring_region.nr_pages) + BPF_CORE_READ(ring, sq_region.nr_pages);
	book(number_of(ring) + 1, pages << page_shift, pages << page_shift, now.payer,
	     KIND_COUNT(KIND_FD_IO_URING, 0));
}

#define WHAT_INODE 0x100

/**
 * census_file() - an open file, with all it is made of.
 * @fd: MARK_NO_FD: it is mapped.
 * @files: the table it is open in.
 */
__noinline int census_file(__u64 file, __u32 fd, __u64 files)
{
	struct file___c *f = (struct file___c *)file;
	struct inode *inode = BPF_CORE_READ((struct file *)file, f_inode);
	__u64 magic = BPF_CORE_READ(inode, i_sb, s_magic);
	bool shared = fd == MARK_NO_FD || file_is_shared(file);
	__u32 thing = thing_of_file(file);
	__u32 mark = MARK(thing, VIA_FD, MARK_NO_FD);
	/* One that loses its name while we look is what it was. */
	__u32 what = thing == THING_FD_FILE_DELETED ? THING_FD_FILE : thing;

	if (!group_begin(shared ? file : 0, what)) {
		reach_file_alone(file, mark, true);
		found(BPF_CORE_READ(f, f_security) ? (__u64)BPF_CORE_READ(f, f_security) : 0, mark);
		reach_watches(file, MARK(THING_FD_EPOLL, VIA_FD, MARK_NO_FD));
		switch (thing) {
		case THING_FD_INOTIFY:
			reach_inotify((__u64)BPF_CORE_READ((struct file *)file, private_data),
				      mark);
			break;
		case THING_FD_IO_URING:
			put_io_uring(file);
			break;
		case THING_IPC_SHM:
			common((__u64)BPF_CORE_READ((struct shm_file_data *)private_of(file), file),
			       mark);
			break;
		case THING_FD_SOCKET_UNIX:
		case THING_FD_SOCKET_INET:
		case THING_FD_SOCKET_OTHER:
		case THING_SOCKET_CLOSEWAIT:
			put_queues(file, mark);
			break;
		}
		/* Of its inode all others of the same kind are in use too: only its name is its
		 * own. */
		if (magic == ANON_INODE_MAGIC)
			found((__u64)BPF_CORE_READ((struct file *)file, f_path.dentry), mark);
		group_end();
	}
	if (magic == ANON_INODE_MAGIC || !inode)
		return 0;
	if (thing == THING_FD_PIPE) {
		struct pipe_inode_info___c *pipe =
		    (void *)BPF_CORE_READ((struct file *)file, private_data);

		shared = shared || BPF_CORE_READ(pipe, files) > 1;
	} else if ((BPF_CORE_READ(inode, i_mode) & 0xf000) != 0xc000) {
		shared = true;
	}
	if (!group_begin(shared ? (__u64)inode : 0, what | WHAT_INODE)) {
		reach_inode(file, mark, true);
		group_end();
	}
	if (magic == TMPFS_MAGIC)
		put_shared_memory(file, (__u64)inode, thing);
	if (files)
		reach_file_locks(file, files, mark);
	return 0;
}

struct table_walk {
	__u64 files, fds, bits, word;
	__u32 words, next, base;
};

/* The next open file of a table, by its map of those in use. */
static long next_file(__u32 i, struct table_walk *w)
{
	__u64 file, low;
	__u32 bit;

	for (int k = 0; k < 8 && !w->word; k++) {
		if (w->next >= w->words)
			return 1;
		w->word = read_u64(w->bits + (__u64)w->next * 8);
		w->base = w->next++ * 64;
	}
	if (!w->word)
		return 0;
	low = w->word & -w->word;
	w->word ^= low;
	bit = (low & 0xffffffff00000000 ? 32 : 0) + (low & 0xffff0000ffff0000 ? 16 : 0) +
	      (low & 0xff00ff00ff00ff00 ? 8 : 0) + (low & 0xf0f0f0f0f0f0f0f0 ? 4 : 0) +
	      (low & 0xcccccccccccccccc ? 2 : 0) + (low & 0xaaaaaaaaaaaaaaaa ? 1 : 0);
	file = read_u64(w->fds + (__u64)(w->base + bit) * 8);
	if (file)
		census_file(file, w->base + bit, w->files);
	return 0;
}

#define FILES_MAX (1u << 22)

/* A table of open files, and what is in it. */
__noinline int census_files(__u64 files)
{
	__u64 own = files + bpf_core_field_offset(struct files_struct___c, fdtab), table, bits;
	__u32 max;

	put(files, KIND_FD_TABLE, 1, 0);
	table = (__u64)BPF_CORE_READ((struct files_struct *)files, fdt);
	bits = (__u64)BPF_CORE_READ((struct fdtable *)table, open_fds);
	max = BPF_CORE_READ((struct fdtable *)table, max_fds);
	struct table_walk w = {.files = files,
			       .fds = (__u64)BPF_CORE_READ((struct fdtable *)table, fd),
			       .bits = bits,
			       .words = (max + 63) / 64};
	/* The first table of 64 is inside. */
	if (table != own) {
		put(table, KIND_FD_TABLE, 0, 0);
		put(w.fds, KIND_FD_TABLE, 0, (__u64)max * 8);
		put(bits, KIND_FD_TABLE, 0, (__u64)max / 4);
	}
	bpf_loop(FILES_MAX, next_file, &w, 0);
	return 0;
}

struct count_walk {
	__u64 bits;
	__u32 words, count;
};

static long next_word(__u32 i, struct count_walk *w)
{
	__u64 word;

	if (i >= w->words)
		return 1;
	word = read_u64(w->bits + (__u64)i * 8);
	word -= word >> 1 & 0x5555555555555555;
	word = (word & 0x3333333333333333) + (word >> 2 & 0x3333333333333333);
	word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0f;
	w->count += word * 0x0101010101010101 >> 56;
	return 0;
}

/* How many files are open in a table. */
__noinline int count_files(__u64 files)
{
	struct fdtable *table = BPF_CORE_READ((struct files_struct *)files, fdt);
	struct count_walk w = {.bits = (__u64)BPF_CORE_READ(table, open_fds),
			       .words = (BPF_CORE_READ(table, max_fds) + 63) / 64};

	if (w.words <= 4) {
		for (__u32 i = 0; i < 4 && !next_word(i, &w); i++)
			;
		return w.count;
	}
	bpf_loop(FILES_MAX / 64, next_word, &w, 0);
	return w.count;
}

#endif
