/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "source/socket_look.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "event/event.h"

#define ANSWER_BYTES 32768

/* "0100007F:0050": words of 32 bits as the machine stores them. */
static int parse_address(const char *text, char *ret, size_t size)
{
	uint32_t word[4];
	char host[INET6_ADDRSTRLEN];
	unsigned port, words = 0;

	while (words < 4 && strlen(text) >= (words + 1) * 8 &&
	       sscanf(text + words * 8, "%8x", &word[words]) == 1) {
		words++;
		if (text[words * 8] == ':')
			break;
	}
	if ((words != 1 && words != 4) || sscanf(text + words * 8, ":%x", &port) != 1)
		return -EINVAL;
	if (!inet_ntop(words == 1 ? AF_INET : AF_INET6, word, host, sizeof(host)))
		return -EINVAL;
	(void)snprintf(ret, size, words == 1 ? "%s:%u" : "[%s]:%u", host, port);
	return 0;
}

int socket_parse_inet(const char *line, const char *protocol, struct socket_fact *ret_fact)
{
	static const char *const states[] = {
	    "",		 "established", "SYN sent",   "SYN received", "FIN wait 1", "FIN wait 2",
	    "TIME wait", "closed",	"CLOSE wait", "last ACK",     "listening",  "closing"};
	char local[40], remote[40], from[64], to[64];
	unsigned state, sent, received;
	unsigned long long inode;
	bool tcp = !strncmp(protocol, "TCP", 3);

	if (sscanf(line, " %*u: %39s %39s %x %x:%x %*s %*s %*s %*s %llu", local, remote, &state,
		   &sent, &received, &inode) != 6 ||
	    parse_address(local, from, sizeof(from)) || parse_address(remote, to, sizeof(to)))
		return -EINVAL;
	*ret_fact = (struct socket_fact){.inode = inode, .queued_bytes = (int64_t)sent + received};
	if (tcp && state == 10) {
		/* Its queue counts connections. */
		ret_fact->queued_bytes = 0;
		(void)snprintf(ret_fact->words, sizeof(ret_fact->words),
			       "%s listening on %s, %u waiting to be accepted", protocol, from,
			       received);
	} else if (!strncmp(to, "0.0.0.0:0", 10) || !strncmp(to, "[::]:0", 7)) {
		(void)snprintf(ret_fact->words, sizeof(ret_fact->words), "%s on %s", protocol,
			       from);
	} else {
		(void)snprintf(ret_fact->words, sizeof(ret_fact->words), "%s %s to %s%s%s",
			       protocol, from, to, tcp ? ", " : "",
			       tcp && state < sizeof(states) / sizeof(states[0]) ? states[state]
										 : "");
	}
	return 0;
}

void socket_each_inet(int dir_fd, struct procfs_text *scratch,
		      void (*fn)(void *ctx, const struct socket_fact *fact), void *ctx)
{
	static const char *const files[][2] = {{"net/tcp", "TCP"},
					       {"net/tcp6", "TCP"},
					       {"net/udp", "UDP"},
					       {"net/udp6", "UDP"},
					       {"net/raw", "raw IP"}};
	struct socket_fact fact;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (procfs_read(dir_fd, files[i][0], scratch))
			continue;
		for (const char *line = strchr(scratch->data, '\n'); line && line[1];
		     line = strchr(line + 1, '\n')) {
			if (!socket_parse_inet(line + 1, files[i][1], &fact))
				fn(ctx, &fact);
		}
	}
}

/* A name may be abstract: its first byte is 0 then, "@" for people. */
static void unix_words(const struct unix_diag_msg *m, const struct rtattr *name, char *ret,
		       size_t size)
{
	static const char *const types[] = {
	    [SOCK_STREAM] = "stream", [SOCK_DGRAM] = "datagram", [SOCK_SEQPACKET] = "packet"};
	const char *type = m->udiag_type < sizeof(types) / sizeof(types[0]) && types[m->udiag_type]
			       ? types[m->udiag_type]
			       : "";
	int n = snprintf(ret, size, "unix %s%s", type, m->udiag_state == 10 ? " listening" : "");
	size_t length = name ? RTA_PAYLOAD(name) : 0;
	const char *text = name ? RTA_DATA(name) : NULL;

	if (!length || n < 0 || (size_t)n + length + 3 > size)
		return;
	ret += n;
	*ret++ = ' ';
	for (size_t i = 0; i < length && (text[i] || !i); i++)
		*ret++ = text[i] ? text[i] : '@';
	*ret = '\0';
}

static void take_unix(const struct nlmsghdr *h, void (*fn)(void *, const struct socket_fact *),
		      void *ctx)
{
	const struct unix_diag_msg *m = NLMSG_DATA(h);
	struct socket_fact fact = {.inode = m->udiag_ino, .queued_bytes = EVENT_UNKNOWN_BYTES};
	const struct rtattr *name = NULL;
	unsigned left = h->nlmsg_len - NLMSG_LENGTH(sizeof(*m));

	for (const struct rtattr *a = (const struct rtattr *)(m + 1); RTA_OK(a, left);
	     a = RTA_NEXT(a, left)) {
		if (a->rta_type == UNIX_DIAG_NAME)
			name = a;
		if (a->rta_type == UNIX_DIAG_PEER)
			fact.peer = *(const uint32_t *)RTA_DATA(a);
		if (a->rta_type == UNIX_DIAG_RQLEN && m->udiag_state != 10) {
			const struct unix_diag_rqlen *q = RTA_DATA(a);

			fact.queued_bytes = q->udiag_rqueue; /* wqueue is memory, not bytes */
		}
	}
	unix_words(m, name, fact.words, sizeof(fact.words));
	fn(ctx, &fact);
}

int socket_each_unix(void (*fn)(void *ctx, const struct socket_fact *fact), void *ctx)
{
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	_cleanup_free_ char *answer = malloc(ANSWER_BYTES);
	struct {
		struct nlmsghdr h;
		struct unix_diag_req r;
	} ask = {.h = {.nlmsg_len = sizeof(ask),
		       .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		 .r = {.sdiag_family = AF_UNIX,
		       .udiag_states = (uint32_t)-1,
		       .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN}};

	if (!answer)
		return -ENOMEM;
	if (fd < 0 || send(fd, &ask, sizeof(ask), 0) != sizeof(ask))
		return -errno;
	for (;;) {
		ssize_t n = recv(fd, answer, ANSWER_BYTES, 0);
		unsigned left = n > 0 ? (unsigned)n : 0;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		for (struct nlmsghdr *h = (struct nlmsghdr *)answer; NLMSG_OK(h, left);
		     h = NLMSG_NEXT(h, left)) {
			if (h->nlmsg_type == NLMSG_DONE)
				return 0;
			if (h->nlmsg_type == NLMSG_ERROR)
				return ((struct nlmsgerr *)NLMSG_DATA(h))->error;
			take_unix(h, fn, ctx);
		}
	}
}
