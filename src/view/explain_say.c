/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The sentences: what it holds, what is unusual, what to do. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include "view/arena.h"
#include "view/explain.h"
#include "view/quantity.h"

#define SENTENCES_MAX	 24
#define SIBLINGS_LEAST	 2
#define TIMES_UNUSUAL	 3     /* times the siblings' median */
#define COUNT_UNUSUAL	 16    /* and at least so many more */
#define KERNEL_UNUSUAL	 65536 /* bytes more */
#define PRIVATE_UNUSUAL	 1048576
#define NEAR_LIMIT	 80 /* per cent of the descriptors it may have */
#define DELETED_UNUSUAL	 2
#define QUEUED_UNUSUAL	 65536
#define KIND_UNUSUAL_MAX 3 /* kinds that are told beside the siblings' */

static void __attribute__((format(printf, 3, 4)))
say(struct explain *e, enum explain_part part, const char *format, ...)
{
	va_list args;
	char *text = NULL;

	if (e->sentence_count == SENTENCES_MAX)
		return;
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	e->sentence[e->sentence_count++] =
	    (struct explain_sentence){part, view_arena_adopt(e->arena, text)};
}

static const char *amount(struct explain *e, struct amount a)
{
	char buf[QUANTITY_BYTES];

	return view_arena_text(e->arena, quantity_amount(buf, a));
}

static const char *bytes(struct explain *e, int64_t n)
{
	return amount(e, amount_exact(n));
}

static const char *count(struct explain *e, uint64_t n)
{
	char buf[QUANTITY_BYTES];

	return n == CENSUS_UNKNOWN_COUNT ? "an unknown number of"
					 : view_arena_text(e->arena, quantity_count(buf, n));
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void say_holds(struct explain *e)
{
	const struct census_process *p = e->row.process;
	const char *swap =
	    p->swap.known != KNOWN_NOT && p->swap.bytes
		? view_arena_format(e->arena, " (%s of it swapped out)", amount(e, p->swap))
		: "";
	const char *shared = p->shared.known != KNOWN_NOT && p->shared.bytes
				 ? view_arena_format(e->arena, ", %s as its share of shared memory",
						     amount(e, p->shared))
				 : "";

	say(e, EXPLAIN_HOLDS,
	    "It holds %s of private memory%s and %s of kernel memory%s, with %s thread%s and %s "
	    "open file%s.",
	    amount(e, p->private), swap, amount(e, p->kernel), shared, count(e, p->threads),
	    plural(p->threads), count(e, p->fds), plural(p->fds));
	if (p->private.known != KNOWN_NOT && p->kernel.known != KNOWN_NOT &&
	    p->kernel.bytes > p->private.bytes && p->private.bytes)
		say(e, EXPLAIN_HOLDS,
		    "The kernel keeps more for it than it has itself: tools that show only its own "
		    "memory miss most of it.");
	for (size_t i = 0; i < e->kind_count; i++) {
		const struct explain_kind *k = &e->kind[i];

		if (kind_get(k->kind)->pool != POOL_KERNEL)
			continue;
		if (k->divided.bytes * 10 >= p->kernel.bytes * 4)
			say(e, EXPLAIN_HOLDS,
			    "Most of its kernel memory is %s: %s of it, %s in all.",
			    kind_get(k->kind)->title, amount(e, k->divided), count(e, k->count));
		break; /* they are sorted */
	}
}

static void say_zombie(struct explain *e)
{
	const struct census_process *p = e->row.process;
	int status = (int)p->exit_status;
	const char *parent = p->parent == CENSUS_NONE ? "its parent" : explain_name(e, p->parent);

	say(e, EXPLAIN_HOLDS,
	    "It is a zombie: it has ended, and what is left of it is %s of kernel memory and its "
	    "number.",
	    amount(e, p->kernel));
	if (WIFSIGNALED(status))
		say(e, EXPLAIN_HOLDS, "Signal %d ended it.", WTERMSIG(status));
	say(e, EXPLAIN_TO_DO,
	    "%s has not waited for it: that program should call waitpid(2) when SIGCHLD comes, or "
	    "ignore SIGCHLD. Ending the parent ends the zombie too; a signal to the zombie does "
	    "nothing.",
	    parent);
}

static bool is_sibling(const struct explain *e, uint32_t i, bool same_parent)
{
	const struct census_process *p = e->row.process, *q = &e->census->process[i];

	return q != p && !strcmp(p->comm, q->comm) && !(q->flags & CENSUS_ZOMBIE) &&
	       (!same_parent || (q->parent == p->parent && p->parent != CENSUS_NONE));
}

static uint32_t count_siblings(const struct explain *e, bool same_parent)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < e->census->count; i++)
		n += is_sibling(e, i, same_parent);
	return n;
}

