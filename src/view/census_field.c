/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "view/census_field.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "view/census_view.h"

static struct census_value of_text(const char *text)
{
	return (struct census_value){.type = CENSUS_TEXT, .known = *text, .text = text};
}

static struct census_value of_count(uint64_t n)
{
	return (struct census_value){
	    .type = CENSUS_COUNT, .known = n != CENSUS_UNKNOWN_COUNT, .count = n};
}

static struct census_value of_bytes(struct amount a)
{
	return (struct census_value){
	    .type = CENSUS_BYTES, .known = a.known != KNOWN_NOT, .bytes = a};
}

static struct census_value of_time(int64_t ns)
{
	return (struct census_value){.type = CENSUS_TIME, .known = ns >= 0, .ns = ns};
}

/* A getter for each expression over p, the process, and r, its row. */
#define GET(name, value)                                                                           \
	static struct census_value get_##name(const struct census_row *r, unsigned index)          \
	{                                                                                          \
		const struct census_process *p = r->process;                                       \
                                                                                                   \
		(void)p;                                                                           \
		(void)index;                                                                       \
		return value;                                                                      \
	}

static const char *state_of(const struct census_process *p)
{
	if (p->flags & CENSUS_ZOMBIE)
		return "zombie";
	if (p->flags & CENSUS_KERNEL_THREAD)
		return "kernel";
	if (p->flags & CENSUS_STOPPED)
		return "stopped";
	if (p->flags & CENSUS_LEADER_GONE)
		return "leaderless";
	return "alive";
}

static int64_t age_of(const struct census_row *r)
{
	uint64_t now = r->census->time_ns, start = r->process->start_ns;

	return start && now > start ? (int64_t)(now - start) : start ? 0 : -1;
}

GET(pid, of_count(p->tgid))
GET(ppid, of_count(p->ppid))
GET(user, of_text(r->user))
GET(uid, of_count(p->uid))
GET(state, of_text(state_of(p)))
GET(private, of_bytes(p->private))
GET(kernel, of_bytes(p->kernel))
GET(shared, of_bytes(p->shared))
GET(swap, of_bytes(p->swap))
GET(fds, of_count(p->fds))
GET(threads, of_count(p->threads))
GET(zombies, of_count(p->zombies))
GET(anon, of_bytes(p->anon))
GET(file, of_bytes(p->file))
GET(shmem, of_bytes(p->shmem))
GET(virtual, of_bytes(p->virtual))
GET(commit, of_bytes(p->commit))
GET(locked, of_bytes(p->locked))
GET(kernel_full, of_bytes(p->kernel_undivided))
GET(shared_full, of_bytes(p->shared_undivided))
GET(uncharged, of_bytes(r->census->depth == CENSUS_PAYERS ? amount_from_event(p->uncharged_bytes)
							  : (struct amount){.known = KNOWN_NOT}))
GET(maps, of_count(p->maps))
GET(cpu, of_time(p->cpu_ns))
GET(age, of_time(age_of(r)))
GET(cgroup, of_text(r->cgroup))
GET(pid_namespace, of_count(p->pid_namespace ? p->pid_namespace : CENSUS_UNKNOWN_COUNT))
GET(sum_private, of_bytes(p->subtree.private))
GET(sum_kernel, of_bytes(p->subtree.kernel))
GET(sum_shared, of_bytes(p->subtree.shared))
GET(sum_swap, of_bytes(p->subtree.swap))
GET(sum_fds, of_count(p->subtree.fds))
GET(sum_threads, of_count(p->subtree.threads))
GET(sum_zombies, of_count(p->subtree.zombies))
GET(sum_processes, of_count(p->subtree.processes))
GET(comm, of_text(p->comm))
GET(command, of_text(r->command))

static struct census_value get_kind_bytes(const struct census_row *r, unsigned kind)
{
	struct amount a =
	    kind_get(kind)->pool == POOL_SHARED ? r->process->shared : r->process->kernel;

	if (!r->process->part)
		a.known = KNOWN_NOT;
	else
		a.bytes = r->process->part[kind].divided;
	return of_bytes(a);
}

static struct census_value get_kind_count(const struct census_row *r, unsigned kind)
{
	return of_count(r->process->part ? r->process->part[kind].count : CENSUS_UNKNOWN_COUNT);
}

#define KINDS	 .depth = CENSUS_KINDS_ALL
#define ESTIMATE "Source proc counts objects and multiplies with a table of costs: an estimate."
#define SUM_NOTE "All below it count, also those that a filter does not show."

