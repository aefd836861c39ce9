/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * reach.h - which kernel objects an open file is made of, and what kind of thing that is.
 *
 * The includer defines before, what is done with each object: found(address, mark), a global
 * function; and page_base, page_shift, page_struct_bytes as in tables.h. One that tells what a file
 * is made of from what it refers to defines REACH_APART, and
 *	led(address, mark)		  it leads there: the other end of a socket, who opened it
 *	common(address, mark)		  some files have it in common: both ends of a terminal
 *	aboard(file, mark)		  an open file in a message
 *	found_pages(page, bytes, mark)    a page, or as many as it takes for so many bytes
 * What is called often is a global function of plain numbers: the
 * kernel verifies each once. Calls may only nest 8 deep. Kinds are told by what the kernel shows to
 * everyone (file system magic, mode, address family, the name of an anonymous inode), not by
 * addresses of its functions.
 */
#ifndef FORKTALLY_REACH_H
#define FORKTALLY_REACH_H

#include "kernel.h"
#include "event/event.h"

#ifndef REACH_APART
#define led			       found
#define common			       found
#define aboard(file, mark)	       reach_file(file, mark, false)
#define found_pages(page, bytes, mark) found(page, mark)
#endif

#define PIPE_BUFFERS_MAX  256
#define QUEUE_SHORT	  256 /* messages of one queue, where the kernel has no bpf_loop */
#define QUEUE_LONG	  65536
#define FLIGHT_MAX	  253
#define FRAGS_MAX	  17
#define WATCHES_MAX	  64 /* epoll sets that one file is in */
#define INOTIFY_MARKS_MAX 1024

/* The start of the slab object that an address lies in, or the address. */
static __always_inline __u64 object_start(__u64 address)
{
	__u64 page, cache, first;
	__u32 size = 0;

	if (!page_base)
		return address;
	page = head_of(page_base + (address >> page_shift) * page_struct_bytes);
	cache = cache_of(page);
	bpf_probe_read_kernel(&size, sizeof(size),
			      (void *)(cache + bpf_core_field_offset(struct kmem_cache, size)));
	if (!size)
		return address;
	first = (page - page_base) / page_struct_bytes << page_shift;
	return first + (address - first) / size * size;
}

/* How large the slab object is that an address lies in, 0: not known. */
static __always_inline __u32 object_bytes(__u64 address)
{
	__u64 cache;
	__u32 size = 0;

	if (!page_base || !address)
		return 0;
	cache = cache_of(head_of(page_base + (address >> page_shift) * page_struct_bytes));
	bpf_probe_read_kernel(&size, sizeof(size),
			      (void *)(cache + bpf_core_field_offset(struct kmem_cache, size)));
	return size;
}

/* Does the name begin so? At most 8 letters, which become one number at compile time. */
#define NAME_IS(name, text)                                                                        \
	({                                                                                         \
		__u64 want_ = 0, mask_ = 0;                                                        \
		__builtin_memcpy(&want_, text, sizeof(text) - 1);                                  \
		__builtin_memset(&mask_, 0xff, sizeof(text) - 1);                                  \
		((name)&mask_) == want_;                                                           \
	})

static __always_inline __u32 thing_of_anonymous(__u64 name)
{
	if (NAME_IS(name, "[eventfd"))
		return THING_FD_EVENTFD;
	if (NAME_IS(name, "[eventpo"))
		return THING_FD_EPOLL;
	if (NAME_IS(name, "[timerfd"))
		return THING_FD_TIMERFD;
	if (NAME_IS(name, "[signalf"))
		return THING_FD_SIGNALFD;
	if (NAME_IS(name, "inotify") || NAME_IS(name, "[inotify"))
		return THING_FD_INOTIFY;
	if (NAME_IS(name, "[pidfd"))
		return THING_FD_PIDFD;
	if (NAME_IS(name, "bpf"))
		return THING_FD_BPF;
	if (NAME_IS(name, "[io_urin"))
		return THING_FD_IO_URING;
	if (NAME_IS(name, "[aio]"))
		return THING_AIO;
	return THING_FD_OTHER;
}

static __always_inline __u32 thing_of_socket(struct socket *socket)
{
	struct sock *sk = BPF_CORE_READ(socket, sk);
	__u32 state = BPF_CORE_READ(sk, __sk_common.skc_state);

	switch (BPF_CORE_READ(sk, __sk_common.skc_family)) {
	case 1: /* AF_UNIX */
		return THING_FD_SOCKET_UNIX;
	case 2:	 /* AF_INET */
	case 10: /* AF_INET6 */
		/* The other side has closed, or reset what was connected; nobody here has taken
		 * note. */
		if (state == TCP_CLOSE_WAIT ||
		    (state == TCP_CLOSE && BPF_CORE_READ(socket, state) == SS_CONNECTED))
			return THING_SOCKET_CLOSEWAIT;
		return THING_FD_SOCKET_INET;
	default:
		return THING_FD_SOCKET_OTHER;
	}
}

