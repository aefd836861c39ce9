/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "source/proc/proc.h"

/* ESRCH everywhere below: it was killed in between, and wait will tell. */
static void resume(pid_t tid, int sig)
{
	(void)ptrace(PTRACE_CONT, tid, NULL, (void *)(long)sig);
}

struct thread *tree_add_thread(struct proc_source *src, pid_t tid, struct account *a)
{
	struct thread *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	*t = (struct thread){.tid = tid, .account = a};
	if (pid_table_set(&src->threads, tid, t)) {
		free(t);
		return NULL;
	}
	return t;
}

int tree_open(struct proc_source *src, pid_t root)
{
	int err = process_root(src, root);

	if (err)
		return err;
	return tree_add_thread(src, root, src->root) ? 0 : -ENOMEM;
}

static bool has_thread(struct proc_source *src, pid_t tgid, pid_t tid)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%d/task/%d", (int)tgid, (int)tid);
	return !faccessat(src->proc_fd, path, F_OK, 0);
}

/* @t is a new tracee of ours; who made it is known now. */
static int claim(struct proc_source *src, struct thread *t, struct account *maker, pid_t maker_tid,
		 int event)
{
	struct event ev = {.type = EVENT_THREAD};
	struct account *a;

	if (!maker) {
		/* Its maker found no room: nor does it, whether it is a thread or a process. */
		src->lost_accounts++;
		return 0;
	}
	if (!has_thread(src, (pid_t)maker->id.tgid, t->tid))
		return process_forked(src, maker, maker_tid, t->tid, event, &t->account);
	a = t->account = maker;
	a->threads_live++;
	if (a->threads_live > a->threads_peak)
		a->threads_peak = a->threads_live;
	ev.account = a->id;
	return emit_event(src, &ev);
}

static int on_child(struct proc_source *src, struct thread *maker, int event)
{
	unsigned long message = 0;
	struct thread *t;
	pid_t tid;
	int err;

	if (ptrace(PTRACE_GETEVENTMSG, maker->tid, NULL, &message))
		return 0; /* killed; if the child lives, it is claimed late */
	tid = (pid_t)message;
	t = pid_table_get(&src->threads, tid);
	if (t && !t->unclaimed)
		return 0;
	if (t) {
		t->unclaimed = false;
		src->unclaimed_count--;
		err = claim(src, t, maker->account, maker->tid, event);
		if (src->lethal)
			(void)kill(tid, SIGKILL);
		resume(tid, 0);
		return err;
	}
	t = tree_add_thread(src, tid, NULL);
	return t ? claim(src, t, maker->account, maker->tid, event) : -ENOMEM;
}

int tree_claim_late(struct proc_source *src)
{
	uint64_t now_ns = proc_now_ns();
	struct thread *t;
	size_t place = 0;

	while (src->unclaimed_count && (t = pid_table_next(&src->threads, &place))) {
		struct procfs_status status;
		struct account *maker;
		int err = 0;

		if (!t->unclaimed || now_ns - t->unclaimed_ns < UNCLAIMED_MAX_NS)
			continue;
		t->unclaimed = false;
		src->unclaimed_count--;
		sample_status(src, t->tid, t->tid, &status);
		maker = pid_table_get(&src->accounts,
				      status.tgid == t->tid ? status.ppid : status.tgid);
		if (maker && !maker->gone)
			err = claim(src, t, maker, (pid_t)maker->id.tgid, PTRACE_EVENT_FORK);
		else
			src->lost_tree++;
		if (src->lethal)
			(void)kill(t->tid, SIGKILL);
		resume(t->tid, 0);
		if (err)
			return err;
		place = 0; /* the table may have moved */
	}
	return 0;
}

static int on_exec(struct proc_source *src, struct thread *t)
{
	unsigned long former = 0;

	/* Another thread than the main one may exec: it takes over the main one's number. */
	if (!ptrace(PTRACE_GETEVENTMSG, t->tid, NULL, &former) && (pid_t)former != t->tid)
		free(pid_table_take(&src->threads, (pid_t)former));
	t->exiting = false;
	return t->account ? process_exec(src, t->account, t->tid) : 0;
}

/* Its thread called exit_group(2): the others are killed without a stop of their own. */
static bool ends_process(struct proc_source *src, const struct thread *t)
{
	int fd = procfs_open(src->proc_fd, (pid_t)t->account->id.tgid, t->tid);
	char *end;
	bool ends;

	if (fd < 0)
		return false;
	ends = !procfs_read(fd, "syscall", &src->text) &&
	       strtol(src->text.data, &end, 10) == SYS_exit_group && *end == ' ';
	close(fd);
	return ends;
}