/* clang-format off */
static const struct census_field own[CENSUS_OWN_FIELDS] = {
[CF_PID] = {"pid", "PID", "", "The process id.",
	"task_struct.tgid; /proc/PID", "As the pid namespace of forktally counts.",
	CENSUS_COUNT, .rising = true, .sums = CF_PID, .get = get_pid},
[CF_PPID] = {"ppid", "PPID", "", "The process id of its parent; 0: none that is seen.",
	"task_struct.real_parent; stat", "",
	CENSUS_COUNT, .rising = true, .sums = CF_PPID, .get = get_ppid},
[CF_USER] = {"user", "USER", "", "The user it acts as; the number where it has no name.",
	"task_struct.cred.euid; status: Uid", "",
	CENSUS_TEXT, .rising = true, .width_max = 10, .sums = CF_USER, .get = get_user},
[CF_UID] = {"uid", "UID", "", "The number of the user it acts as.",
	"task_struct.cred.euid; status: Uid", "As the first user namespace counts.",
	CENSUS_COUNT, .rising = true, .sums = CF_UID, .get = get_uid},
[CF_STATE] = {"state", "STATE", "",
	"alive, zombie (ended, and its parent has not waited for it), stopped, kernel (a kernel thread) or leaderless (its first thread has ended, others run).",
	"task_struct.exit_state, flags; stat", "Source proc does not tell leaderless from zombie by itself: it looks for threads that live.",
	CENSUS_TEXT, .rising = true, .sums = CF_STATE, .get = get_state},
[CF_PRIVATE] = {"private", "PRIVATE", "bytes",
	"Memory of its own: anonymous pages in memory and those swapped out.",
	"mm_struct.rss_stat; status: RssAnon + VmSwap", "Pages that a parent and its child still share after a fork count in both.",
	CENSUS_BYTES, .sums = CF_SUM_PRIVATE, .get = get_private},
[CF_KERNEL] = {"kernel", "KERNEL", "bytes",
	"Kernel memory that exists because of it, all kinds; what it shares with others is divided among them.",
	"each kind's structures; status: VmPTE, fd, maps, a table of costs", ESTIMATE,
	CENSUS_BYTES, KINDS, .sums = CF_SUM_KERNEL, .get = get_kernel},
[CF_SHARED] = {"shared", "SHARED", "bytes",
	"Memory for several processes that it maps or holds open (memfd, SysV, POSIX and anonymous shared memory), divided among them.",
	"address_space.nrpages; fd, maps, sysvipc/shm, smaps_rollup: Pss_Shmem", "In full, also pages that this process never touched.",
	CENSUS_BYTES, KINDS, .sums = CF_SUM_SHARED, .get = get_shared},
[CF_SWAP] = {"swap", "SWAP", "bytes", "Anonymous pages that were swapped out; part of private.",
	"mm_struct.rss_stat; status: VmSwap", "",
	CENSUS_BYTES, .sums = CF_SUM_SWAP, .get = get_swap},
[CF_FDS] = {"fds", "FDS", "", "Open file descriptors.",
	"files_struct.fdt; fd", "",
	CENSUS_COUNT, .sums = CF_SUM_FDS, .get = get_fds},
[CF_THREADS] = {"threads", "THR", "", "Threads that live; 0: a zombie.",
	"signal_struct.nr_threads; status: Threads", "",
	CENSUS_COUNT, .sums = CF_SUM_THREADS, .get = get_threads},
[CF_ZOMBIES] = {"zombies", "ZOMB", "", "Children that ended and that it has not waited for.",
	"task_struct.exit_state; stat", "",
	CENSUS_COUNT, .sums = CF_SUM_ZOMBIES, .get = get_zombies},
[CF_ANON] = {"anon", "ANON", "bytes", "Anonymous pages in memory.",
	"mm_struct.rss_stat; status: RssAnon", "",
	CENSUS_BYTES, .sums = CF_ANON, .get = get_anon},
[CF_FILE] = {"file", "FILE", "bytes", "Pages of files that it maps and that are in memory.",
	"mm_struct.rss_stat; status: RssFile", "Each process that maps a page counts it: not divided.",
	CENSUS_BYTES, .sums = CF_FILE, .get = get_file},
[CF_SHMEM] = {"shmem", "SHMEM", "bytes", "Pages of shared memory that it maps and has touched.",
	"mm_struct.rss_stat; status: RssShmem", "Not divided; shared has the divided figure.",
	CENSUS_BYTES, .sums = CF_SHMEM, .get = get_shmem},
[CF_VIRTUAL] = {"virtual", "VIRTUAL", "bytes", "Size of its address space.",
	"mm_struct.total_vm; status: VmSize", "Addresses, not memory.",
	CENSUS_BYTES, .sums = CF_VIRTUAL, .get = get_virtual},
[CF_COMMIT] = {"commit", "COMMIT", "bytes", "Private writable address space that it was promised, touched or not.",
	"mm_struct.data_vm, stack_vm; status: VmData + VmStk", "",
	CENSUS_BYTES, .sums = CF_COMMIT, .get = get_commit},
[CF_LOCKED] = {"locked", "LOCKED", "bytes", "Memory that it locked by mlock(2).",
	"mm_struct.locked_vm; status: VmLck", "",
	CENSUS_BYTES, .sums = CF_LOCKED, .get = get_locked},
[CF_KERNEL_FULL] = {"kernel.full", "KERN.FULL", "bytes", "As kernel, but what it shares counts in full.",
	"as kernel", "Does not add up over processes.",
	CENSUS_BYTES, KINDS, .sums = CF_KERNEL_FULL, .get = get_kernel_full},
[CF_SHARED_FULL] = {"shared.full", "SHRD.FULL", "bytes", "As shared, but what it shares counts in full.",
	"as shared", "Does not add up over processes.",
	CENSUS_BYTES, KINDS, .sums = CF_SHARED_FULL, .get = get_shared_full},
[CF_UNCHARGED] = {"uncharged", "UNCHARGED", "bytes", "Of its kernel memory, what the kernel charges to no cgroup.",
	"each kind's structures", "Source bpf only.",
	CENSUS_BYTES, .depth = CENSUS_PAYERS, .sums = CF_UNCHARGED, .get = get_uncharged},
[CF_MAPS] = {"maps", "MAPS", "", "Mappings of its address space.",
	"mm_struct.map_count; maps", "",
	CENSUS_COUNT, .sums = CF_MAPS, .get = get_maps},
[CF_CPU] = {"cpu", "CPU", "s", "Time that its threads ran, also those that ended.",
	"task_struct.se, signal_struct.sum_sched_runtime; stat: utime + stime", "",
	CENSUS_TIME, .sums = CF_CPU, .get = get_cpu},
[CF_AGE] = {"age", "AGE", "s", "Time since it was forked.",
	"task_struct.start_boottime; stat: starttime", "",
	CENSUS_TIME, .sums = CF_AGE, .get = get_age},
[CF_CGROUP] = {"cgroup", "CGROUP", "", "Its control group, as a path below the mount point.",
	"task_struct.cgroups; cgroup", "With cgroup v1: of the memory controller.",
	CENSUS_TEXT, .rising = true, .width_max = 32, .sums = CF_CGROUP, .get = get_cgroup},
[CF_PID_NAMESPACE] = {"pidns", "PIDNS", "", "The pid namespace it lives in, by inode number.",
	"task_struct.nsproxy, thread_pid; ns/pid", "",
	CENSUS_COUNT, .rising = true, .sums = CF_PID_NAMESPACE, .get = get_pid_namespace},
[CF_SUM_PRIVATE] = {"sum.private", "SUM.PRIV", "bytes", "private of the process and all below it.",
	"as private", SUM_NOTE,
	CENSUS_BYTES, .sums = CF_SUM_PRIVATE, .get = get_sum_private},
[CF_SUM_KERNEL] = {"sum.kernel", "SUM.KERN", "bytes", "kernel of the process and all below it: nothing is counted twice.",
	"as kernel", SUM_NOTE,
	CENSUS_BYTES, KINDS, .sums = CF_SUM_KERNEL, .get = get_sum_kernel},
[CF_SUM_SHARED] = {"sum.shared", "SUM.SHRD", "bytes", "shared of the process and all below it: nothing is counted twice.",
	"as shared", SUM_NOTE,
	CENSUS_BYTES, KINDS, .sums = CF_SUM_SHARED, .get = get_sum_shared},
[CF_SUM_SWAP] = {"sum.swap", "SUM.SWAP", "bytes", "swap of the process and all below it.",
	"as swap", SUM_NOTE,
	CENSUS_BYTES, .sums = CF_SUM_SWAP, .get = get_sum_swap},
[CF_SUM_FDS] = {"sum.fds", "SUM.FDS", "", "fds of the process and all below it.",
	"as fds", SUM_NOTE,
	CENSUS_COUNT, .sums = CF_SUM_FDS, .get = get_sum_fds},
[CF_SUM_THREADS] = {"sum.threads", "SUM.THR", "", "threads of the process and all below it.",
	"as threads", SUM_NOTE,
	CENSUS_COUNT, .sums = CF_SUM_THREADS, .get = get_sum_threads},
[CF_SUM_ZOMBIES] = {"sum.zombies", "SUM.ZOMB", "", "Zombies among the process and all below it.",
	"as zombies", SUM_NOTE,
	CENSUS_COUNT, .sums = CF_SUM_ZOMBIES, .get = get_sum_zombies},
[CF_SUM_PROCESSES] = {"sum.processes", "PROCS", "", "The process and all below it, zombies too.",
	"as ppid", SUM_NOTE,
	CENSUS_COUNT, .sums = CF_SUM_PROCESSES, .get = get_sum_processes},
[CF_COMM] = {"comm", "COMM", "", "The name of the process, at most 15 bytes.",
	"task_struct.comm; stat", "A process can name itself as it likes.",
	CENSUS_TEXT, .rising = true, .width_max = 16, .sums = CF_COMM, .get = get_comm},
[CF_COMMAND] = {"command", "COMMAND", "",
	"Its command line; the name in brackets where it has none: a kernel thread, a zombie.",
	"/proc/PID/cmdline", "Read when the row is made, moments after the figures. A process can overwrite it.",
	CENSUS_TEXT, .rising = true, .sums = CF_COMMAND, .get = get_command},
};
/* clang-format on */

