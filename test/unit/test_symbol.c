/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: names, files and lines of this very program, also inlined, stripped, with separate debug
 * information, deleted and replaced; the vdso, anonymous memory, mangled names.
 * Not: the maps parser (test_symbol_maps.c), kernel names (test_symbol_kernel.c),
 * /usr/lib/debug/.build-id (needs root to set up), processes of the other word size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/symbol.h"
#include "source/frames.h"

#define ADDRESS(p) ((uint64_t)(uintptr_t)(p))

static char directory[] = "/tmp/test_symbol.XXXXXX";
static char exe[PATH_MAX]; /* not /proc/self/exe, which is valgrind's under valgrind */
static struct symbolizer *sym;
static struct symbol found[SYMBOL_INLINES_MAX];
static volatile int sink;

__attribute__((noinline)) static void *return_address(void)
{
	return __builtin_return_address(0);
}

static unsigned outer_line, inner_line, call_line;

__attribute__((always_inline)) static inline uint64_t inner_function(void)
{
	inner_line = __LINE__ + 1;
	return ADDRESS(return_address()) + 0 * sink++;
}

__attribute__((noinline)) static uint64_t outer_function(void)
{
	uint64_t address;

	call_line = __LINE__ + 1;
	address = inner_function();
	sink++;
	return address;
}

__attribute__((noinline)) static uint64_t plain_function(void)
{
	uint64_t address;

	outer_line = __LINE__ + 1;
	address = ADDRESS(return_address());
	sink++;
	return address;
}

/* A name as C++ gives it, without debug information. */
extern char mangled[] __asm__("_ZN9forktally4heldEi");
__asm__(".pushsection .text\n"
	".globl _ZN9forktally4heldEi\n"
	".type _ZN9forktally4heldEi, %function\n"
	"_ZN9forktally4heldEi: .quad 0, 0\n"
	".size _ZN9forktally4heldEi, 16\n"
	".popsection\n");

static struct symbol_maps *parse(const char *text)
{
	struct symbol_maps *maps;

	assert_int_equal(symbol_maps_parse(text, strlen(text), &maps), 0);
	return maps;
}

static struct symbol_maps *own_maps(void)
{
	struct symbol_maps *maps;

	assert_int_equal(symbol_maps_read_pid(getpid(), &maps), 0);
	return maps;
}

