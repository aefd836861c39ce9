/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "event/log_field.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const source_names[] = {[SOURCE_BPF] = "bpf",
					   [SOURCE_PROC] = "proc",
					   [SOURCE_MODEL] = "model",
					   [SOURCE_CENSUS] = "census"};
static const char *const pool_names[] = {[POOL_PRIVATE] = "private",
					 [POOL_KERNEL] = "kernel",
					 [POOL_SHARED] = "shared",
					 [POOL_CACHE] = "cache"};
static const char *const loss_names[] = {[LOSS_RECORDS] = "records",
					 [LOSS_OBJECTS] = "objects",
					 [LOSS_ACCOUNTS] = "accounts",
					 [LOSS_UNDECIDED] = "undecided",
					 [LOSS_TREE] = "tree"};
static const char *const hold_names[] = {[HOLD_UNKNOWN] = "unknown",
					 [HOLD_PROCESS] = "process",
					 [HOLD_LEFT] = "left",
					 [HOLD_NONE] = "none"};
#define THING_TEXT(name, text) [name] = text,
static const char *const thing_names[] = {THINGS(THING_TEXT)};
static const char *const via_names[] = {VIAS(THING_TEXT)};
static const char *const outlived_names[] = {"no", "running", "stopped"};
static const char *const moment_names[] = {"peak", "end"};
static_assert(COUNT(pool_names) == POOLS && COUNT(loss_names) == LOSSES &&
		  COUNT(source_names) == SOURCE_CENSUS + 1 && COUNT(hold_names) == HOLD_NONE + 1,
	      "a name for each");

#define FIELD(name_, member, kind_)                                                                \
	{                                                                                          \
		.name = name_, .offset = offsetof(struct event, member), .kind = kind_             \
	}
#define NAMED(name_, member, names_)                                                               \
	{                                                                                          \
		.name = name_, .offset = offsetof(struct event, member), .kind = LOG_NAME,         \
		.names = names_, .name_count = COUNT(names_)                                       \
	}

