/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* quota_case.h - what the tests of libforktally share. */
#ifndef QUOTA_CASE_H
#define QUOTA_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <forktally.h>

/* xorshift64: the same numbers for the same seed everywhere. */
static inline uint64_t chance(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * UINT64_C(0x2545F4914F6CDD1D);
}

static inline uint64_t chance_below(uint64_t *state, uint64_t n)
{
	return (chance(state) >> 11) % n;
}

static inline struct ft_level block_level(struct ft_block *block, unsigned pool)
{
	struct ft_level level;

	assert_int_equal(ft_block_read(block, pool, &level), FT_OK);
	return level;
}

static inline struct ft_level account_level(struct ft_account *account, unsigned pool)
{
	struct ft_level level;

	assert_int_equal(ft_account_read(account, pool, &level), FT_OK);
	return level;
}

#endif
