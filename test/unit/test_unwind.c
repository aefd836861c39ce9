/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: unwinding this very program, built without frame pointers, from a snapshot of its
 * registers and stack: through its own functions, a frame of variable size, a call back from
 * libc, a signal handler, a thread's whole stack, code made at run time with and without frame
 * pointers; copies that end anywhere; garbage; what call frame expressions may say.
 * Not: other architectures than the one it runs on. Stripped and static files: test/e2e/frames.sh.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <alloca.h>
#include <dwarf.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/dwarf_value.h"
#include "base/symbol.h"
#include "base/unwind.h"

#define COPY_BYTES 16384
#ifdef __clang__
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE __attribute__((noinline, noclone))
#endif

static struct symbolizer *sym;
static struct unwind_registers regs;
static struct unwind_stack stack;
static unsigned char copy[COPY_BYTES];
static uint64_t found[UNWIND_FRAMES_MAX];
static volatile int sink;

static uintptr_t stack_end(void)
{
	pthread_attr_t attr;
	void *begin;
	size_t bytes;

	assert_int_equal(pthread_getattr_np(pthread_self(), &attr), 0);
	pthread_attr_getstack(&attr, &begin, &bytes);
	pthread_attr_destroy(&attr);
	return (uintptr_t)begin + bytes;
}

/* By the kernel, as the real one is: to checkers of memory it is none of the program's own. */
static void copy_stack(uintptr_t from)
{
	uintptr_t end = stack_end();
	struct iovec here = {copy, end - from < COPY_BYTES ? end - from : COPY_BYTES};
	struct iovec there = {(void *)from, here.iov_len};

	assert_int_equal(process_vm_readv(getpid(), &here, 1, &there, 1, 0), here.iov_len);
	stack = (struct unwind_stack){.address = from, .data = copy, .bytes = here.iov_len};
}

static void take_registers(const ucontext_t *uc)
{
	memset(&regs, 0, sizeof(regs));
#if defined(__x86_64__)
	static const struct {
		int number, at;
	} known[] = {{3, REG_RBX},  {6, REG_RBP},  {7, REG_RSP}, {12, REG_R12},
		     {13, REG_R13}, {14, REG_R14}, {15, REG_R15}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		regs.value[known[i].number] = (uint64_t)uc->uc_mcontext.gregs[known[i].at];
		regs.known |= 1ull << known[i].number;
	}
	regs.pc = (uint64_t)uc->uc_mcontext.gregs[REG_RIP];
	copy_stack(regs.value[7]);
#elif defined(__aarch64__)
	for (int n = 19; n < 31; n++)
		regs.value[n] = uc->uc_mcontext.regs[n];
	regs.value[31] = uc->uc_mcontext.sp;
	regs.known = 0xfff80000;
	regs.pc = uc->uc_mcontext.pc;
	copy_stack(regs.value[31]);
#else
#error "say where this architecture keeps its registers"
#endif
}

/* What its caller's registers and stack are when it is called. */
NOINLINE static void snapshot(void)
{
	ucontext_t uc;

	assert_int_equal(getcontext(&uc), 0);
	take_registers(&uc);
	sink++;
}

static int unwind(bool *ret_complete)
{
	struct symbol_maps *maps;
	int n;

	assert_int_equal(symbol_maps_read_pid(getpid(), &maps), 0);
	n = unwind_user(sym, maps, &regs, &stack, UNWIND_FRAMES_MAX, found, ret_complete);
	assert_in_range(n, 1, UNWIND_FRAMES_MAX);
	symbol_maps_free(maps);
	return n;
}

/* The functions of a stack, innermost first, each followed by a space. */
static const char *names(int n)
{
	static char text[8192];
	struct symbol s[SYMBOL_INLINES_MAX];
	struct symbol_maps *maps;
	size_t at = 0;

	assert_int_equal(symbol_maps_read_pid(getpid(), &maps), 0);
	for (int i = 0; i < n; i++) {
		int count = symbolizer_user(sym, maps, found[i], i > 0, s, SYMBOL_INLINES_MAX);

		for (int k = 0; k < count; k++)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s ",
					       s[k].function[0] ? s[k].function : "?");
	}
	symbol_maps_free(maps);
	return text;
}

