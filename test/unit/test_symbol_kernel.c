/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: kernel names from literal tables, from none, and from the kernel that runs, where it
 * shows its addresses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/symbol.h"

static char path[] = "/tmp/test_symbol_kernel.XXXXXX";
static struct symbol found[SYMBOL_INLINES_MAX];

static struct symbolizer *with_kallsyms(const char *text)
{
	struct symbolizer *other = NULL;
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(symbolizer_new(path, &other), 0);
	return other;
}

static void test_kernel(void **state)
{
	struct symbolizer *other = with_kallsyms("0000000000000000 A fixed_percpu_data\n"
						 "ffffffff81000000 t alias\n"
						 "ffffffff81000000 T _stext\n"
						 "ffffffff81000040 T do_fork\n"
						 "ffffffff81000100 t copy_it\n"
						 "ffffffff81000200 D some_data\n"
						 "ffffffffa0001000 t pipe_thing\t[pipemod]\n"
						 "ffffffffa0000000 t earlier\t[pipemod]\n");
	static const struct {
		uint64_t address;
		bool is_return;
		const char *function, *module;
		uint64_t offset;
	} want[] = {
	    {0xffffffff81000010, false, "_stext", "kernel", 0x10},
	    {0xffffffff81000040, false, "do_fork", "kernel", 0},
	    {0xffffffff81000100, true, "do_fork", "kernel", 0xc0},
	    {0xffffffff81000100, false, "copy_it", "kernel", 0},
	    {0xffffffff81000210, false, "", "kernel", 0xffffffff81000210},
	    {0xffffffff80000000, false, "", "kernel", 0xffffffff80000000},
	    {0xffffffffa0000fff, false, "earlier", "pipemod", 0xfff},
	    {0xffffffffa0001008, false, "pipe_thing", "pipemod", 8},
	    {0xffffffffb0000000, false, "", "kernel", 0xffffffffb0000000},
	};

	assert_true(symbolizer_kernel_known(other));
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_int_equal(
		    symbolizer_kernel(other, want[i].address, want[i].is_return, found), 1);
		assert_string_equal(found[0].function, want[i].function);
		assert_string_equal(found[0].module, want[i].module);
		assert_int_equal(found[0].offset, want[i].offset);
	}
	symbolizer_free(other);
}

static void test_kernel_hidden(void **state)
{
	static const char *const texts[] = {
	    "0000000000000000 T _stext\n0000000000000000 T do_fork\n", /* kptr_restrict */
	    "",
	    "nonsense\n",
	};
	struct symbolizer *other = NULL;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		other = with_kallsyms(texts[i]);
		assert_false(symbolizer_kernel_known(other));
		symbolizer_kernel(other, 0xffffffff81000040, false, found);
		assert_string_equal(found[0].function, "");
		assert_int_equal(found[0].offset, 0xffffffff81000040);
		symbolizer_free(other);
	}
	assert_int_equal(symbolizer_new("/nonexistent/kallsyms", &other), 0);
	assert_false(symbolizer_kernel_known(other));
	symbolizer_free(other);
}

static void test_kernel_real(void **state)
{
	struct symbolizer *sym;
	unsigned long long address, do_exit = 0;
	char line[512], type, name[256];
	FILE *f = fopen("/proc/kallsyms", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%llx %c %255s", &address, &type, name) == 3 &&
		    !strcmp(name, "do_exit"))
			do_exit = address;
	if (f)
		fclose(f);
	assert_int_equal(symbolizer_new(NULL, &sym), 0);
	if (!do_exit) {
		assert_false(symbolizer_kernel_known(sym));
		symbolizer_free(sym);
		print_message("this kernel hides its addresses\n");
		skip();
	}
	symbolizer_kernel(sym, do_exit + 4, true, found);
	assert_string_equal(found[0].function, "do_exit");
	assert_string_equal(found[0].module, "kernel");
	assert_int_equal(found[0].offset, 4);
	symbolizer_free(sym);
}

static int set_up(void **state)
{
	int fd = mkstemp(path);

	return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_kernel),
	    cmocka_unit_test(test_kernel_hidden),
	    cmocka_unit_test(test_kernel_real),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