/* Of the kinds. Made once, from the table of kinds. */
static struct census_field of_kind[2 * CENSUS_KINDS];
static char kind_name[CENSUS_KINDS][32], count_name[CENSUS_KINDS][32];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static bool is_own(const char *name)
{
	for (unsigned id = 0; id < CENSUS_OWN_FIELDS; id++) {
		if (!strcmp(own[id].name, name))
			return true;
	}
	return false;
}

static void make_kind_fields(void)
{
	for (unsigned k = 0; k < CENSUS_KINDS; k++) {
		const struct census_kind_row *row = kind_get(k);
		struct census_field *bytes = &of_kind[k], *count = &of_kind[CENSUS_KINDS + k];

		/* "pid" is the process id already. */
		(void)snprintf(kind_name[k], sizeof(kind_name[k]), "%s%s",
			       is_own(row->name) ? "kernel." : "", row->name);
		(void)snprintf(count_name[k], sizeof(count_name[k]), "%.24s.count", kind_name[k]);
		*bytes = (struct census_field){.name = kind_name[k],
					       .head = kind_name[k],
					       .unit = "bytes",
					       .help = row->help,
					       .source = row->source,
					       .caveat = "",
					       .type = CENSUS_BYTES,
					       .depth = CENSUS_KINDS_ALL,
					       .sums = CF_KIND_BYTES + k,
					       .get = get_kind_bytes,
					       .index = k};
		*count = *bytes;
		count->name = count->head = count_name[k];
		count->unit = "";
		count->type = CENSUS_COUNT;
		count->sums = CF_KIND_COUNT + k;
		count->get = get_kind_count;
	}
}

