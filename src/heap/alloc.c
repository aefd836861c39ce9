/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* malloc() and its kin. The next one in line does the work, whoever's it is. */
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include "heap/hook.h"

#define PUBLIC __attribute__((visibility("default")))

static struct {
	void *(*malloc)(size_t);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void (*free)(void *);
	void *(*memalign)(size_t, size_t);
	int (*posix_memalign)(void **, size_t, size_t);
	void *(*aligned_alloc)(size_t, size_t);
	void *(*valloc)(size_t);
	void *(*pvalloc)(size_t);
	size_t (*usable)(void *);
} next;

/*
 * dlsym() itself may allocate while we ask for the functions: that comes from here, and is never
 * given back.
 */
#define EARLY_BYTES 16384
static struct {
	_Alignas(16) char bytes[EARLY_BYTES];
	size_t used;
} early;
static __thread int finding __attribute__((tls_model("initial-exec")));

static void *early_alloc(size_t bytes)
{
	size_t need = (bytes + 31) & ~(size_t)15; /* 16 in front hold the length */
	size_t at = __atomic_fetch_add(&early.used, need, __ATOMIC_RELAXED);

	if (bytes > EARLY_BYTES || at + need > EARLY_BYTES)
		return NULL;
	memcpy(early.bytes + at, &bytes, sizeof(bytes));
	return early.bytes + at + 16;
}

static bool is_early(const void *p)
{
	return (uintptr_t)p - (uintptr_t)early.bytes < EARLY_BYTES;
}

bool alloc_is_ours;

/*
 * Do we get what the program gets by the name of malloc? Its address does not tell: in a program
 * that is linked to a fixed place it may be one in there that leads to us. So one is asked for.
 */
static bool is_ours(void)
{
	void *(*program_malloc)(size_t) = dlsym(RTLD_DEFAULT, "malloc");
	void (*program_free)(void *) = dlsym(RTLD_DEFAULT, "free");
	void *p = program_malloc && program_free ? program_malloc(1) : NULL;
	bool ours = p && is_early(p);

	if (p)
		program_free(p);
	return ours;
}

__attribute__((constructor)) static void find_next(void)
{
	if (next.malloc)
		return;
	finding++;
	alloc_is_ours = is_ours();
	next.free = dlsym(RTLD_NEXT, "free");
	next.calloc = dlsym(RTLD_NEXT, "calloc");
	next.realloc = dlsym(RTLD_NEXT, "realloc");
	next.memalign = dlsym(RTLD_NEXT, "memalign");
	next.posix_memalign = dlsym(RTLD_NEXT, "posix_memalign");
	next.aligned_alloc = dlsym(RTLD_NEXT, "aligned_alloc");
	next.valloc = dlsym(RTLD_NEXT, "valloc");
	next.pvalloc = dlsym(RTLD_NEXT, "pvalloc");
	next.usable = dlsym(RTLD_NEXT, "malloc_usable_size");
	__atomic_store_n(&next.malloc, dlsym(RTLD_NEXT, "malloc"), __ATOMIC_RELEASE);
	finding--;
}

/* False: we are asked by the search for the functions itself. */
static inline bool ready(void)
{
	if (__builtin_expect(__atomic_load_n(&next.malloc, __ATOMIC_ACQUIRE) != NULL, 1))
		return true;
	if (finding)
		return false;
	find_next();
	return next.malloc != NULL;
}

static __attribute__((noinline)) void note(enum heap_call call, void *p, size_t bytes,
					   uintptr_t caller, uintptr_t frame)
{
	int error = errno;
	uint32_t site;

	heap_enter();
	site = heap_can_note() ? site_here(call, caller, frame) : 0;
	if (heap_can_note())
		block_add((uintptr_t)p, bytes, site);
	heap_leave();
	errno = error;
}

/* A macro: both are those of the function that the program has called. */
#define NOTE(call, p, bytes)                                                                       \
	do {                                                                                       \
		if (__builtin_expect(heap_is_noting(), 0) && (p))                                  \
			note(call, p, bytes, (uintptr_t)__builtin_return_address(0),               \
			     (uintptr_t)__builtin_frame_address(0));                               \
	} while (0)

