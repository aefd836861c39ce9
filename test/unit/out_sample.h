/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * out_sample.h - views made by hand, for the tests of the faces. No ledger is involved: what the
 * faces do with a snapshot is all that is looked at.
 */
#ifndef TEST_OUT_SAMPLE_H
#define TEST_OUT_SAMPLE_H

#include "view/view.h"

#define EXACT(n)    ((struct amount){(n), KNOWN_EXACT})
#define AT_LEAST(n) ((struct amount){(n), KNOWN_AT_LEAST})
#define ABOUT(n)    ((struct amount){(n), KNOWN_ESTIMATE})
#define UNKNOWN	    ((struct amount){0, KNOWN_NOT})

/* A server that forgets one pipe end for each child, and waits for all but each tenth child. */
static struct view_part sample_pipe_parts[] = {
    {"kmalloc-cg-1k", POOL_KERNEL, 200, EXACT(204800)},
    {"inode_cache", POOL_KERNEL, 200, EXACT(128000)},
    {"filp", POOL_KERNEL, 200, EXACT(38400)},
    {"dentry", POOL_KERNEL, 200, EXACT(38400)},
    {"kmalloc-cg-192", POOL_KERNEL, 200, EXACT(38400)},
};
static struct view_frame sample_pipe_frames[] = {
    {"alloc_pipe_info", "", "kernel", 0, 0x51, true},
    {"__do_pipe_flags", "", "kernel", 0, 0x2a, true},
    {"pipe2", "", "/usr/lib/x86_64-linux-gnu/libc.so.6", 0, 0x1149f7, false},
    {"open_session", "server.c", "/srv/bin/server", 112, 0x1a2c, false},
    {"main", "server.c", "/srv/bin/server", 210, 0x1c90, false},
    {"", "", "/usr/lib/x86_64-linux-gnu/libc.so.6", 0, 0x27249, false},
};
static struct view_part sample_zombie_parts[] = {
    {"task_struct", POOL_KERNEL, 20, EXACT(120320)},
    {"signal_cache", POOL_KERNEL, 20, EXACT(23040)},
    {"pid", POOL_KERNEL, 20, EXACT(3840)},
};
static struct view_stack sample_pipe_stacks[] = {
    {"pipe2", sample_pipe_frames, 6, EXACT(400000)},
    {"pipe2", sample_pipe_frames + 2, 3, EXACT(48000)},
};
static struct view_stack sample_zombie_stacks[] = {{"", NULL, 0, EXACT(147200)}};
static struct view_finding sample_findings[] = {
    {
	.title = "Pipes stay open",
	.thing = "pipe",
	.things = "pipes",
	.cause = "fd.pipe",
	.hint = "The parent keeps an end of each pipe open after its child has ended. Close the "
		"child's end right after the fork, and the own end when the child is done.",
	.where = WHERE_HELD,
	.pool = POOL_KERNEL,
	.count = 200,
	.bytes = EXACT(448000),
	.forks = 200,
	.count_per_fork = 1,
	.bytes_per_fork = 2240,
	.holder_pid = 4711,
	.holder_comm = "server",
	.through = "fd 5",
	.parts = sample_pipe_parts,
	.part_count = 5,
	.syscall = "pipe2",
	.frames = sample_pipe_frames,
	.frame_count = 6,
	.stacks = sample_pipe_stacks,
	.stack_count = 2,
	.suppression = "{\n   fd.pipe held by server, taken in open_session\n   cause:fd.pipe\n   "
		       "comm:server\n   "
		       "fun:pipe2\n"
		       "   fun:open_session\n   fun:main\n}\n",
	.suppressed_by = "",
    },
    {
	.title = "Children that ended were never waited for",
	.thing = "child",
	.things = "children",
	.cause = "zombie",
	.hint = "Call waitpid() for each child, or ignore SIGCHLD.",
	.where = WHERE_HELD,
	.pool = POOL_KERNEL,
	.count = 20,
	.bytes = EXACT(147200),
	.forks = 200,
	.count_per_fork = 0.1,
	.bytes_per_fork = 736,
	.holder_pid = 4711,
	.holder_comm = "server",
	.through = "",
	.parts = sample_zombie_parts,
	.part_count = 3,
	.syscall = "",
	.stacks = sample_zombie_stacks,
	.stack_count = 1,
	.suppression = "{\n   zombie held by server\n   cause:zombie\n   comm:server\n}\n",
	.suppressed_by = "",
    },
};
static struct view_tag sample_tags[] = {
    {"page", POOL_KERNEL, 812, 812, EXACT(3325952), EXACT(3325952), EXACT(0), 31, false},
    {"maple_node", POOL_KERNEL, 4100, 4100, EXACT(1049600), EXACT(1049600), EXACT(0), 0, true},
};
static struct view_book sample_books[] = {
    {POOL_KERNEL, false, EXACT(1843200), EXACT(1851392), 23},
    {POOL_KERNEL, true, EXACT(0), EXACT(4096), 0},
};

