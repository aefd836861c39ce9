// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/bpf/machine.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bpf/calibrate.skel.h"

/* The number behind an enumerator's name, whatever enum it is in (some have no name). */
static bool enumerator(const struct btf *btf, const char *name, uint32_t *ret)
{
	uint32_t n = btf__type_cnt(btf);

	for (uint32_t id = 1; id < n; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const struct btf_enum *e;

		if (!btf_is_enum(t))
			continue;
		e = btf_enum(t);
		for (int i = 0; i < btf_vlen(t); i++) {
			if (!strcmp(btf__name_by_offset(btf, e[i].name_off), name)) {
				*ret = (uint32_t)e[i].val;
				return true;
			}
		}
	}
	return false;
}

static uint32_t flag(const struct btf *btf, const char *bit_name, uint32_t before_they_had_names)
{
	uint32_t bit;

	return enumerator(btf, bit_name, &bit) ? 1u << bit : before_they_had_names;
}

/* The arguments of a tracepoint; NULL: this kernel does not have it. */
static const struct btf_type *tracepoint(const struct btf *btf, const char *name)
{
	char symbol[96] = "btf_trace_";
	const struct btf_type *t;
	int id;

	strncat(symbol, name, sizeof(symbol) - strlen(symbol) - 1);
	id = btf__find_by_name_kind(btf, symbol, BTF_KIND_TYPEDEF);
	if (id < 0)
		return NULL;
	t = btf__type_by_id(btf, btf__type_by_id(btf, id)->type);
	t = btf__type_by_id(btf, t->type);
	return btf_is_func_proto(t) ? t : NULL;
}

static bool is_pointer(const struct btf *btf, const struct btf_type *proto, int param)
{
	const struct btf_type *t;

	if (!proto || btf_vlen(proto) <= param)
		return false;
	t = btf__type_by_id(btf, btf__resolve_type(btf, (int)btf_params(proto)[param].type));
	return t && btf_is_ptr(t);
}

/* Try a program on the running kernel. 0, or what the kernel says about it. */
static int try_program(const struct bpf_insn *insns, size_t count, int btf_id)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_RAW_TP,
		    .attach_btf_id = (uint32_t)btf_id);
	int fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "forktally_try", "GPL", insns, count, &opts);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* Some kernels take a `const void *` argument for an unknown type and refuse to load it. */
static bool can_load_object(int tracepoint_id)
{
	static const struct bpf_insn insns[] = {
	    {.code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = 0, .src_reg = 1, .off = 8},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0},
	    {.code = BPF_JMP | BPF_EXIT},
	};

	return !try_program(insns, sizeof(insns) / sizeof(insns[0]), tracepoint_id);
}

/* Else exact_old.bpf.c is for it: see there. */
static bool has_new_bpf(int tracepoint_id)
{
	static const struct bpf_insn insns[] = {
	    {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_current_task_btf},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 1, .src_reg = 0},
	    {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_task_pt_regs},
	    {.code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = 10, .off = -8},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 1, .imm = 1},
	    {.code = BPF_STX | BPF_ATOMIC | BPF_DW,
	     .dst_reg = 10,
	     .src_reg = 1,
	     .off = -8,
	     .imm = BPF_CMPXCHG},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0},
	    {.code = BPF_JMP | BPF_EXIT},
	};

	return !try_program(insns, sizeof(insns) / sizeof(insns[0]), tracepoint_id);
}