/* What kind of thing an open file is. */
__noinline int thing_of_file(__u64 address)
{
	struct file *file = (struct file *)address;
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	__u32 mode = BPF_CORE_READ(inode, i_mode) & 0xf000, rdev = BPF_CORE_READ(inode, i_rdev);
	__u64 magic = BPF_CORE_READ(inode, i_sb, s_magic);
	struct socket *socket = BPF_CORE_READ(file, private_data);
	const void *text = BPF_CORE_READ(file, f_path.dentry, d_name.name);
	bool deleted = !BPF_CORE_READ(inode, i_nlink);
	__u64 name = 0;

	bpf_probe_read_kernel(&name, sizeof(name), text);
	if (mode == 0x1000)
		return THING_FD_PIPE;
	if (mode == 0xc000)
		return thing_of_socket(socket);
	switch (magic) {
	case 0x50494446: /* PID_FS_MAGIC */
		return THING_FD_PIDFD;
	case 0x6e736673: /* NSFS_MAGIC */
		return THING_FD_NAMESPACE;
	case 0x19800202: /* MQUEUE_MAGIC */
		return mode == 0x8000 ? THING_MQUEUE : THING_FD_DIR;
	case 0x09041934: /* ANON_INODE_FS_MAGIC */
	case 0xa10a10a1: /* AIO_RING_MAGIC */
		return thing_of_anonymous(name);
	}
	if (mode == 0x4000)
		return THING_FD_DIR;
	if (mode == 0x2000) {
		__u32 major = rdev >> 20;

		return (major >= 128 && major < 144) || rdev == (5 << 20 | 2) ? THING_FD_PTY
									      : THING_FD_OTHER;
	}
	if (mode != 0x8000)
		return THING_FD_OTHER;
	if (NAME_IS(name, "memfd:") || magic == 0x5345434d /* SECRETMEM_MAGIC */)
		return THING_FD_MEMFD;
	if (deleted && NAME_IS(name, "SYSV"))
		return THING_IPC_SHM;
	return deleted ? THING_FD_FILE_DELETED : THING_FD_FILE;
}

static __always_inline int reach_pipe(__u64 address, __u32 mark, __u32 body)
{
	struct pipe_inode_info *pipe = (struct pipe_inode_info *)address;
	__u32 head, tail, ring;
	__u64 bufs;

	found(address, body ? mark | MARK_BODY : mark);
	bufs = (__u64)BPF_CORE_READ(pipe, bufs);
	found(bufs, mark);
	if (bpf_core_field_exists(((struct pipe_inode_info *)0)->tmp_page)) {
		found_pages((__u64)BPF_CORE_READ(pipe, tmp_page[0]), 1, mark);
		found_pages((__u64)BPF_CORE_READ(pipe, tmp_page[1]), 1, mark);
	} else {
		found_pages((__u64)BPF_CORE_READ((struct pipe_inode_info___one *)pipe, tmp_page), 1,
			    mark);
	}
	if (!bpf_core_field_exists(((struct pipe_inode_info *)0)->ring_size))
		return 0;
	head = BPF_CORE_READ(pipe, head);
	tail = BPF_CORE_READ(pipe, tail);
	ring = BPF_CORE_READ(pipe, ring_size);
	for (__u32 i = 0; i < PIPE_BUFFERS_MAX && i < ring && tail + i != head; i++)
		found_pages(read_u64(bufs +
				     (__u64)((tail + i) & (ring - 1)) *
					 bpf_core_type_size(struct pipe_buffer) +
				     bpf_core_field_offset(struct pipe_buffer, page)),
			    1, mark);
	return 0;
}

static __always_inline void reach_tty(__u64 address, __u32 mark)
{
	struct tty_struct *tty = (struct tty_struct *)address;

	common(address, mark);
	common((__u64)BPF_CORE_READ(tty, port), mark);
	common((__u64)BPF_CORE_READ(tty, disc_data), mark);
	common((__u64)BPF_CORE_READ(tty, ldisc), mark);
}

