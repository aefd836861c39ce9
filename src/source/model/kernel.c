/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "source/model/kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "source/model/script.h"

#define START_NS   UINT64_C(1000000000)
#define INIT_BYTES (UINT64_C(1) << 40) /* what the system's block holds before all */

uint64_t dice(struct kernel *k, uint64_t sides)
{
	uint64_t z = (k->dice += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (z ^ (z >> 31)) % sides;
}

void kernel_fail(struct kernel *k, int err)
{
	if (!k->error)
		k->error = err;
}

void *kernel_alloc(struct kernel *k, size_t size)
{
	void *memory = calloc(1, size);

	if (!memory)
		kernel_fail(k, -ENOMEM);
	return memory;
}

bool kernel_grow(struct kernel *k, void *array, uint32_t count, uint32_t *room, size_t size)
{
	uint32_t more = *room ? *room * 2 : 8;
	void *old, *grown;

	if (count < *room)
		return true;
	memcpy(&old, array, sizeof(old));
	grown = reallocarray(old, more, size);
	if (!grown) {
		kernel_fail(k, -ENOMEM);
		return false;
	}
	memcpy(array, &grown, sizeof(grown));
	*room = more;
	return true;
}

enum pool pool_of(unsigned ft_pool)
{
	return ft_pool == FT_KERNEL   ? POOL_KERNEL
	       : ft_pool == FT_SHARED ? POOL_SHARED
				      : POOL_PRIVATE;
}

uint32_t tag_of(enum kind kind, unsigned ft_pool)
{
	return 1 + (uint32_t)kind * (MODEL_POOLS + 1) + ft_pool;
}

void emit(struct kernel *k, enum event_type type, struct account_id id, struct event *ev)
{
	int err;

	if (k->error)
		return;
	ev->type = type;
	ev->account = id;
	ev->time_ns = k->now_ns;
	err = k->opts.emit ? k->opts.emit(k->opts.emit_ctx, ev) : 0;
	if (err)
		kernel_fail(k, err);
}

static void emit_tag(struct kernel *k, uint32_t tag, enum pool pool, const char *name,
		     uint64_t bytes)
{
	struct event ev = {.u.tag = {.tag = tag,
				     .pool = pool,
				     .object_bytes = bytes ? (int64_t)bytes : EVENT_UNKNOWN_BYTES},
			   .text = name};

	emit(k, EVENT_TAG, (struct account_id){0}, &ev);
}

void emit_head(struct kernel *k)
{
	struct event ev = {.u.session = {.source = SOURCE_MODEL,
					 .cpu_count = k->opts.cpus,
					 .page_bytes = PAGE_BYTES,
					 .version = EVENT_VERSION},
			   .text = k->opts.command ? k->opts.command : script_name(k->scenario)};

	emit(k, EVENT_SESSION, (struct account_id){0}, &ev);
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		const struct kind_info *info = &kind_info[kind];

		for (unsigned i = 0; i < MODEL_POOLS; i++) {
			if (info->bytes[i] || i == FT_PRIVATE ||
			    (kind == KIND_SHM && i == FT_SHARED))
				emit_tag(k, tag_of((enum kind)kind, i), pool_of(i), info->name,
					 info->bytes[i]);
		}
		if (info->left)
			emit_tag(k, tag_of((enum kind)kind, MODEL_POOLS), POOL_SHARED, info->left,
				 0);
	}
}

/* A take is a place in the script: 0 is none. */
void emit_take(struct kernel *k, uint32_t take, struct account_id who)
{
	struct script_place place;
	struct event ev;

	if (!take || take >= k->take_count || k->takes[take] || !k->scenario)
		return;
	k->takes[take] = 1;
	place = script_place(k->scenario, take);
	ev = (struct event){.u.take = {.take = take, .syscall_nr = -2, .first = who},
			    .text = place.syscall};
	emit(k, EVENT_TAKE, (struct account_id){0}, &ev);
	ev = (struct event){.u.frame = {.take = take, .line = place.line}, .text = place.frame};
	emit(k, EVENT_FRAME, (struct account_id){0}, &ev);
}