PUBLIC void *malloc(size_t bytes)
{
	void *p;

	if (!ready())
		return early_alloc(bytes);
	p = next.malloc(bytes);
	NOTE(HEAP_MALLOC, p, bytes);
	return p;
}

PUBLIC void *calloc(size_t n, size_t each)
{
	void *p;

	if (!ready())
		return each && n > EARLY_BYTES / each ? NULL : early_alloc(n * each);
	p = next.calloc(n, each);
	NOTE(HEAP_CALLOC, p, n * each);
	return p;
}

PUBLIC void free(void *p)
{
	if (!p || is_early(p) || !ready())
		return;
	/* Before it is given to somebody else. */
	if (__builtin_expect(heap_is_noting(), 0)) {
		int error = errno;

		heap_enter();
		if (heap_can_note())
			(void)block_remove((uintptr_t)p);
		heap_leave();
		errno = error;
	}
	next.free(p);
}

static void *early_move(void *p, size_t bytes)
{
	size_t had;
	void *moved = malloc(bytes);

	memcpy(&had, (char *)p - 16, sizeof(had));
	if (moved)
		memcpy(moved, p, had < bytes ? had : bytes);
	return moved;
}

/*
 * The old address may be given to another thread before the real one returns: the block waits
 * under an address of our own, that of the room it has on this stack.
 */
static __attribute__((noinline)) void *realloc_noted(void *p, size_t bytes, uintptr_t caller,
						     uintptr_t frame)
{
	char parked;
	bool known;
	void *moved;
	uint32_t site;
	size_t before = p && next.usable ? next.usable(p) : 0;
	int error;

	heap_enter();
	known = heap_can_note() && block_is_there((uintptr_t)p);
	if (known)
		block_move((uintptr_t)p, (uintptr_t)&parked);
	heap_leave();
	moved = next.realloc(p, bytes);
	error = errno;
	heap_enter();
	if (known && !moved && !bytes)
		(void)block_remove((uintptr_t)&parked);
	else if (known)
		block_move((uintptr_t)&parked, (uintptr_t)(moved ? moved : p));
	site = moved && heap_can_note() ? site_here(HEAP_REALLOC, caller, frame) : 0;
	if (moved && heap_can_note()) {
		if (!known)
			(void)block_remove((uintptr_t)moved);
		block_resize((uintptr_t)moved, bytes, site, before);
	}
	heap_leave();
	errno = error;
	return moved;
}

PUBLIC void *realloc(void *p, size_t bytes)
{
	if (!ready())
		return NULL;
	if (p && is_early(p))
		return early_move(p, bytes);
	if (__builtin_expect(heap_is_noting(), 0))
		return realloc_noted(p, bytes, (uintptr_t)__builtin_return_address(0),
				     (uintptr_t)__builtin_frame_address(0));
	return next.realloc(p, bytes);
}

PUBLIC void *memalign(size_t alignment, size_t bytes)
{
	void *p = ready() && next.memalign ? next.memalign(alignment, bytes) : NULL;

	NOTE(HEAP_MEMALIGN, p, bytes);
	return p;
}

PUBLIC int posix_memalign(void **ret, size_t alignment, size_t bytes)
{
	int err = ready() ? next.posix_memalign(ret, alignment, bytes) : ENOMEM;

	NOTE(HEAP_POSIX_MEMALIGN, err ? NULL : *ret, bytes);
	return err;
}

PUBLIC void *aligned_alloc(size_t alignment, size_t bytes)
{
	void *p = ready() ? next.aligned_alloc(alignment, bytes) : NULL;

	NOTE(HEAP_ALIGNED_ALLOC, p, bytes);
	return p;
}

PUBLIC void *valloc(size_t bytes)
{
	void *p = ready() && next.valloc ? next.valloc(bytes) : NULL;

	NOTE(HEAP_VALLOC, p, bytes);
	return p;
}

PUBLIC void *pvalloc(size_t bytes)
{
	void *p = ready() && next.pvalloc ? next.pvalloc(bytes) : NULL;

	NOTE(HEAP_PVALLOC, p, bytes);
	return p;
}