/* What all open files of one inode have in common: the inode, its name, a pipe's insides. */
__noinline int reach_inode(__u64 address, __u32 mark, __u32 body)
{
	struct file *file = (struct file *)address;
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	found(object_start((__u64)inode), mark);
	found((__u64)BPF_CORE_READ(file, f_path.dentry), mark);
	if (BPF_CORE_READ(inode, i_sb, s_magic) == 0x9fa0 /* PROC_SUPER_MAGIC */)
		led(read_u64(object_start((__u64)inode)), mark); /* the process it is about */
	if ((BPF_CORE_READ(inode, i_mode) & 0xf000) == 0x1000)
		return reach_pipe((__u64)BPF_CORE_READ(file, private_data), mark, body);
	return 0;
}

/*
 * The file itself and what only it has; a socket's insides, but not what waits in a queue.
 * @body: 0 where it is no thing of its own.
 */
__noinline int reach_file_alone(__u64 address, __u32 mark, __u32 body)
{
	struct file *file = (struct file *)address;
	__u32 mode = BPF_CORE_READ(file, f_inode, i_mode) & 0xf000;
	__u64 private = (__u64)BPF_CORE_READ(file, private_data);
	__u32 thing = MARK_THING(mark);

	found(address, body && mode != 0x1000 ? mark | MARK_BODY : mark);
	led((__u64)BPF_CORE_READ(file, f_cred), mark);
	if (mode == 0x1000)
		return 0;
	if (mode == 0xc000) {
		struct sock *sk = BPF_CORE_READ((struct socket *)private, sk);

		found((__u64)sk, mark);
		led((__u64)BPF_CORE_READ(sk, sk_peer_pid), mark);
		led((__u64)BPF_CORE_READ(sk, sk_peer_cred), mark);
		if (thing == THING_FD_SOCKET_UNIX) {
			struct unix_sock *u = (struct unix_sock *)sk;
			struct sock *peer = BPF_CORE_READ(u, peer);

			found((__u64)BPF_CORE_READ(u, addr), mark);
			led((__u64)peer, mark);
			led((__u64)BPF_CORE_READ(peer, sk_peer_pid), mark);
			led((__u64)BPF_CORE_READ(peer, sk_peer_cred), mark);
		} else if (bpf_core_field_exists(sk->sk_protocol) &&
			   BPF_CORE_READ(sk, sk_protocol) == 6 /* IPPROTO_TCP */) {
			/* Its port, which those that it accepted have too. */
			struct inet_connection_sock *c = (struct inet_connection_sock *)sk;

			common((__u64)BPF_CORE_READ(c, icsk_bind_hash), mark);
			if (bpf_core_field_exists(c->icsk_bind2_hash))
				common((__u64)BPF_CORE_READ(c, icsk_bind2_hash), mark);
		}
		return 0;
	}
	if (thing == THING_FD_PIDFD) {
		led(private, mark); /* until 6.8, and from then on: */
		led((__u64)BPF_CORE_READ(file, f_inode, i_private), mark);
	} else if (thing == THING_FD_PTY) {
		struct tty_struct *tty = BPF_CORE_READ((struct tty_file_private *)private, tty);
		struct tty_struct *link = BPF_CORE_READ(tty, link);

		found(private, mark);
		reach_tty((__u64)tty, mark);
		reach_tty((__u64)link, mark);
	} else if (private && thing != THING_FD_FILE && thing != THING_FD_DIR &&
		   thing != THING_FD_FILE_DELETED) {
		found(private, mark);
	}
	return 0;
}

/* An open file with all it is made of. */
static __always_inline int reach_file(__u64 address, __u32 mark, __u32 body)
{
	reach_inode(address, mark, body);
	return reach_file_alone(address, mark, body);
}

/* The epoll sets that watch this file: their entries are freed with it. */
static __always_inline int reach_watches(__u64 address, __u32 mark)
{
	struct file *file = (struct file *)address;
	__u64 head, node, wait;

	if (!bpf_core_field_exists(((struct file *)0)->f_ep))
		return 0;
	head = (__u64)BPF_CORE_READ(file, f_ep);
	if (!head)
		return 0;
	found(head, mark);
	node = read_u64(head);
	for (int i = 0; i < WATCHES_MAX && node; i++) {
		__u64 item = node - bpf_core_field_offset(struct epitem, fllink);

		found(item, mark);
		wait = (__u64)BPF_CORE_READ((struct epitem *)item, pwqlist);
		for (int j = 0; j < 2 && wait; j++) {
			found(wait, mark);
			wait = read_u64(wait);
		}
		node = read_u64(node);
	}
	return 0;
}

