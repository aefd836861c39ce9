/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "source/proc/proc.h"

/* ESRCH everywhere below: it was killed in between, and wait will tell. */
static void resume(pid_t tid, int sig)
{
	(void)ptrace(PTRACE_CONT, tid, NULL, (void *)(long)sig);
}

static bool shares_memory(struct proc_source *src, pid_t maker, pid_t child, int event)
{
	if (src->kcmp_works) {
		long same = syscall(SYS_kcmp, maker, child, KCMP_VM, 0, 0);

		if (same >= 0)
			return same == 0;
		if (errno != ESRCH)
			src->kcmp_works = false;
	}
	return event == PTRACE_EVENT_VFORK;
}

static int charge_process(struct proc_source *src, const struct account *a)
{
	int err = emit_charge(src, a, COST_TASK);

	if (!err)
		err = emit_charge(src, a, COST_PROCESS);
	if (!err && !a->shares_mm)
		err = emit_charge(src, a, COST_MM);
	return err;
}

/* The zombie, or what was one, is in no table and no list afterwards. */
static int reap(struct proc_source *src, struct account *a)
{
	int err = emit_plain(src, EVENT_REAP, a);

	account_unlist(a);
	if (!err)
		err = emit_return(src, a, COST_TASK);
	if (pid_table_get(&src->accounts, (pid_t)a->id.tgid) == a)
		(void)pid_table_take(&src->accounts, (pid_t)a->id.tgid);
	src->account_count--;
	if (src->root == a)
		src->root = NULL;
	account_free(a);
	return err;
}

/* Reads who must reap it now. False: it was reaped. */
static bool is_zombie(struct proc_source *src, struct account *a)
{
	struct procfs_stat st;
	pid_t pid = (pid_t)a->id.tgid;
	bool is = false;
	int fd;

	if (kill(pid, 0) && errno == ESRCH)
		return false;
	fd = procfs_open(src->proc_fd, pid, pid);
	if (fd < 0)
		return false;
	/* 'X' is being reaped at this very moment: it has no parent any more. */
	if (!procfs_stat_read(fd, &src->text, &st) && st.start_ns == a->id.start_ns &&
	    st.state != 'X' && st.ppid > 0) {
		is = true;
		a->ppid = st.ppid;
	}
	close(fd);
	return is;
}

int tree_sweep(struct proc_source *src, struct account *parent)
{
	struct account *next;
	int err = 0;

	for (struct account *z = parent->zombies; z && !err; z = next) {
		next = z->zombie_next;
		if (!is_zombie(src, z))
			err = reap(src, z);
	}
	parent->zombie_kept = parent->zombie_count;
	return err;
}

/* Puts an ended process on the list of the one that must reap it, or books it as reaped. */
static int list_zombie(struct proc_source *src, struct account *a)
{
	struct account *parent;

	if (!is_zombie(src, a))
		return reap(src, a);
	parent = pid_table_get(&src->accounts, a->ppid);
	if (!parent || parent->gone)
		parent = &src->ours;
	account_add_zombie(parent, a);
	/* Each sweep costs as much as there are zombies: so wait until they have doubled. */
	if (parent->zombie_count >= 2 * parent->zombie_kept + STRIDE_SAMPLES)
		return tree_sweep(src, parent);
	return 0;
}

static struct thread *add_thread(struct proc_source *src, pid_t tid, struct account *a)
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

/*
 * Makes the account of a process that exists and is traced by us, so its pid is its own.
 * *ret_account NULL: no room, counted.
 */
static int begin_account(struct proc_source *src, pid_t pid, struct account **ret_account)
{
	struct account *a = pid_table_get(&src->accounts, pid);
	struct procfs_stat st;
	int fd, err;

	*ret_account = NULL;
	if (a) {
		/* The pid is used again: the one that had it was reaped. */
		err = reap(src, a);
		if (err)
			return err;
	}
	if (src->account_count >= ACCOUNTS_MAX) {
		src->lost_accounts++;
		return 0;
	}
	fd = procfs_open(src->proc_fd, pid, pid);
	err = fd < 0 ? fd : procfs_stat_read(fd, &src->text, &st);
	if (fd >= 0)
		close(fd);
	if (err == -ENOMEM)
		return err;
	if (err) {
		src->lost_tree++;
		return 0;
	}
	a = account_new((struct account_id){.tgid = (uint32_t)pid, .start_ns = st.start_ns});
	if (!a)
		return -ENOMEM;
	memcpy(a->comm, st.comm, sizeof(a->comm));
	a->ppid = st.ppid;
	a->birth_ordinal = src->forks;
	err = pid_table_set(&src->accounts, pid, a);
	if (err) {
		account_free(a);
		return err;
	}
	src->account_count++;
	if (src->births && (uint32_t)pid < src->pid_max)
		src->births[pid] =
		    (struct birth){.start_ns = st.start_ns, .ordinal = src->forks, .known = true};
	*ret_account = a;
	return 0;
}