static int read_btf(struct machine *m, const char **ret_why)
{
	struct btf *btf = btf__load_vmlinux_btf();
	const struct btf_type *slab, *kmalloc, *percpu, *leave;
	uint32_t loop;
	int id;

	if (!btf) {
		*ret_why = "the kernel does not show its types (/sys/kernel/btf/vmlinux)";
		return -errno;
	}
	m->gfp_account = flag(btf, "___GFP_ACCOUNT_BIT", 0x400000);
	m->gfp_zero = flag(btf, "___GFP_ZERO_BIT", 0x100);
	m->gfp_reclaimable = flag(btf, "___GFP_RECLAIMABLE_BIT", 0x10);
	m->slab_account = flag(btf, "_SLAB_ACCOUNT", 0x04000000);
	m->slab_reclaim = flag(btf, "_SLAB_RECLAIM_ACCOUNT", 0x00020000);
	/* Parameter 0 is the tracepoint's own; then ip, ptr, and the cache where it is given. */
	slab = tracepoint(btf, "kmem_cache_alloc");
	m->slab_alloc = is_pointer(btf, slab, 3) && btf_vlen(slab) == 6;
	m->slab_alloc_sized = is_pointer(btf, slab, 3) && btf_vlen(slab) == 7;
	m->slab_alloc_at = slab && btf_vlen(slab) == 6 && !is_pointer(btf, slab, 3);
	kmalloc = tracepoint(btf, "kmalloc");
	m->kmalloc_cache = is_pointer(btf, kmalloc, 3);
	m->kmalloc_node = tracepoint(btf, "kmalloc_node") && !m->kmalloc_cache;
	m->cgroup_mkdir = tracepoint(btf, "cgroup_mkdir") != NULL;
	percpu = tracepoint(btf, "percpu_alloc_percpu");
	m->percpu_alloc = percpu && btf_vlen(percpu) == 11;
	id = btf__find_by_name_kind(btf, "btf_trace_kmem_cache_alloc", BTF_KIND_TYPEDEF);
	m->objects_loadable = can_load_object(id);
	/* Tests ask for it. Some kernels stop at a call of bpf_loop() that is never made. */
	m->old_bpf = getenv("FORKTALLY_OLD_BPF") || !has_new_bpf(id) ||
		     !enumerator(btf, "BPF_FUNC_loop", &loop);
	m->walks_maps = btf__find_by_name_kind(btf, "bpf_iter_task_vma", BTF_KIND_FUNC) > 0;
	/* Objects of a slab are charged one by one, each with a pointer to who pays. */
	if (btf__find_by_name_kind(btf, "obj_cgroup", BTF_KIND_STRUCT) > 0)
		m->payer_bytes = sizeof(void *);
	/* It got a second argument when it was moved to before the memory is dropped. */
	leave = tracepoint(btf, "sched_process_exit");
	m->exit_with_memory = leave && btf_vlen(leave) == 3;
	m->prepare_exec = tracepoint(btf, "sched_prepare_exec") != NULL;
	btf__free(btf);
	if (!m->slab_alloc && !m->slab_alloc_sized && !m->slab_alloc_at) {
		*ret_why =
		    "this kernel's kmem_cache_alloc tracepoint has a shape that is not known";
		return -ENOTSUP;
	}
	return 0;
}

/* One fork, and one buffer that is larger than any slab object. */
static int act(void)
{
	int fds[2], status;
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (pid < 0)
		return -errno;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	(void)fcntl(fds[1], F_SETPIPE_SZ, 1 << 20); /* without it the kernel is not asked later */
	close(fds[0]);
	close(fds[1]);
	return 0;
}

/* In our own name, here and now. */
static int run_once(struct bpf_program *program)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);

	return bpf_prog_test_run_opts(bpf_program__fd(program), &run);
}

/*
 * A file lock and a key: a keyring of this thread's own, of which no child will know. Where it
 * cannot have one, keys are not counted.
 */
static void learn_uncharged(struct calibrate_bpf *c)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
	int fd = memfd_create("forktally", MFD_CLOEXEC);

	if (fd < 0)
		return;
	c->bss->lock_fd = (uint32_t)fd;
	(void)fcntl(fd, F_SETLK, &lock);
	(void)syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_THREAD_KEYRING, 1);
	(void)run_once(c->progs.see_uncharged);
	close(fd);
}

/* The top level of our child's page tables: as many pages as it was made of, one if that was not
 * seen. */