void kernel_sample(struct kernel *k)
{
	struct model_sample sample = {.forks = k->ordinal};
	struct ft_level level;

	if (!k->opts.sample)
		return;
	for (unsigned i = 0; i < MODEL_POOLS; i++) {
		(void)ft_account_read(k->first->account, i, &level);
		sample.process[i] = level.usage;
		(void)ft_block_read(k->family.ft, i, &level);
		sample.block[i] = level.usage;
	}
	k->opts.sample(k->opts.sample_ctx, &sample);
}

static int books_init(struct kernel *k)
{
	const uint64_t bytes[MODEL_POOLS] = {INIT_BYTES, INIT_BYTES, INIT_BYTES};

	if (ft_root_new(MODEL_POOLS, &k->root) != FT_OK ||
	    ft_block_new(k->root, &k->system.ft) != FT_OK ||
	    ft_block_new(k->root, &k->family.ft) != FT_OK ||
	    ft_account_new(k->system.ft, &k->init) != FT_OK)
		return -ENOMEM;
	for (unsigned i = 0; i < MODEL_POOLS; i++) {
		uint64_t limit = k->opts.limit[i] ? k->opts.limit[i] : script_limit(k->scenario, i);

		k->result.limit[i] = limit ? limit : MODEL_UNLIMITED;
		if (ft_block_limit(k->family.ft, i, k->result.limit[i]) != FT_OK)
			return -EINVAL;
	}
	witness(k, WITNESS_BLOCK, k->family.ft, NULL, NULL, FT_OK);
	witness(k, WITNESS_LIMIT, k->family.ft, NULL, k->result.limit, FT_OK);
	for (unsigned i = 0; i < k->opts.cpus; i++) {
		if (ft_lane_new(k->root, &k->cpu[i].lane) != FT_OK)
			return -ENOMEM;
	}
	return ft_charge_all(k->init, bytes) == FT_OK ? 0 : -ENOMEM;
}

int kernel_init(struct kernel *k, const struct model_options *opts, const struct scenario *s,
		uint32_t take_count)
{
	if (!opts->cpus || opts->cpus > MODEL_CPUS_MAX)
		return -EINVAL;
	*k = (struct kernel){.opts = *opts, .scenario = s, .take_count = take_count};
	k->defects = opts->fixed ? 0 : opts->defects | script_defects(s);
	k->dice = opts->seed;
	k->now_ns = START_NS;
	k->next_pid = 100;
	k->result.failed_pool = -1;
	k->init_process.id = (struct account_id){.tgid = 1, .start_ns = 1};
	k->by_pid = calloc(PIDS, sizeof(struct process *));
	k->takes = calloc(take_count ? take_count : 1, 1);
	if (!k->by_pid || !k->takes)
		return -ENOMEM;
	return books_init(k);
}

void kernel_done(struct kernel *k)
{
	tasks_free(k);
	processes_free(k);
	objects_free(k);
	charges_free(k);
	while (k->blocks) {
		struct block *b = k->blocks;

		k->blocks = b->next;
		(void)ft_block_put(b->ft);
		free(b);
	}
	for (unsigned i = 0; i < MODEL_CPUS_MAX; i++) {
		if (k->cpu[i].lane)
			ft_lane_free(k->cpu[i].lane);
	}
	if (k->init)
		(void)ft_account_close(k->init, NULL);
	if (k->family.ft)
		(void)ft_block_put(k->family.ft);
	if (k->system.ft)
		(void)ft_block_put(k->system.ft);
	if (k->root)
		(void)ft_block_put(k->root); /* FT_LEAK where a defect left something */
	free(k->by_pid);
	free(k->takes);
}
