// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * settle.c - after the command: what is still open, and is it really?
 *
 * Most charges come back within a few RCU grace periods. Then the kernel is asked about each of
 * the others (ask.c); objects freed in batches (kvfree_rcu) may take 5 s. A processor that idles
 * may keep the memory map of the last process it ran: a step onto it makes it let go.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "source/bpf/exact.h"

#define SETTLE_MAX_MS 7000u
#define DAEMON_MS     2000u /* processes that end by themselves get this long */
#define ASK_AFTER_MS  250u
#define ASK_EVERY_MS  250u
#define KILL_AFTER_MS 1000u
#define HOPELESS_MS   1500u /* nothing came back for so long, and nothing may: no use in waiting */
#define PINNED_MS     400u  /* an RCU period or two for inodes that a holder pinned */
#define WOKEN_MS      1000u /* who is tired of waiting gives what is on its way this long */
#define STEP_NS	      10000000

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* A step onto each processor: it lets go of a memory map that it kept from its last process. */
static void visit_processors(const struct exact *x)
{
	cpu_set_t home, one;

	if (sched_getaffinity(0, sizeof(home), &home))
		return;
	for (uint32_t cpu = 0; cpu < x->machine.cpus && cpu < CPU_SETSIZE; cpu++) {
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		(void)sched_setaffinity(0, sizeof(one), &one); /* fails for one that is offline */
	}
	(void)sched_setaffinity(0, sizeof(home), &home);
}

static void pause_step(void)
{
	nanosleep(&(struct timespec){.tv_nsec = STEP_NS}, NULL);
}

static int64_t private_bytes_of(pid_t pid)
{
	char path[64], line[256];
	int64_t anon = -1, swap = 0, kib;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "RssAnon: %ld", &kib) == 1)
			anon = kib * 1024;
		else if (sscanf(line, "VmSwap: %ld", &kib) == 1)
			swap = kib * 1024;
	}
	if (f)
		fclose(f);
	return anon < 0 ? EVENT_UNKNOWN_BYTES : anon + swap;
}

static bool read_state(pid_t pid, char *ret_state, char *comm)
{
	char path[64], text[512], *end;
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = 0;
	end = strrchr(text, ')');
	if (!end || !strchr(text, '('))
		return false;
	*ret_state = end[2];
	*end = 0;
	snprintf(comm, EVENT_COMM_BYTES, "%s", strchr(text, '(') + 1);
	return true;
}

/* Tells the processes that still live, or are zombies that nobody has waited for. */
static uint32_t tell_alive(struct exact *x)
{
	uint32_t alive = 0;

	for (uint32_t slot = 0; slot < TABLE_ACCOUNTS; slot++) {
		const struct account_slot *a = &x->tables.accounts[slot];
		const struct account_slot *p =
		    &x->tables.accounts[a->parent & (TABLE_ACCOUNTS - 1)];
		struct event ev = {.type = EVENT_ALIVE};
		char state;

		/* Whom it is for to wait for a root that was attached to, is not watched. */
		if (slot == SHELF_SLOT || (x->launch->attached && !slot && x->ended) ||
		    (a->state != ACCOUNT_LIVE && a->state != ACCOUNT_EXITED) ||
		    !read_state((pid_t)a->tgid, &state, ev.u.alive.comm))
			continue;
		alive++;
		ev.account = (struct account_id){.start_ns = a->start_ns, .tgid = a->tgid};
		ev.u.alive.parent_tgid = p->tgid;
		ev.u.alive.zombie = state == 'Z';
		ev.u.alive.stopped = state == 'T' || state == 't';
		ev.u.alive.private_bytes = state == 'Z' ? 0 : private_bytes_of((pid_t)a->tgid);
		ev.u.alive.kernel_bytes =
		    (int64_t)(a->charged[BOOK_KERNEL] - a->returned[BOOK_KERNEL]);
		ev.u.alive.birth_ordinal = a->birth;
		collector_forked_at(&x->collector, slot);
		collector_emit(&x->collector, &ev);
	}
	return alive;
}

