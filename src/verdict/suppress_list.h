/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* suppress_list.h - the inside of suppress.h: suppress.c reads what suppress_match.c applies. */
#ifndef FORKTALLY_VERDICT_SUPPRESS_LIST_H
#define FORKTALLY_VERDICT_SUPPRESS_LIST_H

#include <stdbool.h>
#include "verdict/suppress.h"

enum pattern_kind { PATTERN_ANY, PATTERN_FUNCTION, PATTERN_MODULE, PATTERN_FILE };

struct frame_pattern {
	enum pattern_kind kind; /* PATTERN_ANY: any number of frames */
	char *text;		/* NULL with PATTERN_ANY */
};

struct suppress_rule {
	struct suppression told; /* name and file are owned */
	char *cause;
	char *comm; /* NULL: any */
	struct frame_pattern *frames;
	size_t frame_count;
};

struct suppressions {
	struct suppress_rule *rules;
	size_t count;
	/* The block that is being read: the last rule, or one that is not ours. */
	enum { BLOCK_NONE, BLOCK_NAME, BLOCK_CAUSE, BLOCK_BODY, BLOCK_SKIPPED } state;
	uint64_t block_line;
};

#endif
