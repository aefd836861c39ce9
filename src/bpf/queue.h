/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * queue.h - what waits in sockets: messages that nobody reads, descriptors in them, connections
 * that nobody accepts. Part of reach.h.
 */
#ifndef FORKTALLY_QUEUE_H
#define FORKTALLY_QUEUE_H

/* Descriptors in a message: whoever reads it gets them. */
static __always_inline void reach_flight(__u64 list, __u32 mark)
{
	struct scm_fp_list *fpl = (struct scm_fp_list *)list;
	int count = BPF_CORE_READ(fpl, count);

	found(list, mark);
	for (int i = 0; i < FLIGHT_MAX && i < count; i++)
		aboard(read_u64(list + bpf_core_field_offset(struct scm_fp_list, fp) + i * 8),
		       mark);
}

/* A page comes first, then how many bytes are used. */
static __always_inline void reach_frag(__u64 frag, __u32 mark)
{
	found_pages(read_u64(frag), (__u32)read_u64(frag + 8), mark);
}

enum queue_kind {
	QUEUE_OTHER,
	QUEUE_UNIX,
	QUEUE_PART
}; /* the last: unix, and no things of their own */

/* One message: its head, its data, and descriptors in it. @kind: enum queue_kind. */
__noinline int reach_message(__u64 address, __u32 mark, __u32 kind)
{
	struct sk_buff *skb = (struct sk_buff *)address;
	__u64 data = (__u64)BPF_CORE_READ(skb, head), list = 0;
	__u64 info = data + BPF_CORE_READ(skb, end), parms;
	__u32 frags = BPF_CORE_READ((struct skb_shared_info *)info, nr_frags);

	if (kind != QUEUE_OTHER) {
		parms = address + bpf_core_field_offset(struct sk_buff, cb);
		list = read_u64(parms + bpf_core_field_offset(struct unix_skb_parms, fp));
		if (list && kind != QUEUE_PART)
			mark = MARK(THING_SOCKET_INFLIGHT, VIA_FLIGHT, MARK_FD(mark));
		found(read_u64(parms + bpf_core_field_offset(struct unix_skb_parms, pid)), mark);
	}
	found(address, kind == QUEUE_PART ? mark : mark | MARK_BODY);
	found(data, mark);
	for (__u32 i = 0; i < FRAGS_MAX && i < frags; i++)
		reach_frag(info + bpf_core_field_offset(struct skb_shared_info, frags) + i * 16,
			   mark);
	if (list)
		reach_flight(list, mark);
	return 0;
}

struct queue_walk {
	__u64 head, at;
	__u32 mark, kind;
};

static long reach_next_message(__u32 i, struct queue_walk *q)
{
	if (!q->at || q->at == q->head)
		return 1;
	reach_message(q->at, q->mark, q->kind);
	q->at = read_u64(q->at);
	return 0;
}

/* What waits to be read in the queue of a socket. */
static __always_inline int reach_queue(__u64 sock, __u32 mark, __u32 kind)
{
	struct queue_walk q = {.head = sock + bpf_core_field_offset(struct sock, sk_receive_queue),
			       .mark = mark,
			       .kind = kind};

	q.at = read_u64(q.head);
	if (HAS_LOOP)
		return bpf_loop(QUEUE_LONG, reach_next_message, &q, 0);
	for (int i = 0; i < QUEUE_SHORT && !reach_next_message(i, &q); i++)
		;
	return 0;
}

static __always_inline bool sock_listens(__u64 sock)
{
	return BPF_CORE_READ((struct sock *)sock, __sk_common.skc_state) == TCP_LISTEN;
}

/*
 * Connections that wait in a unix socket that listens. Each is a socket that no file leads to, its
 * other side, and what was sent by then. One loop for all: calls may not nest deeper.
 */
struct backlog_walk {
	__u64 head, at;
	__u64 queue, message; /* of the connection; the latter 0: none of it is left */
	__u32 mark;
};

static long reach_next_waiting(__u32 i, struct backlog_walk *w)
{
	struct sock *sk, *peer;
	struct sk_buff *skb;

	if (w->message && w->message != w->queue) {
		reach_message(w->message, w->mark, QUEUE_PART);
		w->message = read_u64(w->message);
		return 0;
	}
	if (!w->at || w->at == w->head)
		return 1;
	skb = (struct sk_buff *)w->at;
	sk = BPF_CORE_READ(skb, sk);
	peer = BPF_CORE_READ((struct unix_sock *)sk, peer);
	found((__u64)sk, w->mark | MARK_BODY);
	found(w->at, w->mark);
	found((__u64)BPF_CORE_READ(sk, sk_peer_pid), w->mark);
	found((__u64)BPF_CORE_READ(sk, sk_peer_cred), w->mark);
	found((__u64)peer, w->mark);
	found((__u64)BPF_CORE_READ(peer, sk_peer_pid), w->mark);
	found((__u64)BPF_CORE_READ(peer, sk_peer_cred), w->mark);
	w->queue = (__u64)sk + bpf_core_field_offset(struct sock, sk_receive_queue);
	w->message = sk ? read_u64(w->queue) : 0;
	w->at = read_u64(w->at);
	return 0;
}

static __always_inline int reach_backlog(__u64 sock, __u32 mark)
{
	struct backlog_walk w = {
	    .head = sock + bpf_core_field_offset(struct sock, sk_receive_queue), .mark = mark};

	w.at = read_u64(w.head);
	if (HAS_LOOP)
		return bpf_loop(QUEUE_LONG, reach_next_waiting, &w, 0);
	for (int i = 0; i < QUEUE_SHORT && !reach_next_waiting(i, &w); i++)
		;
	return 0;
}

#endif