/* Are all of them there, in this order, each right behind the one before? */
static void assert_stack(int n, const char *want)
{
	const char *got = names(n);

	if (!strstr(got, want))
		fail_msg("no \"%s\" in \"%s\"", want, got);
}

NOINLINE static int inner(int n)
{
	snapshot();
	return (n + sink) & 0xff;
}

NOINLINE static int middle(int n)
{
	int r = inner(n + 1);

	sink++;
	return (r * 3) & 0xff;
}

NOINLINE static int outer(int n)
{
	int r = middle(n + 1);

	sink++;
	return (r * 5) & 0xff;
}

static void test_nested(void **state)
{
	bool complete;
	int n;

	sink = outer(sink);
	n = unwind(&complete);
	assert_stack(n, "snapshot inner middle outer test_nested ");
	assert_true(complete);
	assert_stack(n, " main ");
	assert_stack(n, " _start ");
}

/* Its frame is found by a register of its own choice. */
NOINLINE static int variable(int n)
{
	char *room = alloca((size_t)n);
	int r;

	memset(room, n, (size_t)n);
	r = outer(room[n / 2]);
	return (r + room[n - 1]) & 0xff;
}

static void test_variable_frame(void **state)
{
	bool complete;

	sink = variable(100 + (sink & 31));
	assert_stack(unwind(&complete), "inner middle outer variable test_variable_frame ");
	assert_true(complete);
}

static int compare(const void *a, const void *b)
{
	sink = middle(1);
	return *(const int *)a - *(const int *)b;
}

static void test_called_by_libc(void **state)
{
	int numbers[] = {3, 1, 2};
	const char *got, *inside;
	bool complete;

	qsort(numbers, 3, sizeof(numbers[0]), compare);
	got = names(unwind(&complete));
	assert_true(complete);
	inside = strstr(got, "inner middle compare ");
	assert_non_null(inside);
	/* Libc names its parts of qsort as it likes. */
	assert_non_null(strstr(inside, " test_called_by_libc "));
}

static void on_signal(int sig)
{
	sink = middle(sig);
}

NOINLINE static int interrupted(int n)
{
	raise(SIGUSR1);
	return (n + sink) & 0xff;
}

static void test_signal_frame(void **state)
{
	struct sigaction action = {.sa_handler = on_signal}, old;
	const char *inside;
	bool complete;

	assert_int_equal(sigaction(SIGUSR1, &action, &old), 0);
	sink = interrupted(sink);
	sigaction(SIGUSR1, &old, NULL);
	inside = strstr(names(unwind(&complete)), "inner middle on_signal ");
	assert_true(complete);
	assert_non_null(inside);
	assert_non_null(strstr(inside, " interrupted test_signal_frame "));
}

static void *thread(void *unused)
{
	sink = outer(1);
	return NULL;
}

static void test_thread(void **state)
{
	bool complete;
	pthread_t t;
	int n;

	assert_int_equal(pthread_create(&t, NULL, thread, NULL), 0);
	pthread_join(t, NULL);
	n = unwind(&complete);
	assert_stack(n, "inner middle outer thread ");
	assert_true(complete);
	assert_null(strstr(names(n), " main "));
}

/* However little there is of the stack, what is found is true, and only all of it is complete. */
static void test_every_cut(void **state)
{
	uint64_t whole[UNWIND_FRAMES_MAX];
	size_t bytes, last = 0;
	struct symbol_maps *maps;
	bool complete;
	int n, whole_count;

	sink = variable(64);
	whole_count = unwind(&complete);
	assert_true(complete);
	memcpy(whole, found, sizeof(whole));
	assert_int_equal(symbol_maps_read_pid(getpid(), &maps), 0);
	bytes = stack.bytes;
	for (size_t cut = 0; cut <= bytes; cut += cut < 2048 ? 1 : 256) {
		stack.bytes = cut;
		n = unwind_user(sym, maps, &regs, &stack, UNWIND_FRAMES_MAX, found, &complete);
		assert_in_range(n, last ? last : 1, whole_count);
		assert_memory_equal(found, whole, (size_t)n * sizeof(found[0]));
		assert_true(n == whole_count || !complete);
		last = (size_t)n;
	}
	stack.bytes = bytes;
	for (size_t max = 1; max <= (size_t)whole_count; max++) {
		n = unwind_user(sym, maps, &regs, &stack, max, found, &complete);
		assert_int_equal(n, max);
		assert_memory_equal(found, whole, max * sizeof(found[0]));
		assert_int_equal(complete, n == whole_count);
	}
	symbol_maps_free(maps);
}