static const struct log_field session_fields[] = {
    NAMED("source", u.session.source, source_names),
    FIELD("cpu_count", u.session.cpu_count, LOG_U32),
    FIELD("page_bytes", u.session.page_bytes, LOG_U32),
    FIELD("version", u.session.version, LOG_U32),
};
static const struct log_field tag_fields[] = {
    FIELD("tag", u.tag.tag, LOG_U32),
    NAMED("pool", u.tag.pool, pool_names),
    FIELD("flags", u.tag.flags, LOG_U32),
    FIELD("object_bytes", u.tag.object_bytes, LOG_S64),
};
static const struct log_field take_fields[] = {
    FIELD("take", u.take.take, LOG_U32),
    FIELD("syscall_nr", u.take.syscall_nr, LOG_S32),
    FIELD("first_tgid", u.take.first.tgid, LOG_U32),
    FIELD("first_start_ns", u.take.first.start_ns, LOG_U64),
};
static const struct log_field frame_fields[] = {
    FIELD("take", u.frame.take, LOG_U32),	  FIELD("index", u.frame.index, LOG_U32),
    FIELD("line", u.frame.line, LOG_U32),	  FIELD("kernel", u.frame.kernel, LOG_BOOL),
    FIELD("offset", u.frame.offset, LOG_ADDRESS),
};
static const struct log_field fork_fields[] = {
    FIELD("parent_tgid", u.fork.parent.tgid, LOG_U32),
    FIELD("parent_start_ns", u.fork.parent.start_ns, LOG_U64),
    FIELD("parent_private_bytes", u.fork.parent_private_bytes, LOG_S64),
    FIELD("inherited_bytes", u.fork.inherited_bytes, LOG_S64),
    FIELD("flags", u.fork.flags, LOG_U32),
    FIELD("ordinal", u.fork.ordinal, LOG_U32),
    FIELD("comm", u.fork.comm, LOG_COMM),
    FIELD("take", u.fork.take, LOG_U32),
};
static const struct log_field exec_fields[] = {
    FIELD("dropped_bytes", u.exec.dropped_bytes, LOG_S64),
    FIELD("comm", u.exec.comm, LOG_COMM),
};
static const struct log_field exit_fields[] = {
    FIELD("private_bytes", u.exit.private_bytes, LOG_S64),
    FIELD("private_peak_bytes", u.exit.private_peak_bytes, LOG_S64),
    FIELD("commit_bytes", u.exit.commit_bytes, LOG_S64),
    FIELD("page_table_bytes", u.exit.page_table_bytes, LOG_S64),
    FIELD("kernel_live_bytes", u.exit.kernel_live_bytes, LOG_S64),
    FIELD("status", u.exit.status, LOG_S32),
    FIELD("parent_tgid", u.exit.parent_tgid, LOG_U32),
    FIELD("threads_peak", u.exit.threads_peak, LOG_U32),
    FIELD("ordinal", u.exit.ordinal, LOG_U32),
    NAMED("outlived", u.exit.outlived, outlived_names),
    FIELD("comm", u.exit.comm, LOG_COMM),
};
static const struct log_field amount_fields[] = {
    NAMED("pool", u.amount.pool, pool_names),	       FIELD("tag", u.amount.tag, LOG_U32),
    FIELD("count", u.amount.count, LOG_U64),	       FIELD("bytes", u.amount.bytes, LOG_S64),
    FIELD("peak_bytes", u.amount.peak_bytes, LOG_S64),
};
static const struct log_field gauge_fields[] = {
    NAMED("pool", u.gauge.pool, pool_names),	FIELD("tag", u.gauge.tag, LOG_U32),
    FIELD("ordinal", u.gauge.ordinal, LOG_U32), FIELD("flags", u.gauge.flags, LOG_U32),
    FIELD("count", u.gauge.count, LOG_S64),	FIELD("bytes", u.gauge.bytes, LOG_S64),
};
static const struct log_field object_fields[] = {
    NAMED("pool", u.object.pool, pool_names),
    FIELD("tag", u.object.tag, LOG_U32),
    FIELD("take", u.object.take, LOG_U32),
    NAMED("hold", u.object.hold, hold_names),
    FIELD("birth_ordinal", u.object.birth_ordinal, LOG_U32),
    FIELD("flags", u.object.flags, LOG_U32),
    FIELD("count", u.object.count, LOG_U64),
    FIELD("bytes", u.object.bytes, LOG_S64),
    FIELD("returned_ns", u.object.returned_ns, LOG_U64),
    FIELD("site", u.object.site, LOG_ADDRESS),
    FIELD("holder_tgid", u.object.holder.tgid, LOG_U32),
    FIELD("holder_start_ns", u.object.holder.start_ns, LOG_U64),
    NAMED("thing", u.object.thing, thing_names),
    NAMED("via", u.object.via, via_names),
    FIELD("fd", u.object.fd, LOG_S32),
};
static const struct log_field total_fields[] = {
    NAMED("pool", u.total.pool, pool_names),
    FIELD("tag", u.total.tag, LOG_U32),
    FIELD("charged_count", u.total.charged_count, LOG_U64),
    FIELD("returned_count", u.total.returned_count, LOG_U64),
    FIELD("charged_bytes", u.total.charged_bytes, LOG_S64),
    FIELD("returned_bytes", u.total.returned_bytes, LOG_S64),
    FIELD("asked_count", u.total.asked_count, LOG_U64),
};
static const struct log_field book_fields[] = {
    NAMED("pool", u.book.pool, pool_names),
    NAMED("moment", u.book.moment, moment_names),
    FIELD("ledger_bytes", u.book.ledger_bytes, LOG_S64),
    FIELD("kernel_bytes", u.book.kernel_bytes, LOG_S64),
    FIELD("processes", u.book.processes, LOG_U32),
};
static const struct log_field alive_fields[] = {
    FIELD("parent_tgid", u.alive.parent_tgid, LOG_U32),
    FIELD("zombie", u.alive.zombie, LOG_BOOL),
    FIELD("private_bytes", u.alive.private_bytes, LOG_S64),
    FIELD("kernel_bytes", u.alive.kernel_bytes, LOG_S64),
    FIELD("stopped", u.alive.stopped, LOG_BOOL),
    FIELD("birth_ordinal", u.alive.birth_ordinal, LOG_U32),
    FIELD("comm", u.alive.comm, LOG_COMM),
};
static const struct log_field left_fields[] = {
    NAMED("pool", u.left.pool, pool_names), FIELD("tag", u.left.tag, LOG_U32),
    FIELD("id", u.left.id, LOG_U32),	    FIELD("birth_ordinal", u.left.birth_ordinal, LOG_U32),
    FIELD("bytes", u.left.bytes, LOG_S64),  FIELD("kernel_bytes", u.left.kernel_bytes, LOG_S64),
    FIELD("take", u.left.take, LOG_U32),
};
static const struct log_field look_fields[] = {
    FIELD("forks", u.look.forks, LOG_U64),
    FIELD("private_bytes", u.look.private_bytes, LOG_S64),
    FIELD("ordinal", u.look.ordinal, LOG_U32),
};
static const struct log_field loss_fields[] = {
    NAMED("kind", u.loss.kind, loss_names),
    FIELD("count", u.loss.count, LOG_U64),
};
static const struct log_field end_fields[] = {
    FIELD("status", u.end.status, LOG_S32),	  FIELD("interrupted", u.end.interrupted, LOG_U32),
    FIELD("forks", u.end.forks, LOG_U32),	  FIELD("exits", u.end.exits, LOG_U32),
    FIELD("alive", u.end.alive, LOG_U32),	  FIELD("killed", u.end.killed, LOG_U32),
    FIELD("settle_ns", u.end.settle_ns, LOG_U64),
};