static uint32_t learn_pgd(struct calibrate_bpf *c, const struct machine *m)
{
	uint64_t page = m->page_base + (c->bss->pgd >> m->page_shift) * m->page_struct_bytes, order;

	if (!m->page_base || !c->bss->pgd || c->bss->pgd & (m->page_bytes - 1) ||
	    bpf_map__lookup_elem(c->maps.sites, &page, sizeof(page), &order, sizeof(order), 0))
		order = 0;
	return m->page_bytes << order;
}

int machine_learn(struct machine *ret_machine, const char **ret_why)
{
	struct machine m = {.page_bytes = (uint32_t)sysconf(_SC_PAGESIZE)};
	struct calibrate_bpf *c;
	int err = read_btf(&m, ret_why);

	if (err)
		return err;
	m.page_shift = (uint32_t)__builtin_ctz(m.page_bytes);
	m.cpus = (uint32_t)libbpf_num_possible_cpus();
	if (m.cpus > MACHINE_CPUS) {
		*ret_why = "more than 256 processors";
		return -ENOTSUP;
	}
	c = calibrate_bpf__open();
	if (!c) {
		*ret_why = "the kernel programs cannot be opened";
		return -errno;
	}
	c->rodata->page_shift = m.page_shift;
	if (!m.slab_alloc) {
		bpf_program__set_autoload(c->progs.see_alloc_node, true);
		bpf_program__set_autoload(c->progs.see_kmalloc_node, true);
	}
	bpf_program__set_autoattach(c->progs.see_cpu, false);
	bpf_program__set_autoattach(c->progs.see_learner, false);
	bpf_program__set_autoattach(c->progs.see_uncharged, false);
	err = calibrate_bpf__load(c);
	if (err) {
		*ret_why = err == -EPERM || err == -EACCES
			       ? "loading kernel programs is not permitted (root, or CAP_BPF and "
				 "CAP_PERFMON)"
			       : "the kernel refuses a tracing program";
		goto out;
	}
	err = run_once(c->progs.see_learner);
	if (!err)
		err = calibrate_bpf__attach(c);
	if (err) {
		*ret_why = "a tracepoint cannot be attached to";
		goto out;
	}
	err = act();
	if (err) {
		*ret_why = "a fork of our own failed";
		goto out;
	}
	for (uint32_t cpu = 0; cpu < m.cpus; cpu++) {
		LIBBPF_OPTS(bpf_test_run_opts, run, .flags = BPF_F_TEST_RUN_ON_CPU, .cpu = cpu);

		/* A processor that is not online keeps offset 0: nothing is counted there. */
		(void)bpf_prog_test_run_opts(bpf_program__fd(c->progs.see_cpu), &run);
	}
	learn_uncharged(c);
	m.learner = c->bss->learner;
	m.fork_site = c->bss->fork_site;
	m.lock_site = c->bss->lock_site;
	m.key_site = c->bss->key_site;
	m.page_base = c->bss->page_base;
	m.page_struct_bytes = c->bss->page_struct_bytes;
	m.stack_bytes = c->bss->stack_pages * m.page_bytes;
	m.pgd_bytes = learn_pgd(c, &m);
	m.programs_preempted = c->bss->programs_preempted;
	memcpy(m.percpu_offset, c->bss->percpu_offset, sizeof(m.percpu_offset));
	if (!m.fork_site) {
		*ret_why = "the allocation of a process was not seen in a fork of our own";
		err = -ENOTSUP;
		goto out;
	}
	if (m.slab_alloc_at && !m.page_base) {
		*ret_why = "neither this kernel's kmem_cache_alloc tracepoint nor memory tells the "
			   "cache of an object";
		err = -ENOTSUP;
		goto out;
	}
	if (!m.stack_bytes)
		m.stack_bytes = 16384;
	*ret_machine = m;
out:
	calibrate_bpf__destroy(c);
	return err;
}