static int by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* The median over the siblings of what `get` says; -1: some are unknown. */
static int64_t median(struct explain *e, int64_t (*get)(const struct census_process *p, unsigned i),
		      unsigned index)
{
	int64_t *all = calloc(e->siblings + 1, sizeof(*all)), result = -1;
	uint32_t n = 0;

	for (uint32_t i = 0; all && i < e->census->count; i++) {
		if (!is_sibling(e, i, e->same_parent))
			continue;
		all[n] = get(&e->census->process[i], index);
		if (all[n++] < 0)
			break;
	}
	if (all && n == e->siblings && n && all[n - 1] >= 0) {
		qsort(all, n, sizeof(*all), by_number);
		result = all[n / 2];
	}
	free(all);
	return result;
}

static int64_t get_bytes(const struct census_process *p, unsigned which)
{
	struct amount a = which == 0 ? p->private : which == 1 ? p->kernel : p->shared;

	return a.known == KNOWN_NOT ? -1 : a.bytes;
}

static int64_t get_fds(const struct census_process *p, unsigned which)
{
	uint64_t n = which == 0 ? p->fds : which == 1 ? p->threads : p->maps;

	return n == CENSUS_UNKNOWN_COUNT ? -1 : (int64_t)n;
}

static int64_t get_kind(const struct census_process *p, unsigned kind)
{
	return p->part ? (int64_t)p->part[kind].count : -1;
}

static bool is_unusual(int64_t own, int64_t usual, int64_t least)
{
	return own >= 0 && usual >= 0 && own - usual >= least && own >= usual * TIMES_UNUSUAL;
}

/* What to look for where there are many of a kind. */
static const char *advice(enum census_kind kind)
{
	switch (kind) {
	case KIND_FD_PIPE:
		return "Close both ends of a pipe when the child is done; open them with "
		       "O_CLOEXEC.";
	case KIND_FD_SOCKET_UNIX:
	case KIND_FD_SOCKET_INET:
	case KIND_FD_SOCKET_OTHER:
		return "Close a connection when the other side has; give idle ones a time limit.";
	case KIND_FD_FILE:
	case KIND_FD_DIR:
	case KIND_FD_OTHER:
		return "Close files where they are no longer needed, on error paths too.";
	case KIND_FD_FILE_DELETED:
		return "Reopen or close deleted files: their space on disk comes back only then.";
	case KIND_SOCKET_UNREAD:
	case KIND_PIPE_DATA:
		return "Somebody writes faster than this process reads: read, or close.";
	case KIND_VMA:
	case KIND_VMA_TREE:
	case KIND_ANON_VMA:
	case KIND_PAGE_TABLE:
		return "Unmap what is no longer needed; many small mappings cost more than a large "
		       "one.";
	case KIND_TASK:
	case KIND_STACK:
		return "Each thread costs its kernel stack: join or detach those that are done, or "
		       "use a pool.";
	case KIND_FD_EPOLL:
	case KIND_FD_EVENTFD:
	case KIND_FD_TIMERFD:
	case KIND_FD_SIGNALFD:
	case KIND_FD_INOTIFY:
	case KIND_FD_PIDFD:
		return "Close these descriptors with what they were made for.";
	case KIND_TIMER:
		return "Delete timers by timer_delete(2).";
	default:
		return NULL;
	}
}

static bool say_number(struct explain *e, const char *what, int64_t own, int64_t usual,
		       int64_t least, bool in_bytes)
{
	if (!is_unusual(own, usual, least))
		return false;
	say(e, EXPLAIN_UNUSUAL, "It has %s of %s; the median of its siblings is %s.",
	    in_bytes ? bytes(e, own) : count(e, (uint64_t)own), what,
	    in_bytes ? bytes(e, usual) : count(e, (uint64_t)usual));
	return true;
}

static void say_beside_siblings(struct explain *e)
{
	const struct census_process *p = e->row.process;
	unsigned told = 0, before = (unsigned)e->sentence_count;

	e->same_parent = count_siblings(e, true) >= SIBLINGS_LEAST;
	e->siblings = count_siblings(e, e->same_parent);
	if (e->siblings < SIBLINGS_LEAST)
		return;
	say_number(e, "private memory", get_bytes(p, 0), median(e, get_bytes, 0), PRIVATE_UNUSUAL,
		   true);
	say_number(e, "kernel memory", get_bytes(p, 1), median(e, get_bytes, 1), KERNEL_UNUSUAL,
		   true);
	say_number(e, "shared memory", get_bytes(p, 2), median(e, get_bytes, 2), PRIVATE_UNUSUAL,
		   true);
	for (size_t i = 0; i < e->kind_count && told < KIND_UNUSUAL_MAX; i++) {
		const struct explain_kind *k = &e->kind[i];
		int64_t usual = median(e, get_kind, k->kind);

		if (!is_unusual(k->count, usual, COUNT_UNUSUAL))
			continue;
		say(e, EXPLAIN_UNUSUAL, "It has %s %s, %s; its siblings have %s (median).",
		    count(e, k->count), kind_get(k->kind)->title, amount(e, k->divided),
		    count(e, (uint64_t)usual));
		if (advice(k->kind))
			say(e, EXPLAIN_TO_DO, "%s", advice(k->kind));
		told++;
	}
	say_number(e, "its address space in mappings", get_fds(p, 2), median(e, get_fds, 2),
		   COUNT_UNUSUAL * 8, false);
	if (e->sentence_count == before)
		say(e, EXPLAIN_UNUSUAL,
		    "Beside its %u siblings (%s%s) nothing about it stands out.", e->siblings,
		    p->comm, e->same_parent ? ", of the same parent" : "");
}