const struct census_field *census_field_get(enum census_field_id id)
{
	if (id < CENSUS_OWN_FIELDS)
		return &own[id];
	pthread_once(&once, make_kind_fields);
	return &of_kind[id - CENSUS_OWN_FIELDS];
}

enum census_field_id census_field_find(const char *name, size_t length)
{
	unsigned id = 0;

	while (id < CENSUS_FIELDS) {
		const char *other = census_field_get(id)->name;

		if (strlen(other) == length && !memcmp(other, name, length))
			break;
		id++;
	}
	return id;
}

struct census_value census_field_value(enum census_field_id id, const struct census_row *row)
{
	const struct census_field *field = census_field_get(id);

	return field->get(row, field->index);
}

int census_value_compare(const struct census_value *a, const struct census_value *b)
{
	int64_t x, y;

	switch (a->type) {
	case CENSUS_TEXT:
		return strcmp(a->text, b->text);
	case CENSUS_COUNT:
		return a->count < b->count ? -1 : a->count > b->count;
	case CENSUS_BYTES:
		x = a->bytes.bytes;
		y = b->bytes.bytes;
		return x < y ? -1 : x > y;
	case CENSUS_TIME:
		return a->ns < b->ns ? -1 : a->ns > b->ns;
	}
	return 0;
}

const struct census_columns census_columns_default = {.at = {CF_PID, CF_USER, CF_PRIVATE, CF_KERNEL,
							     CF_SHARED, CF_SWAP, CF_FDS, CF_THREADS,
							     CF_ZOMBIES, CF_COMMAND},
						      .count = 10};

const struct census_columns census_columns_tree = {
    .at = {CF_PID, CF_USER, CF_PRIVATE, CF_KERNEL, CF_SUM_PRIVATE, CF_SUM_KERNEL, CF_SUM_SHARED,
	   CF_SUM_PROCESSES, CF_COMMAND},
    .count = 9};

int census_columns_parse(const char *text, struct census_columns *columns, const char **ret_bad,
			 size_t *ret_length)
{
	struct census_columns result = {.count = 0};

	if (*text == '+') {
		result = *columns;
		text++;
	}
	for (;;) {
		size_t length = strcspn(text, ",");
		enum census_field_id id = census_field_find(text, length);

		for (unsigned i = 0; i < result.count; i++) {
			if (result.at[i] == id)
				id = CENSUS_FIELDS;
		}
		if (id == CENSUS_FIELDS) {
			*ret_bad = text;
			*ret_length = length;
			return -EINVAL;
		}
		result.at[result.count++] = id;
		text += length;
		if (!*text++)
			break;
	}
	*columns = result;
	return 0;
}