#define TYPE(name_, fields_)                                                                       \
	{                                                                                          \
		.name = name_, .fields = fields_, .field_count = COUNT(fields_)                    \
	}

static const struct log_type types[EVENT_TYPES] = {
    [EVENT_SESSION] = TYPE("session", session_fields),
    [EVENT_TAG] = TYPE("tag", tag_fields),
    [EVENT_TAKE] = TYPE("take", take_fields),
    [EVENT_FRAME] = TYPE("frame", frame_fields),
    [EVENT_FORK] = TYPE("fork", fork_fields),
    [EVENT_THREAD] = {.name = "thread"},
    [EVENT_EXEC] = TYPE("exec", exec_fields),
    [EVENT_EXIT] = TYPE("exit", exit_fields),
    [EVENT_REAP] = {.name = "reap"},
    [EVENT_CHARGE] = TYPE("charge", amount_fields),
    [EVENT_RETURN] = TYPE("return", amount_fields),
    [EVENT_GAUGE] = TYPE("gauge", gauge_fields),
    [EVENT_OBJECT] = TYPE("object", object_fields),
    [EVENT_TOTAL] = TYPE("total", total_fields),
    [EVENT_BOOK] = TYPE("book", book_fields),
    [EVENT_ALIVE] = TYPE("alive", alive_fields),
    [EVENT_LEFT] = TYPE("left", left_fields),
    [EVENT_LOOK] = TYPE("look", look_fields),
    [EVENT_LOSS] = TYPE("loss", loss_fields),
    [EVENT_BLIND] = {.name = "blind"},
    [EVENT_END] = TYPE("end", end_fields),
};

const struct log_type *log_type(uint32_t type)
{
	return type < EVENT_TYPES && types[type].name ? &types[type] : NULL;
}

int log_type_by_name(const char *name)
{
	for (int i = 0; i < EVENT_TYPES; i++) {
		if (types[i].name && !strcmp(types[i].name, name))
			return i;
	}
	return -1;
}

int log_name_by_text(const struct log_field *field, const char *text)
{
	for (size_t i = 0; i < field->name_count; i++) {
		if (field->names[i] && !strcmp(field->names[i], text))
			return (int)i;
	}
	return -1;
}