/* By the shell, where $EXE is this program. Returns its exit status. */
__attribute__((format(printf, 1, 2))) static int run(const char *format, ...)
{
	char command[4096];
	va_list args;
	int status;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_self(void **state)
{
	struct symbol_maps *maps = own_maps();
	uint64_t address = plain_function();

	assert_int_equal(symbolizer_user(sym, maps, address, true, found, SYMBOL_INLINES_MAX), 1);
	assert_string_equal(found[0].function, "plain_function");
	assert_non_null(strstr(found[0].file, "test_symbol.c"));
	assert_int_equal(found[0].line, outer_line);
	assert_non_null(strstr(found[0].module, exe));
	assert_false(found[0].inlined);

	/* The entry itself is no return address: one byte before it is another function. */
	assert_int_equal(symbolizer_user(sym, maps, ADDRESS(plain_function), false, found, 1), 1);
	assert_string_equal(found[0].function, "plain_function");
	symbol_maps_free(maps);
}

static void test_inlined(void **state)
{
	struct symbol_maps *maps = own_maps();
	uint64_t address = outer_function();

	assert_int_equal(symbolizer_user(sym, maps, address, true, found, SYMBOL_INLINES_MAX), 2);
	assert_string_equal(found[0].function, "inner_function");
	assert_int_equal(found[0].line, inner_line);
	assert_true(found[0].inlined);
	assert_string_equal(found[1].function, "outer_function");
	assert_int_equal(found[1].line, call_line);
	assert_non_null(strstr(found[1].file, "test_symbol.c"));
	assert_false(found[1].inlined);
	assert_int_equal(found[0].offset, found[1].offset);
	symbol_maps_free(maps);
}

/* Our own mapping of `address`, but said to be of another file. */
static struct symbol_maps *maps_of_copy(const struct symbol_maps *maps, uint64_t address,
					const char *path)
{
	const struct symbol_mapping *m = symbol_maps_find(maps, address);
	char line[4200];
	struct stat st;

	assert_non_null(m);
	assert_int_equal(stat(path, &st), 0);
	snprintf(line, sizeof(line), "%llx-%llx r-xp %llx 00:00 %llu %s\n",
		 (unsigned long long)m->start, (unsigned long long)m->end,
		 (unsigned long long)m->offset, (unsigned long long)st.st_ino, path);
	return parse(line);
}

static void test_stripped(void **state)
{
	struct symbol_maps *maps = own_maps(), *copy;
	uint64_t address = plain_function(), offset;
	char path[256];

	snprintf(path, sizeof(path), "%s/stripped", directory);
	assert_int_equal(run("strip -o %s \"$EXE\"", path), 0);
	symbolizer_user(sym, maps, address, true, found, SYMBOL_INLINES_MAX);
	offset = found[0].offset;

	copy = maps_of_copy(maps, address, path);
	assert_int_equal(symbolizer_user(sym, copy, address, true, found, SYMBOL_INLINES_MAX), 1);
	assert_string_equal(found[0].function, "");
	assert_string_equal(found[0].file, "");
	assert_int_equal(found[0].line, 0);
	assert_string_equal(found[0].module, path);
	assert_int_equal(found[0].offset, offset);
	symbol_maps_free(copy);

	/* The debug information beside it gives everything back. */
	snprintf(path, sizeof(path), "%s/linked", directory);
	assert_int_equal(run("cd %s && objcopy --only-keep-debug \"$EXE\" linked.debug && "
			     "objcopy --strip-all --add-gnu-debuglink=linked.debug \"$EXE\" linked",
			     directory),
			 0);
	copy = maps_of_copy(maps, address, path);
	assert_int_equal(symbolizer_user(sym, copy, address, true, found, SYMBOL_INLINES_MAX), 1);
	assert_string_equal(found[0].function, "plain_function");
	assert_int_equal(found[0].line, outer_line);
	assert_int_equal(found[0].offset, offset);
	symbol_maps_free(copy);
	symbol_maps_free(maps);
}

static int look_up_stripped(const char *path)
{
	const char *before = getenv("DEBUGINFOD_URLS");
	struct symbol_maps *maps = own_maps(), *copy;
	uint64_t address = plain_function();
	struct symbolizer *other;

	copy = maps_of_copy(maps, address, path);
	if (!before || symbolizer_new(NULL, &other))
		return 1;
	symbolizer_user(other, copy, address, true, found, 1);
	symbol_maps_free(copy);
	symbol_maps_free(maps);
	symbolizer_free(other);
	/* Something was read, and the variable is the user's. */
	return found[0].function[0] || !getenv("DEBUGINFOD_URLS");
}

/* In a new process: elfutils looks at the variable when it is loaded. */
static void test_no_server_is_asked(void **state)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t bytes = sizeof(address);
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_int_equal(bind(server, (void *)&address, bytes), 0);
	assert_int_equal(listen(server, 8), 0);
	assert_int_equal(getsockname(server, (void *)&address, &bytes), 0);
	assert_int_equal(run("cd %s && strip -o asks \"$EXE\" && HOME=$PWD DEBUGINFOD_TIMEOUT=2 "
			     "DEBUGINFOD_URLS=http://127.0.0.1:%d/ \"$EXE\" --look-up $PWD/asks",
			     directory, ntohs(address.sin_port)),
			 0);
	assert_int_equal(accept(server, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
	close(server);
}

static void test_deleted_and_replaced(void **state)
{
	const struct symbol_mapping *own, *theirs = NULL;
	struct symbol_maps *maps = own_maps(), *live, *parsed;
	uint64_t address = plain_function();
	char path[256], line[512];
	int ready[2];
	pid_t pid;

	snprintf(path, sizeof(path), "%s/away", directory);
	assert_int_equal(run("cp \"$EXE\" %s", path), 0);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		dup2(ready[1], 1);
		execl(path, path, "--wait", NULL);
		_exit(127);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], line, 1), 1);
	close(ready[0]);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(run("strip -o %s \"$EXE\"", path), 0);
	assert_int_equal(symbol_maps_read_pid(pid, &live), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);

	own = symbol_maps_find(maps, address);
	for (size_t i = 0; i < live->count; i++)
		if (strstr(live->mappings[i].path, "/away"))
			theirs = &live->mappings[i];
	assert_non_null(theirs);
	assert_non_null(strstr(theirs->path, " (deleted)"));
	address = address - own->start + theirs->start;
	assert_int_equal(symbolizer_user(sym, live, address, true, found, 1), 1);
	if (theirs->fd >= 0) {
		assert_string_equal(found[0].function, "plain_function");
		assert_int_equal(found[0].line, outer_line);
	} else {
		print_message("no right to open map_files: names of a deleted file not tested\n");
		assert_string_equal(found[0].function, "");
	}

	/* Without the open file nothing may be said, least of all by what is at the path now. */
	snprintf(line, sizeof(line), "%llx-%llx r-xp %llx 00:00 %llu %s",
		 (unsigned long long)theirs->start, (unsigned long long)theirs->end,
		 (unsigned long long)theirs->offset, (unsigned long long)theirs->inode, path);
	parsed = parse(line);
	assert_int_equal(symbolizer_user(sym, parsed, address, true, found, 1), 1);
	assert_string_equal(found[0].function, "");
	assert_string_equal(found[0].module, path);
	assert_int_equal(found[0].offset, address - theirs->start + theirs->offset);
	symbol_maps_free(parsed);
	symbol_maps_free(live);
	symbol_maps_free(maps);
}

