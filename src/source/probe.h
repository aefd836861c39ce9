/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * probe.h - which abilities has this machine, for this user, at this place? Each is found by
 * trying the real thing on something that is ours alone, never from a version, a file's mode or a
 * user id, and is tried once.
 */
#ifndef FORKTALLY_PROBE_H
#define FORKTALLY_PROBE_H

#include <stdbool.h>
#include <stddef.h>

enum ability {
	ABILITY_BTF,
	ABILITY_BPF_LOAD,
	ABILITY_BPF_MEMORY,
	ABILITY_TP_FIRST,
	ABILITY_TP_KMEM_CACHE_ALLOC = ABILITY_TP_FIRST,
	ABILITY_TP_KMEM_CACHE_FREE,
	ABILITY_TP_KMALLOC,
	ABILITY_TP_KFREE,
	ABILITY_TP_MM_PAGE_ALLOC,
	ABILITY_TP_MM_PAGE_FREE,
	ABILITY_TP_PERCPU_ALLOC,
	ABILITY_TP_PERCPU_FREE,
	ABILITY_TP_TASK_NEWTASK,
	ABILITY_TP_SCHED_PROCESS_EXEC,
	ABILITY_TP_SCHED_PROCESS_EXIT,
	ABILITY_TP_SCHED_PROCESS_FREE,
	ABILITY_TP_LAST = ABILITY_TP_SCHED_PROCESS_FREE,
	ABILITY_RINGBUF,
	ABILITY_ITER_TASK,
	ABILITY_ITER_VMA,
	ABILITY_TEST_RUN,
	ABILITY_CMPXCHG,
	ABILITY_LOOP,
	ABILITY_TASK_STORAGE,
	ABILITY_KPTR,
	ABILITY_FENTRY,
	ABILITY_MEMORY_CGROUP,
	ABILITY_SLABINFO,
	ABILITY_KALLSYMS,
	ABILITY_MEMLOCK,
	ABILITY_PTRACE,
	ABILITY_PROCFS,
	ABILITY_SYSVIPC,
	ABILITY_KCMP,
	ABILITY_SECCOMP,
	ABILITIES
};

/* Which source cannot be used at all without it. */
enum need { NEED_NONE = 0, NEED_BPF = 1, NEED_PROC = 2 };

#define PROBE_DETAIL_BYTES 192

struct probe_result {
	bool works;
	int err;			 /* -errno where it does not */
	char detail[PROBE_DETAIL_BYTES]; /* what was seen, "" nothing to say */
};

struct ability_spec {
	const char *name;  /* a slug, stable: "btf", "tp.kfree" */
	const char *title; /* in plain words */
	const char *lack;  /* what is lost without it */
	const char *get;   /* how to get it */
	unsigned int need;
	int (*try_it)(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES]);
	const char *argument; /* for try_it */
};

const struct ability_spec *probe_spec(enum ability a);

/* Tries it, the first time; from then on the same answer. Not for several threads. */
const struct probe_result *probe(enum ability a);

/**
 * probe_source() - which source "run" takes here: "bpf", "proc", or NULL for none.
 * @ret_missing: the ability that the better source lacks; ABILITIES: it lacks none.
 */
const char *probe_source(enum ability *ret_missing);

/* probe_bpf.c. Each returns 0 or -errno and may write a detail. */
int probe_btf(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES]);
int probe_bpf_load(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES]);
int probe_bpf_memory(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES]);
int probe_tracepoint(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES]);
int probe_ringbuf(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES]);
int probe_iter(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES]);
int probe_test_run(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES]);
int probe_cmpxchg(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES]);
int probe_loop(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES]);
int probe_task_storage(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES]);
int probe_kptr(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES]);
int probe_fentry(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES]);

/* probe_system.c. */
int probe_memory_cgroup(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES]);
int probe_file(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES]);
int probe_kallsyms(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES]);
int probe_memlock(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES]);
int probe_ptrace(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES]);
int probe_procfs(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES]);
int probe_kcmp(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES]);
int probe_seccomp(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES]);

#endif
