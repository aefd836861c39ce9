// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/bpf/tables.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bpf/ask.skel.h"
#include "bpf/exact.skel.h"
#include "bpf/exact_old.skel.h"
#include "source/bpf/iterate.h"

#define RECORDS_BYTES (8u << 20)

static size_t map_bytes(const struct bpf_map *map)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t bytes = ((bpf_map__value_size(map) + 7) & ~7u) * (size_t)bpf_map__max_entries(map);

	return (bytes + page - 1) & ~(page - 1);
}

static void *map_memory(const struct bpf_map *map)
{
	void *p =
	    mmap(NULL, map_bytes(map), PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	return p == MAP_FAILED ? NULL : p;
}

static uint32_t power_of_two(uint32_t at_least)
{
	uint32_t n = 1024;

	while (n < at_least && n < 1u << 24)
		n <<= 1;
	return n;
}

/*
 * The programs as this kernel can run them. exact_old has the same maps, programs and variables,
 * by the same names: the one skeleton fits both, whichever file of programs it opens.
 */
static struct exact_bpf *open_exact(bool old)
{
	struct exact_bpf *x = calloc(1, sizeof(*x));
	int err;

	static_assert(sizeof(struct exact_bpf__bss) == sizeof(struct exact_old_bpf__bss) &&
			  sizeof(struct exact_bpf__data) == sizeof(struct exact_old_bpf__data) &&
			  sizeof(struct exact_bpf__rodata) == sizeof(struct exact_old_bpf__rodata),
		      "one skeleton for both");
	if (!x)
		return NULL;
	err = exact_bpf__create_skeleton(x);
	if (!err && old)
		x->skeleton->data = (void *)exact_old_bpf__elf_bytes(&x->skeleton->data_sz);
	if (!err)
		err = bpf_object__open_skeleton(x->skeleton, NULL);
	if (!err)
		return x;
	exact_bpf__destroy(x);
	errno = -err;
	return NULL;
}

static int load_exact(const struct machine *m, bool pages_marked, struct tables *t,
		      const char **ret_why)
{
	struct exact_bpf *x = open_exact(m->old_bpf);
	int err;

	if (!x) {
		*ret_why = "the kernel programs cannot be opened";
		return -errno;
	}
	t->exact = x;
	x->rodata->far_mask = t->far_mask;
	x->rodata->task_mask = TABLE_TASKS - 1;
	x->rodata->account_mask = TABLE_ACCOUNTS - 1;
	x->rodata->take_mask = TABLE_TAKES - 1;
	x->rodata->cpu_count = m->cpus;
	x->rodata->gfp_account = m->gfp_account;
	x->rodata->gfp_zero = m->gfp_zero;
	x->rodata->gfp_reclaimable = m->gfp_reclaimable;
	x->rodata->slab_account = m->slab_account;
	x->rodata->slab_reclaim = m->slab_reclaim;
	x->rodata->page_bytes = m->page_bytes;
	x->rodata->kmalloc_slab_max = 2 * m->page_bytes;
	x->rodata->stack_bytes = m->stack_bytes;
	t->payer_bytes = x->rodata->payer_bytes = pages_marked ? m->payer_bytes : 0;
	x->rodata->fork_site = m->fork_site;
	x->rodata->lock_site = m->lock_site;
	x->rodata->key_site = m->key_site;
	x->rodata->page_base = m->page_base;
	x->rodata->page_shift = m->page_shift;
	x->rodata->page_struct_bytes = m->page_struct_bytes;
	x->rodata->judge_forks = JUDGE_FORKS;
	x->rodata->programs_preempted = m->programs_preempted;
	x->rodata->objects_loadable = m->objects_loadable;
	memcpy((void *)x->rodata->percpu_offset, m->percpu_offset, sizeof(m->percpu_offset));
	bpf_program__set_autoload(x->progs.on_slab_alloc, m->slab_alloc);
	bpf_program__set_autoload(x->progs.on_slab_alloc_sized, m->slab_alloc_sized);
	bpf_program__set_autoload(x->progs.on_slab_alloc_node, m->slab_alloc_sized);
	bpf_program__set_autoload(x->progs.on_slab_alloc_at, m->slab_alloc_at);
	bpf_program__set_autoload(x->progs.on_slab_alloc_at_node, m->slab_alloc_at);
	bpf_program__set_autoload(x->progs.on_kmalloc, !m->kmalloc_cache);
	bpf_program__set_autoload(x->progs.on_kmalloc_node, m->kmalloc_node);
	bpf_program__set_autoload(x->progs.on_kmalloc_cache, m->kmalloc_cache);
	bpf_program__set_autoload(x->progs.on_percpu_alloc, m->percpu_alloc);
	bpf_program__set_autoload(x->progs.on_prepare_exec, m->prepare_exec);
	bpf_program__set_autoload(x->progs.on_cgroup, m->cgroup_mkdir);
	bpf_program__set_autoattach(x->progs.adopt, false);
	/*
	 * Where the kernel can be asked about each object, a missed return is found that way; a
	 * twin of each program would only cost time. doc/decision/0012 has the numbers.
	 */
	bpf_program__set_autoload(x->progs.on_kmem_cache_free_again, !pages_marked);
	bpf_program__set_autoload(x->progs.on_kfree_again, !pages_marked);
	bpf_program__set_autoload(x->progs.on_page_free_again, !pages_marked);
	bpf_map__set_max_entries(x->maps.objects, t->object_buckets);
	bpf_map__set_max_entries(x->maps.tasks, TABLE_TASKS);
	bpf_map__set_max_entries(x->maps.accounts, TABLE_ACCOUNTS);
	bpf_map__set_max_entries(x->maps.takes, TABLE_TAKES);
	bpf_map__set_max_entries(x->maps.counts, m->cpus);
	bpf_map__set_max_entries(x->maps.records, RECORDS_BYTES);
	err = exact_bpf__load(x);
	if (err) {
		*ret_why = err == -EPERM || err == -EACCES
			       ? "the kernel refuses the programs (permission, or its verifier)"
			   : err == -ENOMEM ? "no memory for the tables"
					    : "the kernel cannot load the programs";
		return err;
	}
	t->objects = map_memory(x->maps.objects);
	t->accounts = map_memory(x->maps.accounts);
	t->takes = map_memory(x->maps.takes);
	t->counts = map_memory(x->maps.counts);
	t->grown = map_memory(x->maps.grown);
	if (!t->objects || !t->accounts || !t->takes || !t->counts || !t->grown) {
		*ret_why = "the kernel's tables cannot be mapped";
		return -ENOMEM;
	}
	t->tree = &x->bss->tree;
	t->tags = x->bss->tags;
	t->records_fd = bpf_map__fd(x->maps.records);
	t->tree->next_account = 1; /* slot 0 is the command's own */
	t->tree->grown_bits = GROWN_BITS_MIN;
	err = exact_bpf__attach(x);
	if (err) {
		*ret_why = "a tracepoint cannot be attached to";
		return err;
	}
	t->attached = true;
	return 0;
}

static int load_ask(const struct machine *m, struct tables *t, const char **ret_why)
{
	int err;

	t->ask = ask_bpf__open();
	if (!t->ask) {
		*ret_why = "the kernel programs cannot be opened";
		return -errno;
	}
	t->ask->rodata->page_base = m->page_base;
	t->ask->rodata->page_shift = m->page_shift;
	t->ask->rodata->page_struct_bytes = m->page_struct_bytes;
	err = ask_bpf__load(t->ask);
	if (err)
		*ret_why = "the kernel refuses the program that asks its objects";
	return err;
}

int tables_open(const struct machine *m, uint32_t objects, bool pages_marked,
		struct tables *ret_tables, const char **ret_why)
{
	struct tables t = {.cpus = m->cpus,
			   .page_bytes = m->page_bytes,
			   .records_fd = -1,
			   .preempted = m->programs_preempted};
	int err;

	/* Two thirds full at most: fuller buckets spill too often. */
	t.far_mask = power_of_two(objects / BUCKET_SLOTS / 2 * 3) - 1;
	t.object_buckets = NEAR_BUCKETS + t.far_mask + 1;
	err = load_exact(m, pages_marked, &t, ret_why);
	if (!err)
		err = load_ask(m, &t, ret_why);
	if (err) {
		tables_close(&t);
		return err;
	}
	*ret_tables = t;
	return 0;
}

int tables_adopt(struct tables *t, pid_t pid, uint32_t *slot)
{
	int err;

	t->exact->bss->adopt_tgid = (uint32_t)pid;
	t->exact->bss->adopt_slot = *slot;
	t->exact->bss->adopt_count = 0;
	err = iterate(t->exact->progs.adopt, NULL, NULL);
	if (err)
		return err;
	*slot = t->exact->bss->adopt_slot;
	return (int)t->exact->bss->adopt_count;
}

void tables_detach(struct tables *t)
{
	if (t->attached)
		exact_bpf__detach(t->exact);
	t->attached = false;
}

uint64_t tables_open_count(const struct tables *t, uint32_t tag)
{
	uint64_t open = 0;

	for (uint32_t cpu = 0; cpu < t->cpus; cpu++)
		open += t->counts[cpu].charged[tag] - t->counts[cpu].returned[tag];
	return open;
}

int64_t tables_open_bytes(const struct tables *t)
{
	int64_t sum = 0;

	for (uint32_t tag = 0; tag < TAG_MAX; tag++)
		sum += (int64_t)tables_open_count(t, tag) * t->tags[tag].bytes;
	return sum;
}

int64_t tables_place(const struct tables *t, uint64_t address)
{
	uint32_t at = OBJECT_HOME(address);

	for (uint32_t p = 0; p <= BUCKET_PROBES; p++) {
		for (int i = 0; i < BUCKET_SLOTS; i++) {
			if (t->objects[at].key[i] == address)
				return (int64_t)at * BUCKET_SLOTS + i;
		}
		at = OBJECT_FAR(address, p, t->far_mask);
	}
	return -1;
}

uint32_t tables_object_size(const struct tables *t, const struct tag_slot *tag)
{
	bool slab = tag->kind == TAG_SLAB || tag->kind == TAG_KMALLOC;

	return tag->bytes - (slab ? t->payer_bytes : 0);
}

int64_t tables_told_bytes(const struct tag_slot *tag)
{
	if (!TAG_IS_UNCHARGED(tag->kind))
		return tag->bytes;
	return tag->own_bytes ? tag->own_bytes : EVENT_UNKNOWN_BYTES;
}

static uint64_t misses(const struct bpf_program *program)
{
	struct bpf_prog_info info = {};
	uint32_t size = sizeof(info);

	if (bpf_program__fd(program) < 0 ||
	    bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
		return 0; /* not loaded */
	return info.recursion_misses;
}

void tables_missed(const struct tables *t, uint64_t *ret_follow, uint64_t *ret_charge)
{
	const struct exact_bpf *x = t->exact;
	/* Not on_free: a softirq may run it above itself; a stale task is found at the next fork.
	 */
	const struct bpf_program *const follow[] = {x->progs.on_newtask, x->progs.on_exec,
						    x->progs.on_exit};
	const struct bpf_program *const charge[] = {
	    x->progs.on_slab_alloc,    x->progs.on_slab_alloc_sized,   x->progs.on_slab_alloc_node,
	    x->progs.on_slab_alloc_at, x->progs.on_slab_alloc_at_node, x->progs.on_kmalloc,
	    x->progs.on_kmalloc_node,  x->progs.on_kmalloc_cache,      x->progs.on_page_alloc,
	    x->progs.on_percpu_alloc,
	};

	*ret_follow = *ret_charge = 0;
	for (size_t i = 0; i < sizeof(follow) / sizeof(follow[0]); i++)
		*ret_follow += misses(follow[i]);
	for (size_t i = 0; t->preempted && i < sizeof(charge) / sizeof(charge[0]); i++)
		*ret_charge += misses(charge[i]);
}

static void unmap(void *p, const struct bpf_map *map)
{
	if (p)
		munmap(p, map_bytes(map));
}

void tables_close(struct tables *t)
{
	if (t->exact) {
		tables_detach(t);
		unmap(t->objects, t->exact->maps.objects);
		unmap(t->accounts, t->exact->maps.accounts);
		unmap(t->takes, t->exact->maps.takes);
		unmap(t->counts, t->exact->maps.counts);
		unmap(t->grown, t->exact->maps.grown);
	}
	exact_bpf__destroy(t->exact);
	ask_bpf__destroy(t->ask);
	*t = (struct tables){.records_fd = -1};
}