static void test_garbage(void **state)
{
	struct symbol_maps *maps, nowhere = {.count = 0};
	const struct unwind_registers good = {0};
	struct unwind_registers saved;
	bool complete;
	unsigned seed = 1;
	int n;

	sink = outer(sink);
	saved = regs;
	n = unwind_user(sym, &nowhere, &regs, &stack, UNWIND_FRAMES_MAX, found, &complete);
	assert_in_range(n, 1, UNWIND_FRAMES_MAX);
	assert_int_equal(found[0], regs.pc);
	assert_false(complete);
	n = unwind_user(sym, &nowhere, &good, &stack, UNWIND_FRAMES_MAX, found, &complete);
	assert_int_equal(n, 1);
	assert_false(complete);
	assert_int_equal(symbol_maps_read_pid(getpid(), &maps), 0);
	for (int round = 0; round < 3000; round++) {
		const struct symbol_mapping *m =
		    &maps->mappings[(size_t)rand_r(&seed) % maps->count];

		regs = saved;
		if (round % 3)
			regs.pc = m->start + (uint64_t)rand_r(&seed) % (m->end - m->start);
		for (int i = 0; i < UNWIND_REGISTERS; i++) {
			if (rand_r(&seed) % 8 == 0)
				regs.value[i] = (uint64_t)rand_r(&seed) << (rand_r(&seed) % 40);
			if (rand_r(&seed) % 16 == 0)
				regs.value[i] = stack.address + stack.bytes - 4;
		}
		for (int i = 0; i < 64; i++)
			copy[(size_t)rand_r(&seed) % stack.bytes] = (unsigned char)rand_r(&seed);
		n = unwind_user(sym, maps, &regs, &stack, UNWIND_FRAMES_MAX, found, &complete);
		assert_in_range(n, 1, UNWIND_FRAMES_MAX);
		assert_int_equal(found[0], regs.pc);
		for (int i = 1; i < n; i++)
			assert_non_null(symbol_maps_find(maps, found[i] - 1));
	}
	symbol_maps_free(maps);
}

#ifdef __x86_64__
/* Code that no file describes: calls its argument. Returns where it is. */
static void (*make_code(const char *bytes, size_t count))(int (*)(int))
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(page, MAP_FAILED);
	memcpy(page, bytes, count);
	assert_int_equal(mprotect(page, 4096, PROT_READ | PROT_EXEC), 0);
	return (void (*)(int (*)(int)))page;
}

NOINLINE static void call_made(void (*code)(int (*)(int)))
{
	code(outer);
	sink++;
}

static void test_made_code(void **state)
{
	/* push rbp; mov rbp,rsp; mov rax,rdi; call rax; pop rbp; ret */
	static const char with[] = "\x55\x48\x89\xe5\x48\x89\xf8\xff\xd0\x5d\xc3";
	/* push rbp; xor ebp,ebp; mov rax,rdi; call rax; pop rbp; ret */
	static const char without[] = "\x55\x31\xed\x48\x89\xf8\xff\xd0\x5d\xc3";
	void (*code)(int (*)(int));
	bool complete;
	int n;

	code = make_code(with, sizeof(with) - 1);
	call_made(code);
	n = unwind(&complete);
	/* The frame behind is without frame pointer again; the file's rules need none. */
	assert_stack(n, "inner middle outer ? call_made ");
	munmap((void *)code, 4096);

	code = make_code(without, sizeof(without) - 1);
	call_made(code);
	n = unwind(&complete);
	assert_stack(n, "inner middle outer ? ");
	assert_null(strstr(names(n), "call_made"));
	assert_int_equal(found[n - 1] & ~4095ull, (uint64_t)(uintptr_t)code);
	assert_false(complete);
	munmap((void *)code, 4096);
}
#endif