static void progress(struct exact *x, uint64_t deadline)
{
	uint64_t now = now_ms();

	if (x->opts.progress)
		x->opts.progress(x->opts.progress_ctx, "settling",
				 (uint64_t)collector_open_bytes(&x->collector),
				 now < deadline ? (double)(deadline - now) / 1000 : 0);
}

/* Ends every process that still runs. */
static void end_tree(struct exact *x)
{
	uint64_t begin = now_ms(), shown = begin;
	int sig = SIGTERM;

	x->killed = (uint32_t)exact_kill(x, sig);
	exact_kill(x, SIGCONT);
	while (exact_kill(x, 0) > 0 && now_ms() - begin < 10 * KILL_AFTER_MS) {
		if (now_ms() - begin > KILL_AFTER_MS)
			exact_kill(x, SIGKILL);
		exact_tick(x);
		pause_step();
		if (now_ms() - shown > 200) {
			progress(x, begin + 10 * KILL_AFTER_MS);
			shown = now_ms();
		}
	}
}

static bool daemons_left(const struct exact *x)
{
	return x->tables.tree->alive > 0 && run_cgroup_each(&x->cgroup, NULL, NULL) != 0;
}

/* Is somebody tired of waiting? */
static bool is_woken(const struct exact *x)
{
	struct pollfd wake = {.fd = x->opts.wake_fd, .events = POLLIN};

	return poll(&wake, 1, 0) > 0;
}

/* Waits until nothing is open of processes that are gone, or until deadline. */
static void wait_for_returns(struct exact *x, uint64_t deadline, uint64_t daemons_until)
{
	uint64_t begin = now_ms(), asked = begin + ASK_AFTER_MS, shown = begin, changed = begin;
	int64_t open, open_before = -1;

	for (;;) {
		uint64_t now = now_ms();
		bool daemons = now < daemons_until && daemons_left(x);

		exact_tick(x);
		open = collector_open_bytes(&x->collector);
		if (open != open_before)
			changed = now;
		open_before = open;
		if (!daemons && !open && (!x->tables.tree->tombstones || now - begin > PINNED_MS))
			break;
		/* What still runs holds on to things of those that are gone: no use in waiting. */
		if (now >= deadline || (is_woken(x) && (daemons || now - begin > WOKEN_MS)) ||
		    (daemons_until && !daemons && daemons_left(x)))
			break;
		if (now >= asked) {
			visit_processors(x);
			/* What somebody reaches, or a name keeps, is not on its way back. */
			if (!x->reach.walked && now - changed > HOPELESS_MS)
				reach_walk(&x->reach);
			if (!exact_ask(x, 0, false) && !daemons && now - changed > HOPELESS_MS)
				break;
			asked = now + ASK_EVERY_MS;
		}
		if (now - shown > 100) {
			progress(x, deadline);
			shown = now;
		}
		pause_step();
	}
}

static void tell_book(struct exact *x, uint32_t moment, int64_t ledger, int64_t kernel,
		      uint32_t processes)
{
	struct event ev = {.type = EVENT_BOOK,
			   .u.book = {.pool = POOL_KERNEL,
				      .moment = moment,
				      .ledger_bytes = ledger,
				      .kernel_bytes = kernel,
				      .processes = processes}};

	collector_emit(&x->collector, &ev);
}

static void blind(struct exact *x, const char *text)
{
	struct event ev = {.type = EVENT_BLIND, .text = text};

	collector_emit(&x->collector, &ev);
}