static void test_vdso(void **state)
{
	struct symbol_maps *maps = own_maps();
	const struct symbol_mapping *vdso = NULL;
	bool known = false;

	for (size_t i = 0; i < maps->count; i++)
		if (!strcmp(maps->mappings[i].path, "[vdso]"))
			vdso = &maps->mappings[i];
	if (!vdso) {
		symbol_maps_free(maps);
		print_message("no vdso here\n");
		skip();
	}
	for (uint64_t at = vdso->start; at < vdso->end && !known; at += 16) {
		symbolizer_user(sym, maps, at, false, found, 1);
		assert_string_equal(found[0].module, "[vdso]");
		known = strstr(found[0].function, "clock_gettime") != NULL;
	}
	assert_true(known);
	symbol_maps_free(maps);
}

static void test_anonymous(void **state)
{
	void *region = mmap(NULL, 8192, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct symbol_maps *maps = own_maps();

	assert_ptr_not_equal(region, MAP_FAILED);
	assert_int_equal(symbolizer_user(sym, maps, ADDRESS(region) + 0x123, false, found, 1), 1);
	assert_string_equal(found[0].function, "");
	assert_string_equal(found[0].module, "[anon]");
	/* Two anonymous regions may have become one. */
	assert_true(found[0].offset >= 0x123);

	assert_int_equal(symbolizer_user(sym, maps, 0x123, true, found, 1), 1);
	assert_string_equal(found[0].module, "");
	assert_int_equal(found[0].offset, 0x123);
	assert_int_equal(symbolizer_user(sym, NULL, 0x123, true, found, 1), 1);
	assert_int_equal(found[0].offset, 0x123);
	symbol_maps_free(maps);
	munmap(region, 8192);
}

static void test_mangled(void **state)
{
	struct symbol_maps *maps = own_maps();
	void *cxx = dlopen("libstdc++.so.6", RTLD_NOW);

	symbolizer_user(sym, maps, ADDRESS(mangled) + 8, false, found, SYMBOL_INLINES_MAX);
	assert_string_equal(found[0].function,
			    cxx ? "forktally::held(int)" : "_ZN9forktally4heldEi");
	if (cxx)
		dlclose(cxx);
	symbol_maps_free(maps);
}

static void test_no_elf(void **state)
{
	struct symbol_maps *maps;
	char path[256], line[512];
	struct stat st;
	FILE *f;

	snprintf(path, sizeof(path), "%s/no elf", directory);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("\177ELF but not really", f);
	fclose(f);
	assert_int_equal(stat(path, &st), 0);
	snprintf(line, sizeof(line), "10000-20000 r-xp 3000 00:00 %llu %s",
		 (unsigned long long)st.st_ino, path);
	maps = parse(line);
	for (int twice = 0; twice < 2; twice++) {
		assert_int_equal(symbolizer_user(sym, maps, 0x10010, false, found, 1), 1);
		assert_string_equal(found[0].function, "");
		assert_string_equal(found[0].module, path);
		assert_int_equal(found[0].offset, 0x3010);
	}
	symbol_maps_free(maps);
}

/* More files than are kept open: the first is thrown out and read again. */
static void test_module_limit(void **state)
{
	struct symbol_maps *maps = own_maps();
	uint64_t address = plain_function();
	char path[256];

	for (int round = 0; round < SYMBOL_MODULES_MAX + 5; round++) {
		struct symbol_maps *copy;

		snprintf(path, sizeof(path), "%s/many%d", directory, round);
		/* Another path is another module, even where the inode is the same. */
		assert_int_equal(symlink(exe, path), 0);
		copy = maps_of_copy(maps, address, path);
		symbolizer_user(sym, copy, address, true, found, 1);
		assert_string_equal(found[0].function, "plain_function");
		assert_string_equal(found[0].module, path);
		symbol_maps_free(copy);
	}
	symbolizer_user(sym, maps, address, true, found, 1);
	assert_string_equal(found[0].function, "plain_function");
	symbol_maps_free(maps);
}

struct seen {
	struct event events[16];
	char text[16][512];
	size_t count;
	int answer;
};

static int see(void *ctx, const struct event *ev)
{
	struct seen *s = ctx;

	assert_true(s->count < 16);
	s->events[s->count] = *ev;
	snprintf(s->text[s->count++], sizeof(s->text[0]), "%s", ev->text);
	return s->answer;
}

static void test_frames(void **state)
{
	struct symbol_maps *maps = own_maps();
	uint64_t addrs[] = {ADDRESS(plain_function), outer_function(), 0, plain_function()};
	struct seen s = {0};
	uint32_t index = 0;
	char *tab;

	assert_int_equal(frames_emit(sym, maps, 7, addrs, 4, false, &index, see, &s), 0);
	/* Two addresses, one of them in an inlined function; nothing after the 0. */
	assert_int_equal(s.count, 3);
	assert_int_equal(index, 3);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(s.events[i].type, EVENT_FRAME);
		assert_int_equal(s.events[i].u.frame.take, 7);
		assert_int_equal(s.events[i].u.frame.index, i);
		assert_int_equal(s.events[i].u.frame.kernel, 0);
	}
	assert_int_equal(strncmp(s.text[0], "plain_function\t", 15), 0);
	assert_int_equal(strncmp(s.text[1], "inner_function\t", 15), 0);
	assert_int_equal(strncmp(s.text[2], "outer_function\t", 15), 0);
	assert_int_equal(s.events[1].u.frame.line, inner_line);
	assert_int_equal(s.events[2].u.frame.line, call_line);
	tab = strchr(strchr(s.text[2], '\t') + 1, '\t');
	assert_non_null(tab);
	assert_non_null(strstr(tab, exe));
	assert_null(strchr(tab + 1, '\t'));

	/* A stack that goes on begins with a return address. */
	addrs[0] = addrs[1];
	assert_int_equal(frames_emit(sym, maps, 7, addrs, 1, false, &index, see, &s), 0);
	assert_int_equal(index, 5);
	assert_int_equal(s.events[3].u.frame.index, 3);
	assert_int_equal(s.events[3].u.frame.line, inner_line);

	s.answer = -ENOSPC;
	assert_int_equal(frames_emit(sym, maps, 7, addrs, 1, false, &index, see, &s), -ENOSPC);
	symbol_maps_free(maps);
}