static void say_zombies(struct explain *e)
{
	const struct census_process *p = e->row.process;
	struct amount kept = amount_exact(0);

	if (!p->zombies)
		return;
	for (size_t i = 0; i < e->child_count; i++) {
		const struct census_process *child = &e->census->process[e->child[i]];

		if (child->flags & CENSUS_ZOMBIE)
			kept = amount_add(kept, child->kernel);
	}
	say(e, EXPLAIN_UNUSUAL,
	    "%s of its children %s ended and it has not waited for %s: zombies, which keep %s of "
	    "kernel memory and a process number each.",
	    count(e, p->zombies), p->zombies == 1 ? "has" : "have", p->zombies == 1 ? "it" : "them",
	    amount(e, kept));
	say(e, EXPLAIN_TO_DO, "Call waitpid(2) for every child that ends, or ignore SIGCHLD.");
}

static void say_files(struct explain *e)
{
	uint64_t deleted = 0, closed_pipes = 0, own_pipes = 0, close_wait = 0;
	int64_t queued = 0;

	for (size_t i = 0; i < e->files->count; i++) {
		const struct census_file *f = &e->files->file[i];

		deleted += f->kind == KIND_FD_FILE_DELETED;
		own_pipes += f->both_ends && !f->others && f->others_known && f->reads;
		closed_pipes += f->kind == KIND_FD_PIPE && f->others_known && !f->others &&
				!f->both_ends && *f->target != '/';
		close_wait += !!strstr(f->socket, "CLOSE wait");
		queued += f->queued_bytes == EVENT_UNKNOWN_BYTES ? 0 : f->queued_bytes;
	}
	if (queued >= QUEUED_UNUSUAL)
		say(e, EXPLAIN_UNUSUAL, "%s wait in its pipes and sockets.", bytes(e, queued));
	if (closed_pipes) {
		say(e, EXPLAIN_UNUSUAL, "%s pipe%s that it has open %s closed at the other end.",
		    count(e, closed_pipes), plural(closed_pipes), closed_pipes == 1 ? "is" : "are");
		say(e, EXPLAIN_TO_DO, "Close a pipe when the other side has ended.");
	}
	if (own_pipes >= COUNT_UNUSUAL)
		say(e, EXPLAIN_UNUSUAL, "Of %s pipes it alone has both ends.", count(e, own_pipes));
	if (close_wait) {
		say(e, EXPLAIN_UNUSUAL,
		    "%s connection%s of it %s in CLOSE wait: the other side has closed, it has "
		    "not.",
		    count(e, close_wait), plural(close_wait), close_wait == 1 ? "is" : "are");
		say(e, EXPLAIN_TO_DO, "%s", advice(KIND_FD_SOCKET_INET));
	}
	if (deleted >= DELETED_UNUSUAL) {
		say(e, EXPLAIN_UNUSUAL, "It has %s deleted files open.", count(e, deleted));
		say(e, EXPLAIN_TO_DO, "%s", advice(KIND_FD_FILE_DELETED));
	}
	if (e->files->limit && e->files->count * 100 >= e->files->limit * NEAR_LIMIT)
		say(e, EXPLAIN_UNUSUAL,
		    "It uses %s of the %s descriptors that it may have (ulimit -n).",
		    count(e, e->files->count), count(e, e->files->limit));
}

static void say_not_seen(struct explain *e)
{
	const struct census_process *p = e->row.process;

	if (e->files->err == -EACCES || e->files->err == -EPERM)
		say(e, EXPLAIN_NOT_SEEN,
		    "What it has open may not be read: run as root, with CAP_SYS_PTRACE, or as its "
		    "user (%s).",
		    e->row.user);
	else if (e->files->err)
		say(e, EXPLAIN_NOT_SEEN, "What it has open could not be read: %s.",
		    strerror(-e->files->err));
	if (p->flags & CENSUS_LEADER_GONE)
		say(e, EXPLAIN_UNUSUAL,
		    "Its first thread has ended, others run: /proc shows it as a zombie.");
}

void explain_say(struct explain *e)
{
	e->sentence = view_arena_array(e->arena, SENTENCES_MAX, sizeof(*e->sentence));
	if (!e->sentence)
		return;
	if (e->row.process->flags & CENSUS_ZOMBIE) {
		say_zombie(e);
		return;
	}
	if (e->row.process->flags & CENSUS_KERNEL_THREAD) {
		say(e, EXPLAIN_HOLDS,
		    "It is a kernel thread: a part of the kernel, with no memory and no files of "
		    "its own. It holds %s of kernel memory.",
		    amount(e, e->row.process->kernel));
		return;
	}
	say_holds(e);
	say_zombies(e);
	say_beside_siblings(e);
	say_files(e);
	say_not_seen(e);
}