static void test_expressions(void **state)
{
	static const uint64_t words[] = {11, 22, 33};
	const struct unwind_stack s = {
	    .address = 0x1000, .data = (const void *)words, .bytes = sizeof(words)};
	struct unwind_registers r = {.pc = 0x77, .known = 1 << 7 | 1 << 3};
	const struct dwarf_frame f = {.regs = &r, .stack = &s, .cfa = 0x1010, .pc_column = 16};
	uint64_t v = 0;

#define OPS(...) (Dwarf_Op[]){__VA_ARGS__}, sizeof((Dwarf_Op[]){__VA_ARGS__}) / sizeof(Dwarf_Op)
	r.value[7] = 0x1008;
	r.value[3] = 5;
	assert_true(dwarf_value(&f, OPS({DW_OP_breg7, 8, 0, 0}), false, &v));
	assert_int_equal(v, 0x1010);
	assert_true(dwarf_value(&f, OPS({DW_OP_breg7, 8, 0, 0}), true, &v));
	assert_int_equal(v, 33);
	assert_true(dwarf_value(
	    &f, OPS({DW_OP_call_frame_cfa, 0, 0, 0}, {DW_OP_plus_uconst, -8ull, 0, 0}), true, &v));
	assert_int_equal(v, 22);
	assert_true(dwarf_value(&f, OPS({DW_OP_regx, 3, 0, 0}), true, &v));
	assert_int_equal(v, 5);
	assert_true(
	    dwarf_value(&f, OPS({DW_OP_lit9, 0, 0, 0}, {DW_OP_stack_value, 0, 0, 0}), true, &v));
	assert_int_equal(v, 9);
	/* As in a procedure linkage table: 8 bytes more from its eleventh byte on. */
	assert_true(
	    dwarf_value(&f,
			OPS({DW_OP_breg7, 8, 0, 0}, {DW_OP_breg16, 4, 0, 0}, {DW_OP_lit15, 0, 0, 0},
			    {DW_OP_and, 0, 0, 0}, {DW_OP_lit11, 0, 0, 0}, {DW_OP_ge, 0, 0, 0},
			    {DW_OP_lit3, 0, 0, 0}, {DW_OP_shl, 0, 0, 0}, {DW_OP_plus, 0, 0, 0}),
			false, &v));
	assert_int_equal(v, 0x1018);
	assert_true(dwarf_value(&f,
				OPS({DW_OP_lit3, 0, 0, 0}, {DW_OP_lit5, 0, 0, 0},
				    {DW_OP_swap, 0, 0, 0}, {DW_OP_minus, 0, 0, 0}),
				false, &v));
	assert_int_equal(v, 2);
	/* Unknown is no number. */
	assert_false(dwarf_value(&f, OPS({DW_OP_breg2, 0, 0, 0}), false, &v));
	assert_false(dwarf_value(&f, OPS({DW_OP_regx, 99, 0, 0}), false, &v));
	assert_false(dwarf_value(&f, OPS({DW_OP_plus, 0, 0, 0}), false, &v));
	assert_false(dwarf_value(&f, OPS({DW_OP_skip, 4, 0, 0}), false, &v));
	assert_false(dwarf_value(&f, OPS({DW_OP_lit1, 0, 0, 0}), true, &v));
	assert_false(dwarf_value(&f, OPS({DW_OP_breg7, 9, 0, 0}), true, &v));
	assert_false(dwarf_value(&f, NULL, 0, false, &v));
	assert_int_equal(v, 2);
	for (int depth = 31; depth <= 32; depth++) {
		Dwarf_Op many[33] = {{DW_OP_lit1, 0, 0, 0}};

		for (int i = 1; i <= depth; i++)
			many[i].atom = DW_OP_dup;
		assert_int_equal(dwarf_value(&f, many, (size_t)depth + 1, false, &v), depth < 32);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nested),	   cmocka_unit_test(test_variable_frame),
	    cmocka_unit_test(test_called_by_libc), cmocka_unit_test(test_signal_frame),
	    cmocka_unit_test(test_thread),	   cmocka_unit_test(test_every_cut),
	    cmocka_unit_test(test_garbage),
#ifdef __x86_64__
	    cmocka_unit_test(test_made_code),
#endif
	    cmocka_unit_test(test_expressions),
	};
	int failed;

	if (symbolizer_new("/dev/null", &sym))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	symbolizer_free(sym);
	return failed;
}