static int on_exit_stop(struct proc_source *src, struct thread *t)
{
	struct account *a = t->account;
	unsigned long code = 0;

	if (t->exiting || !a)
		return 0;
	t->exiting = true;
	a->threads_live--;
	(void)ptrace(PTRACE_GETEVENTMSG, t->tid, NULL, &code);
	if (t->tid == (pid_t)a->id.tgid) {
		a->leader_exited = true;
		a->leader_status = (int32_t)code;
	}
	if (a->exited || (a->threads_live && !ends_process(src, t)))
		return 0;
	return process_exit(src, a, t->tid, a->leader_exited ? a->leader_status : (int32_t)code);
}

static bool stops_process(int sig)
{
	return sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

bool tree_stop_waits(pid_t tid)
{
	siginfo_t info = {.si_pid = 0};

	return !waitid(P_PID, (id_t)tid, &info, WSTOPPED | WNOHANG | WNOWAIT | __WALL) &&
	       info.si_pid == tid && info.si_status >> 8 == PTRACE_EVENT_STOP &&
	       stops_process(info.si_status & 0xff);
}

int tree_stop(struct proc_source *src, pid_t tid, int status)
{
	struct thread *t = pid_table_get(&src->threads, tid);
	int sig = WSTOPSIG(status), event = status >> 16, err = 0;
	bool stopped;

	if (!t) {
		t = tree_add_thread(src, tid, NULL);
		if (!t)
			return -ENOMEM;
		t->unclaimed = true;
		t->unclaimed_ns = proc_now_ns();
		src->unclaimed_count++;
		return 0;
	}
	if (t->unclaimed)
		return 0;
	switch (event) {
	case 0:
		resume(tid, sig); /* a signal on its way, passed on as it is */
		return 0;
	case PTRACE_EVENT_STOP:
		if (src->lethal)
			(void)kill(tid, SIGKILL);
		stopped = stops_process(sig);
		if (t->account)
			t->account->stopped = stopped;
		if (stopped)
			(void)ptrace(PTRACE_LISTEN, tid, NULL,
				     NULL); /* stays stopped until SIGCONT */
		else
			resume(tid, 0);
		return 0;
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		err = on_child(src, t, event);
		break;
	case PTRACE_EVENT_EXEC:
		err = on_exec(src, t);
		break;
	case PTRACE_EVENT_EXIT:
		err = on_exit_stop(src, t);
		break;
	}
	resume(tid, 0);
	return err;
}

int tree_gone(struct proc_source *src, pid_t tid, int status)
{
	struct thread *t = pid_table_take(&src->threads, tid);
	struct account *a = t ? t->account : pid_table_get(&src->accounts, tid);
	bool exiting = t && t->exiting;

	if (!t) {
		if (a && a->gone) /* it came to us when its parent ended: now we reaped it */
			return process_reaped(src, a);
		src->lost_tree++;
		return 0;
	}
	if (t->unclaimed)
		src->unclaimed_count--;
	free(t);
	if (!a)
		return 0;
	if (!exiting && a->threads_live)
		a->threads_live--;
	if (tid == (pid_t)a->id.tgid)
		return process_gone(src, a, status);
	return 0;
}

size_t tree_live(const struct proc_source *src)
{
	size_t count = 0, place = 0;
	const struct account *a;

	while ((a = pid_table_next(&src->accounts, &place)))
		count += !a->gone;
	return count;
}

size_t tree_kill(struct proc_source *src, int sig)
{
	const struct thread *t;
	size_t place = 0, count = 0;

	while ((t = pid_table_next(&src->threads, &place))) {
		/* Of processes without account the threads are told apart by nothing. */
		if (t->account && t->tid != (pid_t)t->account->id.tgid)
			continue;
		count += !kill(t->tid, sig);
	}
	return count;
}

void tree_done(struct proc_source *src)
{
	struct account *a;
	struct thread *t;
	size_t place = 0;

	while ((t = pid_table_next(&src->threads, &place)))
		free(t);
	pid_table_done(&src->threads);
	for (place = 0; (a = pid_table_next(&src->accounts, &place));)
		account_free(a);
	pid_table_done(&src->accounts);
}
