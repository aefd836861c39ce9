/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * When noting begins and ends: the forks of this process, which are its clock, and its end.
 *
 * fork() and its kin are counted here, one function of libc for each; libc's own calls of them do
 * not come here, so nothing is counted twice. A fork by other means is not counted: forktally
 * sees the difference.
 */
#include <dlfcn.h>
#include <errno.h>
#include <linux/futex.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "heap/hook.h"

#define PUBLIC __attribute__((visibility("default")))

struct heap_state *heap_state;
__thread int heap_inside __attribute__((tls_model("initial-exec")));

static void futex(uint32_t *at, int op, uint32_t value)
{
	(void)syscall(SYS_futex, at, op | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

void heap_lock(void)
{
	uint32_t *l = &heap_state->lock, free = 0;

	if (__atomic_compare_exchange_n(l, &free, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(l, 2, __ATOMIC_ACQUIRE))
		futex(l, FUTEX_WAIT, 2);
}

void heap_unlock(void)
{
	if (__atomic_exchange_n(&heap_state->lock, 0, __ATOMIC_RELEASE) == 2)
		futex(&heap_state->lock, FUTEX_WAKE, 1);
}

void heap_enter(void)
{
	heap_inside++;
	heap_lock();
}

void heap_leave(void)
{
	heap_unlock();
	heap_inside--;
}

bool heap_can_note(void)
{
	return heap_state->noting;
}

void *heap_map(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return NULL;
	if (madvise(at, bytes, MADV_DONTFORK)) {
		munmap(at, bytes);
		return NULL;
	}
	return at;
}

void heap_unmap(void *at, size_t bytes)
{
	munmap(at, bytes);
}

/* The one mapping that children have as well: with zeros in it, which is where they begin. */
static bool make_state(void)
{
	static uint32_t making;
	struct heap_state *s;

	if (__atomic_load_n(&heap_state, __ATOMIC_ACQUIRE))
		return true;
	if (__atomic_exchange_n(&making, 1, __ATOMIC_ACQ_REL))
		return false;
	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		return false;
	if (madvise(s, sizeof(*s), MADV_WIPEONFORK)) {
		munmap(s, sizeof(*s));
		return false;
	}
	__atomic_store_n(&heap_state, s, __ATOMIC_RELEASE);
	return true;
}

static void begin(struct heap_state *s)
{
	struct timespec now;

	s->failed = !share_attach();
	if (s->failed)
		return;
	clock_gettime(CLOCK_BOOTTIME, &now);
	s->begun_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	s->pid = getpid();
	s->flags = alloc_is_ours ? 0 : HEAP_OTHER_MALLOC;
	__atomic_store_n(&s->noting, 1, __ATOMIC_RELEASE);
}

/* A process is about to be made. */
static void count_fork(void)
{
	struct heap_state *s;
	int error = errno;

	if (heap_inside || !share_is_on() || !make_state())
		return;
	s = heap_state;
	heap_enter();
	if (!s->noting && !s->ended && !s->failed)
		begin(s);
	/* A child of vfork() is not the owner of this memory. */
	if (s->noting && s->pid == getpid()) {
		s->forks++;
		if (s->record)
			s->record->forks = s->forks;
		else if (s->forks == HEAP_FORKS_MIN)
			share_publish();
	}
	heap_leave();
	errno = error;
}

/*
 * What is freed from now on is freed by the end of the program: it has been there as long as that
 * ran. The tables stay as they are.
 */
static void end(void)
{
	struct heap_state *s = heap_state;

	if (!s || heap_inside || !s->noting || s->pid != getpid())
		return;
	heap_enter();
	s->ended = true;
	__atomic_store_n(&s->noting, 0, __ATOMIC_RELEASE);
	heap_leave();
}

static void *next_of(const char *name, void **cache)
{
	if (!*cache)
		*cache = dlsym(RTLD_NEXT, name);
	return *cache;
}

#define NEXT(name)                                                                                 \
	({                                                                                         \
		static void *cache_;                                                               \
		(__typeof__(&name))next_of(#name, &cache_);                                        \
	})

PUBLIC pid_t fork(void)
{
	count_fork();
	return NEXT(fork)();
}

PUBLIC pid_t _Fork(void)
{
	__typeof__(&fork) next;
	static void *cache;

	count_fork();
	next = next_of("_Fork", &cache);
	return next ? next() : NEXT(fork)();
}

PUBLIC int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
		       const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
	count_fork();
	return NEXT(posix_spawn)(pid, path, actions, attr, argv, envp);
}

PUBLIC int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
			const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
	count_fork();
	return NEXT(posix_spawnp)(pid, file, actions, attr, argv, envp);
}

PUBLIC int system(const char *command)
{
	if (command)
		count_fork();
	return NEXT(system)(command);
}

PUBLIC FILE *popen(const char *command, const char *type)
{
	count_fork();
	return NEXT(popen)(command, type);
}

/*
 * The function that calls vfork() returns twice, and the child writes to the stack below: no frame
 * of ours may be there. So this jumps.
 */
__attribute__((used, visibility("hidden"))) void *heap_next_vfork(void);

void *heap_next_vfork(void)
{
	static void *cache;

	count_fork();
	return next_of("vfork", &cache);
}

#if defined(__x86_64__)
__asm__(".text\n"
	".globl vfork\n"
	".type vfork,@function\n"
	"vfork:\n"
	".cfi_startproc\n"
	"	endbr64\n"
	"	subq $8, %rsp\n"
	".cfi_adjust_cfa_offset 8\n"
	"	call heap_next_vfork\n"
	"	addq $8, %rsp\n"
	".cfi_adjust_cfa_offset -8\n"
	"	jmp *%rax\n"
	".cfi_endproc\n"
	".size vfork,.-vfork\n");
#elif defined(__aarch64__)
__asm__(".text\n"
	".globl vfork\n"
	".type vfork,%function\n"
	"vfork:\n"
	".cfi_startproc\n"
	"	hint #34\n" /* bti c */
	"	stp x29, x30, [sp, #-16]!\n"
	".cfi_adjust_cfa_offset 16\n"
	"	bl heap_next_vfork\n"
	"	ldp x29, x30, [sp], #16\n"
	".cfi_adjust_cfa_offset -16\n"
	"	mov x16, x0\n"
	"	br x16\n"
	".cfi_endproc\n"
	".size vfork,.-vfork\n");
#endif

PUBLIC void exit(int status)
{
	end();
	NEXT(exit)(status);
	__builtin_unreachable();
}

PUBLIC void quick_exit(int status)
{
	end();
	NEXT(quick_exit)(status);
	__builtin_unreachable();
}

static int (*program_main)(int, char **, char **);

static int main_then_end(int argc, char **argv, char **envp)
{
	int status = program_main(argc, argv, envp);

	end();
	return status;
}

typedef int start_fn(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void),
		     void (*)(void), void *);
start_fn __libc_start_main;

/* The return from main() is an exit that nobody calls. */
PUBLIC int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv,
			     void (*init)(void), void (*fini)(void), void (*rtld_fini)(void),
			     void *stack_end)
{
	program_main = main;
	return NEXT(__libc_start_main)(main_then_end, argc, argv, init, fini, rtld_fini, stack_end);
}
