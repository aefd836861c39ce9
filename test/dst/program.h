/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* program.h - random scripts for the simulated kernel, with an answer that is known beforehand. */
#ifndef TEST_DST_PROGRAM_H
#define TEST_DST_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "source/model/model.h"

struct program {
	char text[65536];
	size_t length;
	uint64_t dice;
	unsigned names;
	const char *cause; /* of the leak that is in it; NULL: none */
	const char *also;  /* a second finding of the same leak; NULL: none */
	uint32_t defects;  /* that cause it */
};

uint64_t roll(uint64_t *dice, uint64_t sides);

/* Gives back all that it takes, but for one leak in a round, or none (cause NULL). */
void program_known(struct program *p, uint64_t seed, unsigned size);
/* Anything at all, on a kernel with little quota. */
void program_wild(struct program *p, uint64_t seed, unsigned size);

#endif
