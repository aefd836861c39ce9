/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "program.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

uint64_t roll(uint64_t *dice, uint64_t sides)
{
	*dice ^= *dice << 13;
	*dice ^= *dice >> 7;
	*dice ^= *dice << 17;
	return *dice % sides;
}

__attribute__((format(printf, 2, 3))) static void say(struct program *p, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(p->text + p->length, sizeof(p->text) - p->length, format, args);
	va_end(args);
	if (n > 0 && p->length + (size_t)n < sizeof(p->text))
		p->length += (size_t)n;
	p->text[p->length] = '\0';
}

static bool full(const struct program *p)
{
	return p->length > sizeof(p->text) - 4096;
}

static const char *opener(struct program *p)
{
	static const char *const openers[] = {"pipe", "open", "socket"};

	return openers[roll(&p->dice, 3)];
}

static void balanced(struct program *p, unsigned size, unsigned depth);

static void one(struct program *p, unsigned depth)
{
	unsigned name = p->names++, bytes = (unsigned)roll(&p->dice, 40000) + 1;
	bool deep = depth >= 3;

	switch (roll(&p->dice, deep ? 5 : 11)) {
	case 0:
		say(p, "%s n%u\n", opener(p), name);
		if (!deep)
			balanced(p, 1, depth + 1);
		say(p, "close n%u\n", name);
		break;
	case 1:
		say(p, "alloc %u\n", bytes);
		if (!deep)
			balanced(p, 1, depth + 1);
		say(p, "free %u\n", bytes);
		break;
	case 2:
		say(p, "shm n%u %u\nremove n%u\n", name, bytes, name);
		break;
	case 3:
		say(p, "sleep %u\n", (unsigned)roll(&p->dice, 20));
		break;
	case 4:
		say(p, "thread\nalloc %u\nsleep 5\nfree %u\nend\n", bytes, bytes);
		break;
	case 5:
		say(p, "fork own\nopen n%u\nshm n%u %u\nend\nwait\nremove n%u\n", name, name, bytes,
		    name);
		break;
	case 6:
		say(p, "vfork\nexec v%u %u\n", name, bytes);
		balanced(p, 2, depth + 1);
		say(p, "end\nwait\n");
		break;
	case 7:
		say(p, "fork\nsetsid\nsignal\nend\nwait\nsigwait\n");
		break;
	case 8:
		say(p, "fork\npause\nend\nsleep %u\nkill\nwait\n", (unsigned)roll(&p->dice, 9));
		break;
	default:
		say(p, "fork\n");
		balanced(p, 3, depth + 1);
		if (roll(&p->dice, 2))
			say(p, "exec e%u\n", name);
		say(p, "end\nwait\n");
		break;
	}
}

static void balanced(struct program *p, unsigned size, unsigned depth)
{
	for (uint64_t n = roll(&p->dice, size + 1); n && !full(p); n--)
		one(p, depth);
}

/* What a round may keep, and what the verdict must call it. */
static const struct leak {
	const char *cause, *text;
	int defect;	  /* -1: the program's own */
	const char *also; /* another finding that comes with it; NULL: none */
} leaks[] = {
    {"fd.pipe", "pipe kept\n", -1, NULL},
    {"fd.file", "open kept\n", -1, NULL},
    {"fd.socket.unix", "socket kept\n", -1, NULL},
    {"ipc.shm", "shm kept 8K\n", -1, NULL},
    {"heap", "alloc 12K\n", -1, NULL},
    {"signal.pending", "fork\nsignal\nend\nwait\n", -1, NULL},
    {"kernel.lost", "fork\nend\nwait\n", DEFECT_Q252193, NULL},
    {"kernel.lost", "fork\nexec again\nend\nwait\n", DEFECT_EXEC, NULL},
    {"kernel.lost", "fork\nfork\nsleep 40\nend\nend\nwait\n", DEFECT_PARENT_FIRST, NULL},
    {"kernel.lost", "fork own\nshm again 4K\nend\nwait\nremove again\n", DEFECT_BLOCK_EARLY, NULL},
    {"kernel.lost", "fork\nthread\nend\nsleep 200\nalloc 4K\nend\nwait\n", DEFECT_THREAD_EXIT,
     NULL},
    {"kernel.lost", "fork\nend\nwait\n", DEFECT_WRONG_BLOCK, "kernel.overreturn"},
    {"kernel.overreturn", "fork\nend\nwait\n", DEFECT_TWICE, NULL},
    {"kernel.peak", "repeat 12\nfork\nsleep 90\nend\nend\nwait all\n", DEFECT_PEAK, NULL},
};
#define LEAKS (sizeof(leaks) / sizeof(*leaks))