static void test_frames_text(void **state)
{
	struct symbol_maps *maps = parse("1000-2000 r-xp 0 0:0 0 /tmp/a\tb\\012c (deleted)");
	uint64_t address = 0x1234;
	struct seen s = {0};
	uint32_t index = 0;

	assert_int_equal(frames_emit(sym, maps, 1, &address, 1, false, &index, see, &s), 0);
	assert_string_equal(s.text[0], "\t\t/tmp/a?b?c (deleted)");
	assert_int_equal(s.events[0].u.frame.offset, 0x234);
	symbol_maps_free(maps);
}

static int set_up(void **state)
{
	return mkdtemp(directory) ? symbolizer_new(NULL, &sym) : -1;
}

static int tear_down(void **state)
{
	symbolizer_free(sym);
	return run("rm -rf %s", directory);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_self),
	    cmocka_unit_test(test_inlined),
	    cmocka_unit_test(test_stripped),
	    cmocka_unit_test(test_no_server_is_asked),
	    cmocka_unit_test(test_deleted_and_replaced),
	    cmocka_unit_test(test_vdso),
	    cmocka_unit_test(test_anonymous),
	    cmocka_unit_test(test_mangled),
	    cmocka_unit_test(test_no_elf),
	    cmocka_unit_test(test_module_limit),
	    cmocka_unit_test(test_frames),
	    cmocka_unit_test(test_frames_text),
	};

	if (!realpath((char *)(uintptr_t)getauxval(AT_EXECFN), exe) || setenv("EXE", exe, 1))
		return 1;
	/* The other processes of two tests. */
	if (argc > 1 && !strcmp(argv[1], "--wait")) {
		if (write(1, "", 1) == 1)
			pause();
		return 0;
	}
	if (argc > 2 && !strcmp(argv[1], "--look-up"))
		return look_up_stripped(argv[2]);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
