/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "source/probe.h"

#include <assert.h>

#define AS_ROOT	  "run as root, or with CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE"
#define NEWER	  "a kernel that has it, with CONFIG_DEBUG_INFO_BTF=y; " AS_ROOT
#define TP_LACK	  "exact counting (source bpf): allocations and frees are not seen"
#define TREE_LACK "exact counting (source bpf): the tree cannot be followed"
#define NOT_USED  "nothing today: no source needs it"

#define TRACEPOINT(id, tracepoint, lost, needed)                                                   \
	[id] = {.name = "tp." tracepoint,                                                          \
		.title = "tracepoint " tracepoint,                                                 \
		.lack = lost,                                                                      \
		.get = NEWER,                                                                      \
		.need = needed,                                                                    \
		.try_it = probe_tracepoint,                                                        \
		.argument = tracepoint}

static const struct ability_spec specs[ABILITIES] = {
    [ABILITY_BTF] = {"btf", "the kernel's type information (BTF)", "exact counting (source bpf)",
		     "a kernel with CONFIG_DEBUG_INFO_BTF=y", NEED_BPF, probe_btf, NULL},
    [ABILITY_BPF_LOAD] = {"bpf.load", "loading a BPF program", "exact counting (source bpf)",
			  AS_ROOT "; in a container: --privileged, or a seccomp profile that "
				  "lets bpf(2) through",
			  NEED_BPF, probe_bpf_load, NULL},
    [ABILITY_BPF_MEMORY] = {"bpf.memory", "a 16 MiB table in BPF memory, mapped",
			    "exact counting (source bpf): its tables",
			    AS_ROOT "; before Linux 5.11 also ulimit -l unlimited", NEED_BPF,
			    probe_bpf_memory, NULL},
    TRACEPOINT(ABILITY_TP_KMEM_CACHE_ALLOC, "kmem_cache_alloc", TP_LACK, NEED_BPF),
    TRACEPOINT(ABILITY_TP_KMEM_CACHE_FREE, "kmem_cache_free", TP_LACK, NEED_BPF),
    TRACEPOINT(ABILITY_TP_KMALLOC, "kmalloc", TP_LACK, NEED_BPF),
    TRACEPOINT(ABILITY_TP_KFREE, "kfree", TP_LACK, NEED_BPF),
    TRACEPOINT(ABILITY_TP_MM_PAGE_ALLOC, "mm_page_alloc", TP_LACK, NEED_BPF),
    TRACEPOINT(ABILITY_TP_MM_PAGE_FREE, "mm_page_free", TP_LACK, NEED_BPF),
    TRACEPOINT(ABILITY_TP_PERCPU_ALLOC, "percpu_alloc_percpu",
	       "per-CPU memory is not counted (some hundred bytes of a process)", NEED_NONE),
    TRACEPOINT(ABILITY_TP_PERCPU_FREE, "percpu_free_percpu",
	       "per-CPU memory is not counted (some hundred bytes of a process)", NEED_NONE),
    TRACEPOINT(ABILITY_TP_TASK_NEWTASK, "task_newtask", TREE_LACK, NEED_BPF),
    TRACEPOINT(ABILITY_TP_SCHED_PROCESS_EXEC, "sched_process_exec", TREE_LACK, NEED_BPF),
    TRACEPOINT(ABILITY_TP_SCHED_PROCESS_EXIT, "sched_process_exit", TREE_LACK, NEED_BPF),
    TRACEPOINT(ABILITY_TP_SCHED_PROCESS_FREE, "sched_process_free", TREE_LACK, NEED_BPF),
    [ABILITY_RINGBUF] = {"bpf.ringbuf", "BPF ring buffer", "exact counting (source bpf)",
			 "Linux 5.8 or newer; " AS_ROOT, NEED_BPF, probe_ringbuf, NULL},
    [ABILITY_ITER_TASK] = {"bpf.iter", "BPF iterator over tasks",
			   "exact counting (source bpf): processes that live at the end",
			   "Linux 5.8 or newer; " AS_ROOT, NEED_BPF, probe_iter, "task"},
    [ABILITY_ITER_VMA] = {"bpf.iter_vma", "BPF iterator over memory maps",
			  "what only a memory map holds at the end: then no object is called lost",
			  "Linux 5.13 or newer; " AS_ROOT, NEED_NONE, probe_iter, "task_vma"},
    [ABILITY_TEST_RUN] = {"bpf.test_run", "running a BPF program on demand",
			  "asking the kernel which open charges still live: they stay undecided",
			  "Linux 5.10 or newer; " AS_ROOT, NEED_NONE, probe_test_run, NULL},
    [ABILITY_CMPXCHG] = {"bpf.cmpxchg", "atomic compare and exchange in BPF",
			 "next to nothing: source bpf runs its programs for old kernels",
			 "Linux 5.12 or newer; " AS_ROOT, NEED_NONE, probe_cmpxchg, NULL},
    [ABILITY_LOOP] = {"bpf.loop", "loops of any length in BPF (bpf_loop)",
		      "which code took private memory; POSIX timers; what waits in a queue or list "
		      "after the first 256",
		      "Linux 5.17 or newer", NEED_NONE, probe_loop, NULL},
    [ABILITY_TASK_STORAGE] = {"bpf.task_storage", "BPF task storage", NOT_USED,
			      "Linux 5.11 or newer; " AS_ROOT, NEED_NONE, probe_task_storage, NULL},
    [ABILITY_KPTR] = {"bpf.kptr", "kernel pointers in BPF maps (kptr)", NOT_USED,
		      "Linux 5.19 or newer; " AS_ROOT, NEED_NONE, probe_kptr, NULL},
    [ABILITY_FENTRY] = {"bpf.fentry", "BPF at the entry of kernel functions (fentry)", NOT_USED,
			"a kernel with CONFIG_FUNCTION_TRACER=y; " AS_ROOT, NEED_NONE, probe_fentry,
			NULL},
    [ABILITY_MEMORY_CGROUP] = {"cgroup.memory", "a memory cgroup of our own (v2 or v1)",
			       "the kernel's own total beside ours (unattributed is unknown); "
			       "doctor --calibrate",
			       "run as root, or in a cgroup delegated to you (systemd-run --user "
			       "--scope -p Delegate=yes); its kernel memory with v2: Linux 5.18 or "
			       "newer",
			       NEED_NONE, probe_memory_cgroup, NULL},
    [ABILITY_SLABINFO] = {"slabinfo", "/proc/slabinfo", NOT_USED, "run as root", NEED_NONE,
			  probe_file, "/proc/slabinfo"},
    [ABILITY_KALLSYMS] = {"kallsyms", "addresses of kernel functions",
			  "names of kernel functions in call stacks",
			  "run as root, with sysctl kernel.kptr_restrict=1 or 0", NEED_NONE,
			  probe_kallsyms, NULL},
    [ABILITY_MEMLOCK] = {"memlock", "64 MiB of locked memory",
			 "before Linux 5.11: BPF tables; else nothing",
			 "run as root, or ulimit -l unlimited", NEED_NONE, probe_memlock, NULL},
    [ABILITY_PTRACE] = {"ptrace", "following a child by ptrace(2)", "source proc",
			"sysctl kernel.yama.ptrace_scope below 3; in a container: a seccomp "
			"profile that lets ptrace(2) through (--cap-add=SYS_PTRACE)",
			NEED_PROC, probe_ptrace, NULL},
    [ABILITY_PROCFS] = {"procfs", "/proc of this pid namespace", "source proc",
			"mount -t proc proc /proc", NEED_PROC, probe_procfs, NULL},
    [ABILITY_SYSVIPC] = {"sysvipc", "/proc/sysvipc", "source proc: System V objects left behind",
			 "a kernel with CONFIG_SYSVIPC=y", NEED_NONE, probe_file,
			 "/proc/sysvipc/shm"},
    [ABILITY_KCMP] = {"kcmp", "telling whether two processes share their memory",
		      "source proc: a clone(2) with CLONE_VM is taken for a fork",
		      "a kernel with CONFIG_KCMP=y", NEED_NONE, probe_kcmp, NULL},
    [ABILITY_SECCOMP] = {"seccomp", "installing a seccomp filter", NOT_USED,
			 "a kernel with CONFIG_SECCOMP_FILTER=y", NEED_NONE, probe_seccomp, NULL},
};

const struct ability_spec *probe_spec(enum ability a)
{
	assert(a < ABILITIES);
	return &specs[a];
}

const struct probe_result *probe(enum ability a)
{
	static struct probe_result cache[ABILITIES];
	static bool tried[ABILITIES];

	assert(a < ABILITIES);
	if (!tried[a]) {
		cache[a].err = specs[a].try_it(&specs[a], cache[a].detail);
		cache[a].works = !cache[a].err;
		tried[a] = true;
	}
	return &cache[a];
}

static enum ability first_missing(unsigned int need)
{
	for (int a = 0; a < ABILITIES; a++)
		if ((specs[a].need & need) && !probe((enum ability)a)->works)
			return (enum ability)a;
	return ABILITIES;
}

const char *probe_source(enum ability *ret_missing)
{
	enum ability bpf = first_missing(NEED_BPF), proc;

	*ret_missing = bpf;
	if (bpf == ABILITIES)
		return "bpf";
	proc = first_missing(NEED_PROC);
	if (proc == ABILITIES)
		return "proc";
	*ret_missing = proc;
	return NULL;
}
