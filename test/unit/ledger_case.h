/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ledger_case.h - what the tests of the ledger share.
 */
#ifndef TEST_LEDGER_CASE_H
#define TEST_LEDGER_CASE_H

#include <cmocka.h>
#include "events.h"

#define assert_amount(a, b, k)                                                                     \
	do {                                                                                       \
		assert_int_equal((a).bytes, b);                                                    \
		assert_int_equal((a).known, k);                                                    \
	} while (0)

static inline const struct ledger_account *row(struct ledger *led, uint32_t tgid)
{
	const struct ledger_account *a = ledger_account(led, id(tgid));

	assert_non_null(a);
	return a;
}

#endif