static int emit_fork(struct proc_source *src, const struct account *a, const struct account *maker,
		     int64_t maker_private_bytes, int64_t inherited_bytes)
{
	struct event ev = {
	    .type = EVENT_FORK,
	    .account = a->id,
	    .u.fork = {.parent = maker ? maker->id : (struct account_id){0},
		       .parent_private_bytes = maker_private_bytes,
		       .inherited_bytes = inherited_bytes,
		       .flags = a->shares_mm ? FORK_SHARES_MM : 0,
		       .ordinal = a->birth_ordinal},
	};
	int err;

	memcpy(ev.u.fork.comm, a->comm, sizeof(ev.u.fork.comm));
	err = emit_event(src, &ev);
	return err ? err : charge_process(src, a);
}

int tree_open(struct proc_source *src, pid_t root)
{
	struct procfs_status status;
	struct account *a;
	int err = begin_account(src, root, &a);

	if (err || !a)
		return err ? err : -ESRCH;
	src->root = a;
	if (!add_thread(src, root, a))
		return -ENOMEM;
	sample_status(src, root, root, &status);
	return emit_fork(src, a, NULL, EVENT_UNKNOWN_BYTES, status.private_bytes);
}

/* A process of the tree has a new child. *ret_account NULL: it could not be followed. */
static int on_fork(struct proc_source *src, struct account *maker, pid_t maker_tid, pid_t pid,
		   int event, struct account **ret_account)
{
	struct procfs_status child = {.private_bytes = EVENT_UNKNOWN_BYTES};
	struct sample sample = {.status.private_bytes = EVENT_UNKNOWN_BYTES};
	struct account *a;
	bool due;
	int err;

	src->forks += !src->silent;
	maker->forks++;
	err = begin_account(src, pid, &a);
	*ret_account = a;
	if (err || !a)
		return err;
	a->shares_mm = shares_memory(src, maker_tid, pid, event);
	due = !src->silent && stride_due(&maker->stride, maker->forks, sample_is_busy(src));
	if (due) {
		sample_read(src, maker, maker_tid, &sample);
		if (!a->shares_mm)
			sample_status(src, pid, pid, &child);
	} else if (!src->silent) { /* its level at each fork tells lost blocks from a record it keeps */
		sample_status(src, (pid_t)maker->id.tgid, maker_tid, &sample.status);
	}
	err = emit_fork(src, a, maker, sample.status.private_bytes,
			a->shares_mm ? 0 : child.private_bytes);
	if (err || !due)
		return err;
	err = sample_emit(src, maker, &sample);
	return err ? err : ipc_look(src);
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
		return on_fork(src, maker, maker_tid, t->tid, event, &t->account);
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
	t = add_thread(src, tid, NULL);
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

/* Under a tracer without CAP_SYS_PTRACE the kernel ignores set-user-id: say so once. */
static int tell_setuid(struct proc_source *src, const char *path, int dir_fd)
{
	struct stat st;

	if (src->setuid_told || geteuid() == 0 || fstatat(dir_fd, "exe", &st, 0) ||
	    !(st.st_mode & (S_ISUID | S_ISGID)) ||
	    ((st.st_mode & S_ISUID) && st.st_uid == geteuid()))
		return 0;
	src->setuid_told = true;
	return emit_blind(src,
			  "%s is a set-user-id or set-group-id program; while it is traced it runs "
			  "without that privilege and may behave differently.",
			  path);
}

static int on_exec(struct proc_source *src, struct thread *t)
{
	struct event ev = {.type = EVENT_EXEC};
	struct account *a = t->account;
	struct procfs_stat st;
	unsigned long former = 0;
	char path[4096];
	ssize_t n;
	int fd, err;

	/* Another thread than the main one may exec: it takes over the main one's number. */
	if (!ptrace(PTRACE_GETEVENTMSG, t->tid, NULL, &former) && (pid_t)former != t->tid)
		free(pid_table_take(&src->threads, (pid_t)former));
	t->exiting = false;
	if (!a)
		return 0;
	a->threads_live = 1;
	a->leader_exited = false;
	if (a == src->root)
		src->ran = true;
	fd = procfs_open(src->proc_fd, t->tid, t->tid);
	if (fd < 0)
		return 0; /* killed */
	if (!procfs_stat_read(fd, &src->text, &st))
		memcpy(a->comm, st.comm, sizeof(a->comm));
	n = readlinkat(fd, "exe", path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	/* What the old image held cannot be read any more; borrowed memory was not its own. */
	ev.account = a->id;
	ev.u.exec.dropped_bytes = a->shares_mm ? 0 : EVENT_UNKNOWN_BYTES;
	ev.text = path;
	memcpy(ev.u.exec.comm, a->comm, sizeof(ev.u.exec.comm));
	err = emit_event(src, &ev);
	if (!err && a->shares_mm) {
		a->shares_mm = false;
		err = emit_charge(src, a, COST_MM);
	}
	if (!err && a->held) {
		struct sample sample;

		sample_read(src, a, t->tid, &sample);
		err = sample_emit(src, a, &sample);
	}
	if (!err)
		err = tell_setuid(src, path, fd);
	close(fd);
	return err;
}

/* The account ends: @tid is its last thread, stopped before anything was given back; 0: too late.
 */
static int end_account(struct proc_source *src, struct account *a, pid_t tid, int32_t status)
{
	struct sample sample = {.status = {.ppid = a->ppid,
					   .private_bytes = EVENT_UNKNOWN_BYTES,
					   .commit_bytes = EVENT_UNKNOWN_BYTES,
					   .page_table_bytes = EVENT_UNKNOWN_BYTES}};
	struct event ev = {.type = EVENT_EXIT, .account = a->id};
	int err = 0;

	a->exited = true;
	src->exits += !src->silent;
	if (tid && !src->silent) {
		if (a->forks) {
			sample_read(src, a, tid, &sample);
			err = sample_emit(src, a, &sample);
			if (!err)
				err = tree_sweep(src, a);
			if (!err)
				err = ipc_look(src);
		} else {
			sample_status(src, (pid_t)a->id.tgid, tid, &sample.status);
		}
		if (sample.status.ppid > 0)
			a->ppid = sample.status.ppid;
	}
	if (err)
		return err;
	ev.u.exit.private_bytes = a->shares_mm ? 0 : sample.status.private_bytes;
	ev.u.exit.private_peak_bytes = EVENT_UNKNOWN_BYTES; /* VmHWM counts file pages too */
	ev.u.exit.commit_bytes = a->shares_mm ? 0 : sample.status.commit_bytes;
	ev.u.exit.page_table_bytes = a->shares_mm ? 0 : sample.status.page_table_bytes;
	ev.u.exit.kernel_live_bytes = EVENT_UNKNOWN_BYTES;
	ev.u.exit.status = status;
	ev.u.exit.parent_tgid = (uint32_t)(a->ppid > 0 ? a->ppid : 0);
	ev.u.exit.threads_peak = a->threads_peak;
	ev.u.exit.ordinal = src->forks;
	memcpy(ev.u.exit.comm, a->comm, sizeof(ev.u.exit.comm));
	err = emit_event(src, &ev);
	if (!err)
		err = emit_return(src, a, COST_PROCESS);
	if (!err && !a->shares_mm)
		err = emit_return(src, a, COST_MM);
	return err;
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
	if (a->threads_live || a->exited)
		return 0;
	return end_account(src, a, t->tid, a->leader_exited ? a->leader_status : (int32_t)code);
}

int tree_stop(struct proc_source *src, pid_t tid, int status)
{
	struct thread *t = pid_table_get(&src->threads, tid);
	int sig = WSTOPSIG(status), event = status >> 16, err = 0;

	if (!t) {
		t = add_thread(src, tid, NULL);
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
		if (sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU)
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

/* The whole process is a zombie, or nothing any more. */
static int on_gone(struct proc_source *src, struct account *a, int status)
{
	int err = 0;

	a->gone = true;
	if (!a->exited)
		err = end_account(src, a, 0, status);
	if (a == src->root) {
		src->base.status = status;
		src->root_done = true;
	}
	/* Its zombies have a new parent: a process of the tree that asked for it, or we. */
	while (a->zombies && !err) {
		struct account *child = a->zombies;

		account_unlist(child);
		err = list_zombie(src, child);
	}
	return err ? err : list_zombie(src, a);
}

int tree_gone(struct proc_source *src, pid_t tid, int status)
{
	struct thread *t = pid_table_take(&src->threads, tid);
	struct account *a = t ? t->account : pid_table_get(&src->accounts, tid);
	bool exiting = t && t->exiting;

	if (!t) {
		if (a && a->gone) /* it came to us when its parent ended: now we reaped it */
			return reap(src, a);
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
		return on_gone(src, a, status);
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
