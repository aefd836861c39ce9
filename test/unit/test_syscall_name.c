/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: the table made from the kernel's headers has names of this architecture, and none for
 * numbers that no system call has.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <cmocka.h>
#include "base/syscall_name.h"

static void test_names(void **state)
{
	assert_string_equal(syscall_name(SYS_pipe2), "pipe2");
	assert_string_equal(syscall_name(SYS_read), "read");
	assert_string_equal(syscall_name(SYS_clone), "clone");
	assert_string_equal(syscall_name(SYS_fsetxattr), "fsetxattr");
	assert_string_equal(syscall_name(SYS_epoll_ctl), "epoll_ctl");
}

static void test_no_name(void **state)
{
	assert_string_equal(syscall_name(-1), "");
	assert_string_equal(syscall_name(-2), "");
	assert_string_equal(syscall_name(1000000000), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_names),
					   cmocka_unit_test(test_no_name)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
