/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* probe_bpf.c - abilities that a BPF program of two or so instructions can try. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "source/probe.h"

#define TABLE_BYTES (16u << 20)
#define RING_BYTES  (256u << 10)

/* A 64-bit register gets a constant; a 64-bit register is copied; end of the program. */
#define SET(reg, value)                                                                            \
	((struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (reg), .imm = (value)})
#define COPY(to, from)                                                                             \
	((struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = (to), .src_reg = (from)})
#define END ((struct bpf_insn){.code = BPF_JMP | BPF_EXIT})

static int silent(enum libbpf_print_level level, const char *format, va_list args)
{
	return 0;
}

static const struct btf *kernel_types(void)
{
	static struct btf *btf;
	static bool tried;

	if (!tried) {
		tried = true;
		libbpf_set_print(silent);
		btf = btf__load_vmlinux_btf(); /* kept until we end */
	}
	return btf;
}

/* Returns a descriptor or -errno. */
static int load(enum bpf_prog_type type, enum bpf_attach_type attach, int btf_id,
		const struct bpf_insn *insns, size_t count)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = attach,
		    .attach_btf_id = (unsigned int)btf_id);

	libbpf_set_print(silent);
	return bpf_prog_load(type, "forktally_probe", "Dual BSD/GPL", insns, count, &opts);
}

static int load_trivial(enum bpf_prog_type type, enum bpf_attach_type attach, int btf_id)
{
	const struct bpf_insn insns[] = {SET(BPF_REG_0, 0), END};

	return load(type, attach, btf_id, insns, 2);
}

int probe_btf(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES])
{
	errno = 0;
	if (kernel_types())
		return 0;
	return errno ? -errno : -ENOENT;
}

int probe_bpf_load(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES])
{
	_cleanup_close_ int fd = load_trivial(BPF_PROG_TYPE_RAW_TRACEPOINT, 0, 0);
	char value[16] = "";
	FILE *f;

	if (fd >= 0)
		return 0;
	f = fopen("/proc/sys/kernel/unprivileged_bpf_disabled", "re");
	if (f) {
		if (fgets(value, sizeof(value), f))
			value[strcspn(value, "\n")] = '\0';
		fclose(f);
		(void)snprintf(detail, PROBE_DETAIL_BYTES,
			       "sysctl kernel.unprivileged_bpf_disabled is %s", value);
	}
	return fd;
}

int probe_bpf_memory(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES])
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	_cleanup_close_ int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "forktally_probe", 4, 4096,
						TABLE_BYTES / 4096, &opts);
	void *p;

	if (fd < 0)
		return fd;
	p = mmap(NULL, TABLE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	(void)munmap(p, TABLE_BYTES);
	return 0;
}

int probe_tracepoint(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES])
{
	_cleanup_close_ int fd = -1, link = -1;
	char type[128];
	int id;

	if (!kernel_types())
		return -ENODATA;
	(void)snprintf(type, sizeof(type), "btf_trace_%s", spec->argument);
	id = btf__find_by_name_kind(kernel_types(), type, BTF_KIND_TYPEDEF);
	if (id < 0)
		return -ENOENT;
	fd = load_trivial(BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, id);
	if (fd < 0)
		return fd;
	link = bpf_raw_tracepoint_open(NULL, fd);
	return link < 0 ? link : 0;
}

int probe_ringbuf(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES])
{
	_cleanup_close_ int fd =
	    bpf_map_create(BPF_MAP_TYPE_RINGBUF, "forktally_probe", 0, 0, RING_BYTES, NULL);

	return fd < 0 ? fd : 0;
}

int probe_iter(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES])
{
	_cleanup_close_ int fd = -1, link = -1, iter = -1;
	char name[64], buf[64];
	int id;

	if (!kernel_types())
		return -ENODATA;
	(void)snprintf(name, sizeof(name), "bpf_iter_%s", spec->argument);
	id = btf__find_by_name_kind(kernel_types(), name, BTF_KIND_FUNC);
	if (id < 0)
		return -ENOENT;
	fd = load_trivial(BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, id);
	if (fd < 0)
		return fd;
	link = bpf_link_create(fd, 0, BPF_TRACE_ITER, NULL);
	if (link < 0)
		return link;
	iter = bpf_iter_create(link);
	if (iter < 0)
		return iter;
	return read(iter, buf, sizeof(buf)) < 0 ? -errno : 0;
}