static void begin(struct program *p, uint64_t seed)
{
	p->length = 0;
	p->text[0] = '\0';
	p->dice = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	p->names = 0;
	p->cause = p->also = NULL;
	p->defects = 0;
	for (int i = 0; i < 8; i++)
		(void)roll(&p->dice, 2);
}

void program_known(struct program *p, uint64_t seed, unsigned size)
{
	const struct leak *leak = NULL;

	begin(p, seed);
	if (roll(&p->dice, 2))
		leak = &leaks[roll(&p->dice, LEAKS)];
	say(p, "alloc 64K\nrepeat %u\nfork\nend\nwait\n", 60 + (unsigned)roll(&p->dice, 60));
	balanced(p, size, 0);
	if (leak) {
		say(p, "%s", leak->text);
		p->cause = leak->cause;
		p->also = leak->also;
		if (leak->defect >= 0)
			p->defects = UINT32_C(1) << leak->defect;
	}
	balanced(p, size / 2, 0);
	say(p, "end\nsleep 4000\n");
}

static void wild_block(struct program *p, unsigned size, unsigned depth)
{
	static const char *const words[] = {"setsid", "signal", "sigwait",
					    "kill",   "wait",	"wait all"};
	static const char *const blocks[] = {"fork", "vfork", "fork own", "thread", "repeat"};

	for (uint64_t n = roll(&p->dice, size + 1) + 1; n && !full(p); n--) {
		unsigned name = (unsigned)roll(&p->dice, 6);

		switch (roll(&p->dice, depth < 4 ? 9 : 6)) {
		case 0:
			say(p, "try %s n%u\n", opener(p), name);
			break;
		case 1:
			say(p, "try close n%u\n", name);
			break;
		case 2:
			say(p, "try %s %u\n", roll(&p->dice, 3) ? "alloc" : "free",
			    (unsigned)roll(&p->dice, 9000));
			break;
		case 3:
			say(p, "try shm s%u %u\ntry remove s%u\n", name,
			    (unsigned)roll(&p->dice, 9000), (unsigned)roll(&p->dice, 6));
			break;
		case 4:
			say(p, "try %s\n", words[roll(&p->dice, 6)]);
			break;
		case 5:
			if (!roll(&p->dice, 4))
				say(p, "try exec e%u %u\n", name, (unsigned)roll(&p->dice, 20000));
			else
				say(p, "sleep %u\n", (unsigned)roll(&p->dice, 30));
			break;
		default: {
			uint64_t which = roll(&p->dice, 5);

			say(p, which == 4 ? "%s%s %u\n" : "%s%s\n", which == 4 ? "" : "try ",
			    blocks[which], (unsigned)roll(&p->dice, 5) + 1);
			wild_block(p, size, depth + 1);
			say(p, "end\n");
		}
		}
	}
}

void program_wild(struct program *p, uint64_t seed, unsigned size)
{
	static const char *const pools[] = {"pagefile", "nonpaged", "paged"};

	begin(p, seed);
	for (int i = 0; i < 3; i++) {
		if (roll(&p->dice, 2))
			say(p, "limit %s %u\n", pools[i], 16384 + (unsigned)roll(&p->dice, 600000));
	}
	say(p, "repeat %u\n", 3 + (unsigned)roll(&p->dice, 20));
	wild_block(p, size, 0);
	say(p, "try wait\nend\n");
}
