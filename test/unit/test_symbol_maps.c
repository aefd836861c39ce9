/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: the maps parser on literal text, and on processes that are there or not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/symbol.h"

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

static void test_parse_fields(void **state)
{
	struct symbol_maps *maps = parse(
	    "55d0c0000000-55d0c0002000 r--p 00000000 fe:00 131 /usr/bin/cat\n"
	    "55d0c0002000-55d0c0007000 r-xp 00002000 fe:00 131                       /usr/bin/cat\n"
	    "7f0000000000-7f0000021000 rwxp 00000000 00:00 0 \n"
	    "7f1000000000-7f1000001000 r-xs 0000a000 00:2d 7    /srv/a b  c\n"
	    "7f2000000000-7f2000001000 r-xp 00000000 00:2d 8    /tmp/old thing (deleted)\n"
	    "7f3000000000-7f3000001000 r-xp 00000000 00:2d 9    /tmp/new\\012line\\x\n"
	    "7ffd00000000-7ffd00002000 r-xp 00000000 00:00 0    [vdso]\n"
	    "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]");
	static const struct symbol_mapping want[] = {
	    {0x55d0c0002000, 0x55d0c0007000, 0x2000, 131, -1, "/usr/bin/cat"},
	    {0x7f0000000000, 0x7f0000021000, 0, 0, -1, ""},
	    {0x7f1000000000, 0x7f1000001000, 0xa000, 7, -1, "/srv/a b  c"},
	    {0x7f2000000000, 0x7f2000001000, 0, 8, -1, "/tmp/old thing (deleted)"},
	    {0x7f3000000000, 0x7f3000001000, 0, 9, -1, "/tmp/new\nline\\x"},
	    {0x7ffd00000000, 0x7ffd00002000, 0, 0, -1, "[vdso]"},
	    {0xffffffffff600000, 0xffffffffff601000, 0, 0, -1, "[vsyscall]"},
	};

	assert_int_equal(maps->count, sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < maps->count; i++) {
		const struct symbol_mapping *m = &maps->mappings[i];

		assert_int_equal(m->start, want[i].start);
		assert_int_equal(m->end, want[i].end);
		assert_int_equal(m->offset, want[i].offset);
		assert_int_equal(m->inode, want[i].inode);
		assert_int_equal(m->fd, -1);
		assert_string_equal(m->path, want[i].path);
	}
	symbol_maps_free(maps);
}

static void test_parse_rejects(void **state)
{
	static const char *const bad[] = {
	    "hello\n",
	    "\n",
	    "1000-2000 r-x\n",
	    "1000-2000 r-xp 00000000 fe:00\n",
	    "1000-2000 r-xp 00000000 fe:00 12x /bin/cat\n",
	    "2000-1000 r-xp 00000000 fe:00 12 /bin/cat\n",
	    "1000-1000 r-xp 00000000 fe:00 12 /bin/cat\n",
	    "-1000-2000 r-xp 00000000 fe:00 12 /bin/cat\n",
	    "10000000000000000-20000000000000000 r-xp 0 fe:00 12 /bin/cat\n",
	    "1000-2000 r-xp ffffffffffffffff fe:00 12 /bin/cat\n",
	    "1000-2000 r-xp 00000000 fe:00 99999999999999999999 /bin/cat\n",
	    "1000-2000 r-xp 00000000 fe:00 12 /bin/cat\nhalf a li",
	};
	struct symbol_maps *maps = (void *)bad;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(symbol_maps_parse(bad[i], strlen(bad[i]), &maps), -EBADMSG);
		assert_ptr_equal(maps, bad);
	}
	assert_int_equal(symbol_maps_parse("", 0, &maps), 0);
	assert_int_equal(maps->count, 0);
	assert_null(symbol_maps_find(maps, 0x1000));
	symbol_maps_free(maps);
}

static void test_find(void **state)
{
	/* Out of order, as a process that changed between two reads shows it. */
	struct symbol_maps *maps = parse("5000-6000 r-xp 0 0:0 0 \n"
					 "1000-2000 r-xp 0 0:0 0 \n"
					 "2000-4000 r-xp 0 0:0 0 \n");
	static const struct {
		uint64_t address, start;
	} want[] = {{0xfff, 0},	      {0x1000, 0x1000}, {0x1fff, 0x1000}, {0x2000, 0x2000},
		    {0x3fff, 0x2000}, {0x4000, 0},	{0x5000, 0x5000}, {0x5fff, 0x5000},
		    {0x6000, 0},      {UINT64_MAX, 0}};

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		const struct symbol_mapping *m = symbol_maps_find(maps, want[i].address);

		assert_int_equal(m ? m->start : 0, want[i].start);
	}
	symbol_maps_free(maps);
}

static void test_many_mappings(void **state)
{
	const size_t lines = SYMBOL_MAPS_MAX + 23;
	char *text = malloc(lines * 64), *to = text;
	struct symbol_maps *maps;

	assert_non_null(text);
	for (size_t i = 0; i < lines; i++)
		to += sprintf(to, "%zx-%zx r-xp 0 0:0 0 \n", (i + 1) << 12, (i + 2) << 12);
	maps = parse(text);
	assert_int_equal(maps->count, SYMBOL_MAPS_MAX);
	assert_int_equal(maps->dropped, 23);
	symbol_maps_free(maps);
	free(text);
}

static void test_read_of_nobody(void **state)
{
	struct symbol_maps *maps;
	siginfo_t info;
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	/* A zombie has a maps file, but nothing in it. */
	assert_int_equal(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(symbol_maps_read_pid(pid, &maps), -ESRCH);
	waitpid(pid, NULL, 0);
	assert_int_equal(symbol_maps_read_pid(pid, &maps), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parse_fields),   cmocka_unit_test(test_parse_rejects),
	    cmocka_unit_test(test_find),	   cmocka_unit_test(test_many_mappings),
	    cmocka_unit_test(test_read_of_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