static __always_inline int reach_inotify(__u64 group, __u32 mark)
{
	__u64 head = group + bpf_core_field_offset(struct fsnotify_group, marks_list);
	__u64 at = read_u64(head);

	for (int i = 0; i < INOTIFY_MARKS_MAX && at && at != head; i++) {
		found(at - bpf_core_field_offset(struct fsnotify_mark, g_list), mark);
		at = read_u64(at);
	}
	return 0;
}

#include "queue.h"

struct list_walk {
	__u64 head, at;
	__u32 offset, mark;
};

static long reach_next_node(__u32 i, struct list_walk *w)
{
	if (!w->at || w->at == w->head)
		return 1;
	found(w->at - w->offset, w->mark);
	w->at = read_u64(w->at);
	return 0;
}

/* All objects of a list, whose links lie at offset. */
__noinline int reach_list(__u64 head, __u32 offset, __u32 mark)
{
	struct list_walk w = {.head = head, .offset = offset, .mark = mark};

	w.at = read_u64(head);
	if (HAS_LOOP)
		return bpf_loop(QUEUE_LONG, reach_next_node, &w, 0);
	for (int i = 0; i < QUEUE_SHORT && !reach_next_node(i, &w); i++)
		;
	return 0;
}

struct lock_walk {
	__u64 head, at, owner;
	__u32 mark;
};

static long reach_next_lock(__u32 i, struct lock_walk *w)
{
	bool core = bpf_core_type_exists(struct file_lock_core);
	__u64 lock;

	if (!w->at || w->at == w->head)
		return 1;
	lock = w->at - (core ? bpf_core_field_offset(struct file_lock_core, flc_list)
			     : bpf_core_field_offset(struct file_lock, fl_list));
	w->at = read_u64(w->at);
	if (read_u64(lock + (core ? bpf_core_field_offset(struct file_lock_core, flc_owner)
				  : bpf_core_field_offset(struct file_lock, fl_owner))) == w->owner)
		found(lock, w->mark);
	return 0;
}

__noinline int reach_locks(__u64 head, __u64 owner, __u32 mark)
{
	struct lock_walk w = {.head = head, .owner = owner, .mark = mark};

	w.at = read_u64(head);
	if (HAS_LOOP)
		return bpf_loop(QUEUE_LONG, reach_next_lock, &w, 0);
	for (int i = 0; i < QUEUE_SHORT && !reach_next_lock(i, &w); i++)
		;
	return 0;
}

/* Locks of the file that go when this table of files, or this open file, is closed. */
static __always_inline void reach_file_locks(__u64 address, __u64 files, __u32 mark)
{
	struct file *file = (struct file *)address;
	__u64 c;

	if (!bpf_core_field_exists(((struct inode *)0)->i_flctx))
		return;
	c = (__u64)BPF_CORE_READ(file, f_inode, i_flctx);
	if (!c)
		return;
	mark = MARK(THING_LOCK, VIA_FD, MARK_FD(mark)) | MARK_BODY;
	reach_locks(c + bpf_core_field_offset(struct file_lock_context, flc_posix), files, mark);
	reach_locks(c + bpf_core_field_offset(struct file_lock_context, flc_flock), address, mark);
	reach_locks(c + bpf_core_field_offset(struct file_lock_context, flc_lease), address, mark);
}

/* Everything that process gives back when it closes fd. @files: its table of open files. */
__noinline int reach_fd(__u64 address, __u32 fd, __u64 files)
{
	struct file *file = (struct file *)address;
	__u32 thing = thing_of_file(address);
	__u32 mark = MARK(thing, VIA_FD, fd < MARK_NO_FD ? fd : MARK_NO_FD - 1);
	__u64 private = (__u64)BPF_CORE_READ(file, private_data), sk;

	reach_file(address, mark, true);
	reach_watches(address, mark);
	reach_file_locks(address, files, mark);
	switch (thing) {
	case THING_FD_INOTIFY:
		return reach_inotify(private, mark);
	case THING_FD_SOCKET_UNIX:
	case THING_FD_SOCKET_INET:
	case THING_FD_SOCKET_OTHER:
	case THING_SOCKET_CLOSEWAIT:
		sk = (__u64)BPF_CORE_READ((struct socket *)private, sk);
		if (thing == THING_FD_SOCKET_UNIX && sock_listens(sk))
			return reach_backlog(sk,
					     MARK(THING_SOCKET_BACKLOG, VIA_QUEUE, MARK_FD(mark)));
		return reach_queue(sk, MARK(THING_SOCKET_UNREAD, VIA_QUEUE, MARK_FD(mark)),
				   thing == THING_FD_SOCKET_UNIX);
	}
	return 0;
}

#endif