static const struct view sample_leak = {
    .command = "./server -p 8080",
    .source = "bpf",
    .judgement = JUDGEMENT_LEAK,
    .headline = "every fork leaves 2.9 KiB behind: 2 findings (200 forks, source bpf)",
    .forks = 200,
    .exits = 201,
    .threads = 3,
    .execs = 1,
    .exit_status = 0,
    .settle_seconds = 5.25,
    .pools =
	{
	    [POOL_PRIVATE] = {.charged = EXACT(27226112),
			      .returned = EXACT(27226112),
			      .peak = EXACT(1245184),
			      .live = EXACT(0),
			      .unattributed = UNKNOWN,
			      .inherited = EXACT(44236800)},
	    [POOL_KERNEL] = {.charged = EXACT(21456789),
			     .returned = EXACT(21456789),
			     .peak = EXACT(1843200),
			     .live = EXACT(0),
			     .unattributed = EXACT(4096),
			     .inherited = UNKNOWN},
	    [POOL_SHARED] = {.charged = EXACT(0),
			     .returned = EXACT(0),
			     .peak = EXACT(0),
			     .live = EXACT(0),
			     .unattributed = UNKNOWN,
			     .inherited = UNKNOWN},
	    [POOL_CACHE] = {.charged = EXACT(912384),
			    .returned = EXACT(881664),
			    .peak = EXACT(30720),
			    .live = EXACT(30720),
			    .unattributed = UNKNOWN,
			    .inherited = UNKNOWN},
	},
    .root = {true, 4711, "server", 4, EXACT(1245184), EXACT(98304), EXACT(8667136)},
    .tags = sample_tags,
    .tag_count = 2,
    .findings = sample_findings,
    .finding_count = 2,
    .books = sample_books,
    .book_count = 2,
};

#define CLEAN_POOL                                                                                 \
	{                                                                                          \
		.charged = EXACT(0), .returned = EXACT(0), .peak = EXACT(0), .live = EXACT(0),     \
		.unattributed = UNKNOWN, .inherited = UNKNOWN,                                     \
	}
static const char *sample_notes[] = {
    "sh (pid 812) kept 1024000 more bytes of private memory in 2000 forks.",
};
static const struct view sample_clean = {
    .command = "sh -c 'i=0; while [ $i -lt 2000 ]; do /bin/true; i=$((i+1)); done'",
    .source = "bpf",
    .judgement = JUDGEMENT_CLEAN,
    .headline = "what every fork took came back (2,000 forks, source bpf)",
    .forks = 2000,
    .exits = 2001,
    .execs = 2001,
    .exit_status = 3,
    .pools =
	{
	    [POOL_PRIVATE] = {.charged = EXACT(402653184),
			      .returned = EXACT(402653184),
			      .peak = EXACT(421888),
			      .live = EXACT(0),
			      .unattributed = UNKNOWN,
			      .inherited = EXACT(196608000)},
	    [POOL_KERNEL] = {.charged = EXACT(202496000),
			     .returned = EXACT(202496000),
			     .peak = EXACT(303104),
			     .live = EXACT(0),
			     .unattributed = EXACT(0),
			     .inherited = UNKNOWN},
	    [POOL_SHARED] = CLEAN_POOL,
	    [POOL_CACHE] = CLEAN_POOL,
	},
    .notes = sample_notes,
    .note_count = 1,
};

