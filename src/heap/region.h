/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * region.h - the memory in which the allocator hook tells forktally what is live. Both map it:
 * what a process wrote there stays, however it ended. doc/decision/0025-the-allocator-hook.md.
 *
 * Terms
 *   record   a process that has forked HEAP_FORKS_MIN times, with the hook in it.
 *   chunk    a piece of the region that belongs to one record: sites, or lines of its maps.
 *   site     a call stack under which blocks were taken that are still there.
 *   clock    how many forks the process has made by functions of libc since its exec.
 *   bin      `stride` readings of the clock; what is live was taken in these bins.
 *
 * The hook fills a record in and writes to its chunks as long as the process lives; forktally
 * reads, and gives record and chunks free when the process has ended. Whoever reads trusts
 * nothing: any process of the tree can write here.
 */
#ifndef FORKTALLY_HEAP_REGION_H
#define FORKTALLY_HEAP_REGION_H

#include <stdint.h>

#define HEAP_ENVIRONMENT  "FORKTALLY_HEAP" /* names the file that is to be mapped */
#define HEAP_LIBRARY	  "libforktally-heap.so"
#define HEAP_MAGIC	  0x3170616568746b66ULL /* "fktheap1" */

#define HEAP_REGION_BYTES (16u << 20)
#define HEAP_CHUNK_BYTES  16384u
#define HEAP_CHUNKS	  (HEAP_REGION_BYTES / HEAP_CHUNK_BYTES) /* the first is the header */
#define HEAP_RECORDS	  255
#define HEAP_FORKS_MIN	  8   /* fewer cannot be judged: the ledger's bound as well */
#define HEAP_BINS	  128 /* as many as the ledger's series have */
#define HEAP_FRAMES	  30

enum heap_call {
	HEAP_MALLOC,
	HEAP_CALLOC,
	HEAP_REALLOC,
	HEAP_MEMALIGN,
	HEAP_POSIX_MEMALIGN,
	HEAP_ALIGNED_ALLOC,
	HEAP_VALLOC,
	HEAP_PVALLOC,
	HEAP_CALLS
};

struct heap_site {
	uint32_t depth;	 /* frames in use */
	uint32_t call;	 /* enum heap_call */
	uint32_t stride; /* a power of two */
	uint32_t pad;
	uint64_t frame[HEAP_FRAMES]; /* return addresses, that of the call first */
	uint32_t count[HEAP_BINS];   /* of live blocks; what realloc() added is one more */
	uint64_t bytes[HEAP_BINS];   /* as the program asked for */
};

enum heap_kind { HEAP_SITES = 1, HEAP_MAPS };

#define HEAP_PAYLOAD (HEAP_CHUNK_BYTES - 16)

struct heap_chunk {
	uint32_t owner; /* number of the record + 1; 0: free */
	uint32_t kind;	/* enum heap_kind */
	uint32_t used;	/* sites, or bytes of text */
	uint32_t pad;
	union {
		struct heap_site site[HEAP_PAYLOAD / sizeof(struct heap_site)];
		char text[HEAP_PAYLOAD]; /* whole lines of /proc/PID/maps */
	} u;
};
#define HEAP_SITES_IN_CHUNK (HEAP_PAYLOAD / sizeof(struct heap_site))

enum heap_record_state { HEAP_FREE, HEAP_CLAIMED, HEAP_READY };

#define HEAP_OTHER_MALLOC 1 /* the program has an allocator of its own linked in */

struct heap_record {
	uint32_t state;	   /* enum heap_record_state */
	uint32_t pid;	   /* as the process sees itself */
	uint64_t begun_ns; /* CLOCK_BOOTTIME: shortly before its first fork since its exec */
	uint32_t forks;	   /* its clock */
	uint32_t flags;
	uint64_t missed; /* blocks that found no room */
};

struct heap_region {
	uint64_t magic;
	uint32_t records_missed; /* processes that found no record */
	uint32_t pad;
	struct heap_record record[HEAP_RECORDS];
};

static inline struct heap_chunk *heap_chunk(struct heap_region *region, uint32_t i)
{
	return (struct heap_chunk *)((char *)region + (uint64_t)i * HEAP_CHUNK_BYTES);
}

_Static_assert(sizeof(struct heap_chunk) == HEAP_CHUNK_BYTES, "chunks lie side by side");
_Static_assert(sizeof(struct heap_region) <= HEAP_CHUNK_BYTES, "the header is the first chunk");

#endif
