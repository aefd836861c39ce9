/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ipc.c - which System V objects did the tree leave? A segment names its creator. A queue or a
 * semaphore set does not: one that is new and belongs to our user is taken for the tree's,
 * unless a process outside of the tree was the last to send to it, and the report says so.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>
#include "source/proc/proc.h"

#define PID_MAX_DEFAULT 32768

/* How many objects there are and where the last one stands: cheap, where listing them is not. */
static uint64_t fingerprint(void)
{
	struct shm_info shm = {0};
	struct seminfo sem = {0};
	struct msginfo msg = {0};
	int shm_last = shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&shm);
	int sem_last = semctl(0, 0, SEM_INFO, &sem);
	int msg_last = msgctl(0, MSG_INFO, (struct msqid_ds *)(void *)&msg);
	const int parts[] = {shm.used_ids, shm_last, sem.semusz, sem_last, msg.msgpool, msg_last};
	uint64_t mix = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		mix = (mix ^ (uint32_t)parts[i]) * 0x9e3779b97f4a7c15ULL;
	return mix;
}

static uint32_t read_pid_max(struct proc_source *src)
{
	unsigned long n;

	if (procfs_read(src->proc_fd, "sys/kernel/pid_max", &src->text))
		return PID_MAX_DEFAULT;
	n = strtoul(src->text.data, NULL, 10);
	return n > 0 && n <= 4 * 1024 * 1024 ? (uint32_t)n + 1 : PID_MAX_DEFAULT;
}

int ipc_open(struct proc_source *src)
{
	void *births;

	src->pid_max = read_pid_max(src);
	/* Only the pages of numbers that the tree gets are ever touched. */
	births = mmap(NULL, src->pid_max * sizeof(*src->births), PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (births == MAP_FAILED)
		return -errno;
	src->births = births;
	src->ipc_fingerprint = fingerprint();
	src->ipc_works = !sysvipc_read(src->proc_fd, &src->ipc_before);
	if (src->ipc_works)
		return 0;
	return emit_blind(src, "System V IPC objects left behind: /proc/sysvipc cannot be read.");
}

static const struct birth *birth_of(const struct proc_source *src, pid_t pid)
{
	if (pid <= 0 || (uint32_t)pid >= src->pid_max || !src->births[pid].known)
		return NULL;
	return &src->births[pid];
}

static bool is_of_tree(const struct proc_source *src, const struct sysvipc_object *object)
{
	if (sysvipc_find(&src->ipc_before, object->kind, object->id))
		return false;
	if (object->kind == SYSVIPC_SHM)
		return birth_of(src, object->creator) != NULL;
	return object->cuid == geteuid() &&
	       (object->last_user <= 0 || birth_of(src, object->last_user));
}

/* When was this new object made? */
static struct ipc_seen first_seen(struct proc_source *src, const struct sysvipc_object *object)
{
	struct ipc_seen seen = {.kind = object->kind, .id = object->id, .ordinal = src->forks};
	const struct birth *birth = birth_of(src, object->creator);
	const struct account *creator;

	if (!birth)
		return seen;
	seen.creator =
	    (struct account_id){.tgid = (uint32_t)object->creator, .start_ns = birth->start_ns};
	/*
	 * A process that forked is looked at while it lives, so a creator that is gone, like one
	 * that has no forks yet, made it near its own birth.
	 */
	creator = pid_table_get(&src->accounts, object->creator);
	if (!creator || !creator->forks)
		seen.ordinal = birth->ordinal;
	return seen;
}

static int compare(const struct ipc_seen *a, const struct sysvipc_object *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

static int ipc_list(struct proc_source *src)
{
	uint64_t begin_ns = proc_now_ns();
	struct ipc_seen *seen = NULL;
	size_t count = 0, old = 0;

	if (!src->ipc_works)
		return 0;
	if (sysvipc_read(src->proc_fd, &src->ipc)) {
		src->ipc_works = false;
		return emit_blind(src, "System V IPC objects left behind: /proc/sysvipc could not "
				       "be read to the end.");
	}
	if (src->ipc.count) {
		seen = calloc(src->ipc.count, sizeof(*seen));
		if (!seen)
			return -ENOMEM;
	}
	for (size_t i = 0; i < src->ipc.count; i++) {
		const struct sysvipc_object *object = &src->ipc.object[i];

		if (!is_of_tree(src, object))
			continue;
		while (old < src->ipc_seen_count && compare(&src->ipc_seen[old], object) < 0)
			old++;
		if (old < src->ipc_seen_count && !compare(&src->ipc_seen[old], object))
			seen[count++] = src->ipc_seen[old];
		else
			seen[count++] = first_seen(src, object);
	}
	free(src->ipc_seen);
	src->ipc_seen = seen;
	src->ipc_seen_count = count;
	src->sampling_ns += proc_now_ns() - begin_ns;
	return 0;
}

int ipc_look(struct proc_source *src)
{
	uint64_t print = fingerprint();

	if (print == src->ipc_fingerprint)
		return 0;
	src->ipc_fingerprint = print;
	return ipc_list(src);
}

static int tell_one(struct proc_source *src, const struct ipc_seen *seen,
		    const struct sysvipc_object *object)
{
	static const enum cost cost_of[SYSVIPC_KINDS] = {
	    [SYSVIPC_SHM] = COST_IPC_SHM,
	    [SYSVIPC_SEM] = COST_IPC_SEM,
	    [SYSVIPC_MSG] = COST_IPC_MSG,
	};
	enum cost kind = cost_of[object->kind];
	char name[64];
	struct event ev = {
	    .type = EVENT_LEFT,
	    .account = seen->creator,
	    .u.left = {.pool = object->kind == SYSVIPC_SHM ? POOL_SHARED : POOL_KERNEL,
		       .id = object->id,
		       .birth_ordinal = seen->ordinal,
		       .bytes = object->used_bytes,
		       .kernel_bytes = src->cost.bytes[kind]},
	    .text = name,
	};
	int err;

	(void)snprintf(name, sizeof(name), "%s id %u key 0x%08x", sysvipc_name(object->kind),
		       object->id, object->key);
	err = emit_tag(src, kind, &ev.u.left.tag);
	return err ? err : emit_event(src, &ev);
}

int ipc_tell(struct proc_source *src)
{
	bool by_user = false;
	int err = ipc_list(src);

	for (size_t i = 0; src->ipc_works && !err && i < src->ipc_seen_count; i++) {
		const struct ipc_seen *seen = &src->ipc_seen[i];

		by_user = by_user || seen->kind != SYSVIPC_SHM;
		err = tell_one(src, seen, sysvipc_find(&src->ipc, seen->kind, seen->id));
	}
	if (err || !by_user)
		return err;
	return emit_blind(src,
			  "Who made a semaphore set or a message queue: those that are new and "
			  "belong to this user are taken for the command's.");
}

void ipc_done(struct proc_source *src)
{
	if (src->births)
		(void)munmap(src->births, src->pid_max * sizeof(*src->births));
	free(src->ipc_seen);
	sysvipc_done(&src->ipc);
	sysvipc_done(&src->ipc_before);
}