int probe_test_run(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES])
{
	const struct bpf_insn insns[] = {SET(BPF_REG_0, 23), END};
	_cleanup_close_ int fd = load(BPF_PROG_TYPE_RAW_TRACEPOINT, 0, 0, insns, 2);
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	int err;

	if (fd < 0)
		return fd;
	err = bpf_prog_test_run_opts(fd, &opts);
	if (err)
		return err;
	return opts.retval == 23 ? 0 : -EPROTO;
}

int probe_cmpxchg(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES])
{
	/* *(u64 *)(r10 - 8) = 7; r0 = 7; r1 = 23; cmpxchg gives r0 = 7 and stores 23; return that.
	 */
	const struct bpf_insn insns[] = {
	    {.code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = -8, .imm = 7},
	    SET(BPF_REG_0, 7),
	    SET(BPF_REG_1, 23),
	    {.code = BPF_STX | BPF_ATOMIC | BPF_DW,
	     .dst_reg = BPF_REG_10,
	     .src_reg = BPF_REG_1,
	     .off = -8,
	     .imm = BPF_CMPXCHG},
	    {.code = BPF_LDX | BPF_MEM | BPF_DW,
	     .dst_reg = BPF_REG_0,
	     .src_reg = BPF_REG_10,
	     .off = -8},
	    END,
	};
	_cleanup_close_ int fd =
	    load(BPF_PROG_TYPE_RAW_TRACEPOINT, 0, 0, insns, sizeof(insns) / sizeof(insns[0]));

	return fd < 0 ? fd : 0;
}

static bool has_enumerator(const struct btf *btf, const struct btf_type *t, const char *name)
{
	for (int i = 0; i < btf_vlen(t); i++) {
		if (!strcmp(btf__name_by_offset(btf, btf_enum(t)[i].name_off), name))
			return true;
	}
	return false;
}

/* The kernel lists the functions it has for programs; to call this one needs types of our own. */
int probe_loop(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES])
{
	const struct btf *btf = kernel_types();

	if (!btf)
		return -ENODATA;
	for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);

		if (btf_is_enum(t) && has_enumerator(btf, t, "BPF_FUNC_loop"))
			return 0;
	}
	return -ENOENT;
}

/* A map whose value is described by types of our own. */
static int create_typed_map(enum bpf_map_type type, struct btf *types, int key, int value,
			    unsigned int entries, unsigned int flags)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = flags,
		    .btf_key_type_id = (unsigned int)key, .btf_value_type_id = (unsigned int)value);
	int err = btf__load_into_kernel(types);

	if (err)
		return err;
	opts.btf_fd = (unsigned int)btf__fd(types);
	return bpf_map_create(type, "forktally_probe", 4,
			      (unsigned int)btf__resolve_size(types, (unsigned int)value), entries,
			      &opts);
}

int probe_task_storage(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES])
{
	struct btf *types;
	int fd, number;

	libbpf_set_print(silent);
	types = btf__new_empty();
	if (!types)
		return -ENOMEM;
	number = btf__add_int(types, "int", 4, BTF_INT_SIGNED);
	fd = create_typed_map(BPF_MAP_TYPE_TASK_STORAGE, types, number, number, 0,
			      BPF_F_NO_PREALLOC);
	btf__free(types);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

int probe_kptr(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES])
{
	struct btf *types;
	int fd, number, task, tag, pointer, value;

	libbpf_set_print(silent);
	types = btf__new_empty();
	if (!types)
		return -ENOMEM;
	number = btf__add_int(types, "int", 4, BTF_INT_SIGNED);
	task = btf__add_fwd(types, "task_struct", BTF_FWD_STRUCT);
	tag = btf__add_type_tag(types, "kptr", task);
	pointer = btf__add_ptr(types, tag);
	value = btf__add_struct(types, "value", 8);
	(void)btf__add_field(types, "task", pointer, 0, 0); /* a map without it does not load */
	fd = create_typed_map(BPF_MAP_TYPE_ARRAY, types, number, value, 1, 0);
	btf__free(types);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

int probe_fentry(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES])
{
	_cleanup_close_ int fd = -1, link = -1;
	int id;

	if (!kernel_types())
		return -ENODATA;
	/* A function that the kernel keeps for such tests: nobody calls it. */
	id = btf__find_by_name_kind(kernel_types(), "bpf_fentry_test1", BTF_KIND_FUNC);
	if (id < 0)
		return -ENOENT;
	fd = load_trivial(BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, id);
	if (fd < 0)
		return fd;
	link = bpf_raw_tracepoint_open(NULL, fd);
	return link < 0 ? link : 0;
}