/* All that is unknown, estimated, lost, cut off, hostile. */
static struct view_part sample_hostile_parts[] = {
    {"fd.socket", POOL_KERNEL, 0, UNKNOWN},
    {"tag\xff\n", POOL_SHARED, 3, ABOUT(3072)},
};
static struct view_frame sample_hostile_frames[] = {
    {"", "", "", 0, 0, false},
    {"", "", "kernel", 0, 0xffffffff81234567, true},
    {"evil\033[31m", "/tmp/\xc3\xa9t\xc3\xa9\xff.c", "m", 0, 16, false},
};
static struct view_stack sample_hostile_stacks[] = {
    {"page fault", sample_hostile_frames, 3, AT_LEAST(3072)},
};
static struct view_finding sample_hostile_findings[] = {
    {
	.title = "Sockets stay open",
	.thing = "socket",
	.things = "sockets",
	.cause = "fd.socket",
	.hint = "",
	.where = WHERE_LOST,
	.pool = POOL_KERNEL,
	.count = 3,
	.bytes = AT_LEAST(3072),
	.forks = 7,
	.count_per_fork = 3. / 7,
	.bytes_per_fork = 3072. / 7,
	.holder_comm = "",
	.through = "",
	.parts = sample_hostile_parts,
	.part_count = 2,
	.syscall = "page fault",
	.frames = sample_hostile_frames,
	.frame_count = 3,
	.stacks = sample_hostile_stacks,
	.stack_count = 1,
	.suppression = "{\n   fd.socket\n   cause:fd.socket\n   obj:*\n}\n",
	.suppressed_by = "",
    },
    {
	.title = "Private memory grows with every fork",
	.thing = "",
	.things = "",
	.cause = "heap",
	.hint = "",
	.where = WHERE_HELD,
	.pool = POOL_PRIVATE,
	.bytes = UNKNOWN,
	.forks = 1,
	.holder_pid = 9,
	.through = "",
	.holder_comm = "\xe2\x80\xae\x01"
		       "a\"b\\\xc0\xaf",
	.syscall = "",
	.suppression = "{\n   heap\n   cause:heap\n}\n",
	.suppressed_by = "",
    },
};
static struct view_finding sample_hostile_suppressed[] = {
    {
	.title = "Files stay open",
	.thing = "file",
	.things = "files",
	.cause = "fd.file",
	.hint = "",
	.where = WHERE_HELD,
	.pool = POOL_KERNEL,
	.count = 7,
	.bytes = ABOUT(1792),
	.forks = 7,
	.count_per_fork = 1,
	.bytes_per_fork = 256,
	.holder_pid = 9,
	.through = "",
	.holder_comm = "]]><a>&\x1b",
	.syscall = "",
	.suppression = "{\n   fd.file\n   cause:fd.file\n}\n",
	.suppressed_by = "known\x07 \xff]]>",
    },
};
static struct view_suppression sample_hostile_suppressions[] = {
    {"known\x07 \xff]]>", "/tmp/a\nb.supp", 3, 1, ABOUT(1792)},
    {"never seen", "/tmp/a\nb.supp", 9, 0, EXACT(0)},
};
static struct view_tag sample_hostile_tags[] = {
    {"fd.socket", POOL_KERNEL, 0, 0, UNKNOWN, UNKNOWN, AT_LEAST(3072), 0, false},
};
static struct view_book sample_hostile_books[] = {
    {POOL_SHARED, true, UNKNOWN, EXACT(4096), 1},
    {POOL_KERNEL, false, ABOUT(5000), EXACT(4000), 2},
};
static struct view_loss sample_losses[] = {
    {LOSS_RECORDS, 1234, "the ring buffer was full"},
    {LOSS_TREE, 1, "pid 17 is setuid \xff"},
};
static const char *sample_not_seen[] = {
    "kernel bytes are counts times a shipped table of costs: no memory cgroup could be read here",
};
static const char *sample_reasons[] = {
    "1,234 records were lost.",
    "the session is cut off.",
};
static const struct view sample_hostile = {
    .command = "./a\nb\tc\x7f\xf0\x9f\x90\xa7\xed\xa0\x80",
    .source = "proc",
    .judgement = JUDGEMENT_INCONCLUSIVE,
    .headline = "1,234 records were lost, and more (7 forks, source proc, session cut off)",
    .forks = 7,
    .exits = 4,
    .alive = 3,
    .zombies = 1,
    .exit_status = 137,
    .signal = 9,
    .interrupted = 2,
    .killed = 2,
    .settle_seconds = 0,
    .lost_events = 1235,
    .pools =
	{
	    [POOL_PRIVATE] = {.charged = AT_LEAST(1025),
			      .returned = UNKNOWN,
			      .peak = AT_LEAST(1023),
			      .live = UNKNOWN,
			      .unattributed = UNKNOWN,
			      .inherited = UNKNOWN},
	    [POOL_KERNEL] = {.charged = ABOUT(5000),
			     .returned = ABOUT(1000),
			     .peak = ABOUT(5000),
			     .live = ABOUT(4000),
			     .unattributed = ABOUT(-1000),
			     .inherited = UNKNOWN,
			     .over_return_count = 2,
			     .over_return_bytes = 512},
	    [POOL_SHARED] = {UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, 0, 0},
	    [POOL_CACHE] = {UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, 0, 0},
	},
    .root = {true, 9, "a\xff", 0, UNKNOWN, UNKNOWN, ABOUT(4096)},
    .tags = sample_hostile_tags,
    .tag_count = 1,
    .findings = sample_hostile_findings,
    .finding_count = 2,
    .suppressed = sample_hostile_suppressed,
    .suppressed_count = 1,
    .suppressions = sample_hostile_suppressions,
    .suppression_count = 2,
    .books = sample_hostile_books,
    .book_count = 2,
    .losses = sample_losses,
    .loss_count = 2,
    .not_seen = sample_not_seen,
    .not_seen_count = 1,
    .reasons = sample_reasons,
    .reason_count = 2,
};

#endif
