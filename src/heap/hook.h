/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * hook.h - the inside of libforktally-heap.so, the allocator hook that is loaded into programs.
 *
 *   alloc.c   malloc() and its kin: the real one does the work, then it is noted
 *   process.c fork() and its kin, the end of the program; when noting begins and ends
 *   block.c   the live blocks of this process
 *   site.c    the call stacks that they came from, with sums for forktally
 *   stack.c   the call stack of this moment
 *   share.c   the region that forktally reads; maps of the process
 *
 * Life: nothing is noted until the process forks for the first time, for what was there before is
 * no leak of a fork. With its HEAP_FORKS_MINth fork it gets a record in the region. Until then
 * all is in memory of its own.
 *
 * What the kernel does at a fork keeps processes apart: `heap_state` is wiped in the child, the
 * tables are not there. A child of vfork() has the memory of its maker, and so its blocks.
 *
 * Nothing here allocates by malloc(), prints, or ends the program. What cannot be noted is
 * counted. All but heap_is_noting() and heap_enter() want the lock.
 */
#ifndef FORKTALLY_HEAP_HOOK_H
#define FORKTALLY_HEAP_HOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "heap/region.h"

#define HEAP_CHUNKS_MAX HEAP_CHUNKS /* of one process */

/* A block, or what realloc() added to one. */
struct piece {
	uintptr_t address;
	size_t bytes;
	uint32_t site, birth; /* birth: reading of the clock */
	uint32_t older;	      /* the rest of the block; 0: none. Of a free one: the next */
	uint32_t pad;
};

struct heap_state {
	uint32_t lock; /* 0 free, 1 held, 2 held and waited for */
	uint32_t noting;
	bool ended; /* the end of the program has begun: what is freed now stays noted */
	bool failed;
	pid_t pid;
	uint32_t forks;
	uint64_t begun_ns, missed;
	uint32_t flags;

	/* block.c: open addressing; 0 is empty */
	uint32_t *slot, slot_bits, slot_used;
	struct piece *piece;
	uint32_t piece_room, piece_used, piece_free;

	/* site.c */
	uint32_t *site_slot;
	uint32_t site_count;
	struct stack_memo *memo;
	uint32_t memo_next;

	/* share.c */
	struct heap_record *record; /* NULL: all chunks are private */
	uint32_t number;	    /* of the record */
	struct heap_chunk **chunk;
	uint32_t chunk_count, sites_at, maps_at; /* 1 + the chunk that has room, 0: none */
	uint32_t *sites_in; /* chunks of sites, in the order in which those were numbered */
	uint32_t sites_chunks;
	struct known_map *known;
	uint32_t known_count, maps_read;
};

extern struct heap_state *heap_state; /* NULL: the process never forked */
extern __thread int heap_inside __attribute__((tls_model("initial-exec")));

/* Cheap, for each call. */
static inline bool heap_is_noting(void)
{
	return heap_state && heap_state->noting && !heap_inside;
}

/* process.c */
void heap_enter(void); /* takes the lock; what happens in this thread until leave is not noted */
void heap_leave(void);
void heap_lock(void);
void heap_unlock(void);
bool heap_can_note(void);     /* asked again, with the lock */
void *heap_map(size_t bytes); /* zeroed, not there in children; NULL: no memory */
void heap_unmap(void *at, size_t bytes);

/* block.c */
void block_add(uintptr_t address, size_t bytes, uint32_t site);
/* @before: bytes that it has if it is not noted: it was there before the first fork. */
void block_resize(uintptr_t address, size_t bytes, uint32_t site, size_t before);
void block_missed(void);
void block_move(uintptr_t from, uintptr_t to);
bool block_remove(uintptr_t address);
bool block_is_there(uintptr_t address);

/* stack.c */
struct stack {
	uint64_t frame[HEAP_FRAMES];
	uint64_t place[HEAP_FRAMES]; /* where each return address stands */
	uint32_t depth;
	bool can_repeat; /* places are known: the same words there are the same stack */
};
void stack_take(uintptr_t caller, struct stack *ret_stack);
#define STACK_MEMOS 4096
#define MEMO_WAYS   4
struct stack_memo {
	uintptr_t caller, frame_address;
	uint32_t thread, site, depth, call;
	uint32_t place[HEAP_FRAMES]; /* counted from frame_address */
};

/*
 * site.c: the number of a site, 0: no room. @frame_address is that of the hook's own function. The
 * lock is let go for a while: ask heap_can_note() again.
 */
uint32_t site_here(enum heap_call call, uintptr_t caller, uintptr_t frame_address);
void site_change(uint32_t site, uint32_t birth, int count, int64_t bytes);

/* alloc.c */
extern bool alloc_is_ours; /* what the program calls malloc() is what we define */

/* share.c */
bool share_is_on(void);	 /* forktally asked for it */
bool share_attach(void); /* maps the region; false: there is none to be had */
void share_publish(void);
struct heap_site *share_site(uint32_t site);
uint32_t share_site_new(void);				/* 0: no room */
void share_maps(const uint64_t *frame, uint32_t depth); /* sees that their files are told */

#endif