static void tell_blind(struct exact *x)
{
	if (x->launch->attached)
		blind(x,
		      "the kernel's own book: the processes stay in their memory cgroup, whose sum "
		      "holds what was there before");
	else if (!x->cgroup.exists)
		blind(
		    x,
		    "the kernel's own book: no memory cgroup could be made for the command, so the "
		    "sums stand alone");
	else if (run_cgroup_kernel_bytes(&x->cgroup) == EVENT_UNKNOWN_BYTES)
		blind(x, "the kernel's own book: this kernel's memory cgroup does not tell the sum "
			 "of kernel memory");
	if (!x->machine.percpu_alloc)
		blind(x, "per-processor memory: this kernel's tracepoint does not tell its size");
	if (!x->machine.prepare_exec)
		blind(x,
		      "private memory at exec: this kernel does not tell it before the old image "
		      "is gone");
	if (!x->machine.exit_with_memory)
		blind(x, "private memory at exit: this kernel tells the exit only after the memory "
			 "is gone");
	if (x->tables.tree->lost_takes)
		blind(x, "some call stacks: more distinct places took memory than the table holds");
	if (x->reach.failed)
		blind(x, "who holds what is open at the end: this kernel refuses the programs that "
			 "walk its structures");
	else if (x->reach.walked && !x->machine.walks_maps)
		blind(x, "what only a memory map holds at the end: this kernel does not show the "
			 "maps to a program");
	if (x->machine.old_bpf)
		blind(x, "POSIX timers, and which code took private memory: this kernel's programs "
			 "cannot tell them");
	if (x->tables.tree->fds_not_described)
		blind(x, "what some descriptors were: a process had more open at its exit than are "
			 "looked at");
	if (!x->machine.lock_site)
		blind(x, "file locks: where this kernel allocates them could not be learnt");
	if (!x->machine.key_site)
		blind(x,
		      "keys: where this kernel allocates them could not be learnt (it has none, or "
		      "keyctl() is not permitted)");
	if (!x->machine.cgroup_mkdir)
		blind(x, "control groups: this kernel does not tell when one is made");
	blind(x, "kernel memory that the kernel charges to nobody (no __GFP_ACCOUNT): its own "
		 "bookkeeping, network buffers outside of unix sockets; of a file lock, key or "
		 "control group only the object itself is counted");
	blind(x, "the peak of private memory between two forks of a process");
}

int exact_settle(struct exact *x, int interrupted)
{
	struct tree_state *tree = x->tables.tree;
	uint32_t max = x->opts.settle_max_ms ? x->opts.settle_max_ms : SETTLE_MAX_MS;
	uint64_t begin = now_ms(), deadline = begin + max;
	struct event end = {.type = EVENT_END};
	uint32_t alive = 0, exits;

	if (x->launch->attached)
		tree->closed = 1;
	else if (interrupted && !x->ended)
		end_tree(x);
	wait_for_returns(x, deadline, begin + (max < DAEMON_MS ? max : DAEMON_MS));
	exits = tree->exits;
	if (x->launch->attached) {
		exact_tick(x);
		alive = tell_alive(x);
		x->collector.run_is_over = true;
	} else if (exact_kill(x, 0) > 0) {
		exact_sample(x);
		alive = tell_alive(x);
		reach_walk(&x->reach);
		collector_note_handed(&x->collector);
		x->collector.run_is_over = true;
		end_tree(x);
		wait_for_returns(x, now_ms() + max, 0);
		collector_tell_handed(&x->collector);
	}
	exact_tick(x);
	tables_detach(&x->tables);
	collector_records(&x->collector);
	reach_walk(&x->reach);
	if (x->launch->attached)
		(void)exact_ask(x, 0, true);
	exact_tell_ipc(x);
	if (x->cgroup.exists) {
		tell_book(x, 0, x->peak.ledger, x->peak.kernel, x->peak.processes);
		tell_book(x, 1, tables_open_bytes(&x->tables), run_cgroup_kernel_bytes(&x->cgroup),
			  tree->alive);
	}
	collector_finish(&x->collector, x->oracle);
	tell_blind(x);
	end.u.end = (struct event_end){
	    .status = x->ended ? x->source.status : -1,
	    .interrupted = (uint32_t)interrupted,
	    .forks = tree->ordinal,
	    .exits = exits,
	    .alive = alive,
	    .killed = x->killed,
	    .settle_ns = (now_ms() - begin) * 1000000,
	};
	collector_emit(&x->collector, &end);
	return x->collector.err;
}
