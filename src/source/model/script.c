/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A script becomes a program: a statement a line. */
#include "source/model/script.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/number.h"

#define WORDS_MAX  4
#define LINE_MAX_  512
#define BLOCKS_MAX 16
#define OPS_MAX	   65536
#define NUMBER_MAX (UINT64_C(1) << 40)

enum takes { TAKES_NOTHING, TAKES_NAME, TAKES_NAME_SIZE, TAKES_SIZE, TAKES_NUMBER };

/* What a statement is called, what stands behind it, and as which system call it is shown. */
static const struct statement {
	const char *word;
	enum op_code code;
	enum takes takes;
	const char *syscall;
	bool optional; /* the last of what it takes may be left out */
	bool block;
} statements[] = {
    {"repeat", OP_REPEAT, TAKES_NUMBER, "", true, true},
    {"fork", OP_FORK, TAKES_NOTHING, "fork", false, true},
    {"vfork", OP_FORK, TAKES_NOTHING, "vfork", false, true},
    {"thread", OP_THREAD, TAKES_NOTHING, "clone", false, true},
    {"exec", OP_EXEC, TAKES_NAME_SIZE, "execve", true, false},
    {"exit", OP_EXIT, TAKES_NUMBER, "exit", true, false},
    {"wait", OP_WAIT, TAKES_NOTHING, "wait4", false, false},
    {"alloc", OP_ALLOC, TAKES_SIZE, "mmap", false, false},
    {"free", OP_FREE, TAKES_SIZE, "munmap", false, false},
    {"pipe", OP_PIPE, TAKES_NAME, "pipe", false, false},
    {"open", OP_OPEN, TAKES_NAME, "open", false, false},
    {"socket", OP_SOCKET, TAKES_NAME, "socketpair", false, false},
    {"close", OP_CLOSE, TAKES_NAME, "close", false, false},
    {"shm", OP_SHM, TAKES_NAME_SIZE, "shmget", false, false},
    {"remove", OP_SHM_REMOVE, TAKES_NAME, "shmctl", false, false},
    {"setsid", OP_SETSID, TAKES_NOTHING, "setsid", false, false},
    {"signal", OP_SIGNAL, TAKES_NOTHING, "kill", false, false},
    {"sigwait", OP_SIGWAIT, TAKES_NOTHING, "rt_sigtimedwait", false, false},
    {"kill", OP_KILL, TAKES_NOTHING, "kill", false, false},
    {"pause", OP_PAUSE, TAKES_NOTHING, "pause", false, false},
    {"sleep", OP_SLEEP, TAKES_NUMBER, "nanosleep", false, false},
};
#define STATEMENTS (sizeof(statements) / sizeof(*statements))

struct parse {
	struct scenario *s;
	uint32_t line;
	uint32_t blocks[BLOCKS_MAX]; /* the operations that opened them */
	uint32_t depth;
	char *error;
};

__attribute__((format(printf, 2, 3))) static int refuse(struct parse *p, const char *format, ...)
{
	int used = snprintf(p->error, MODEL_ERROR_BYTES, "%.100s:%u: ", p->s->name, p->line);
	va_list args;

	va_start(args, format);
	vsnprintf(p->error + used, MODEL_ERROR_BYTES - (size_t)used, format, args);
	va_end(args);
	return -EINVAL;
}

static int name_number(struct scenario *s, const char *name, uint32_t *ret_number)
{
	char **grown, *copy;

	for (uint32_t i = 0; i < s->name_count; i++) {
		if (!strcmp(s->names[i], name)) {
			*ret_number = i;
			return 0;
		}
	}
	if (s->name_count == s->name_room) {
		grown =
		    reallocarray(s->names, s->name_room ? s->name_room * 2 : 16, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		s->names = grown;
		s->name_room = s->name_room ? s->name_room * 2 : 16;
	}
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	s->names[s->name_count] = copy;
	*ret_number = s->name_count++;
	return 0;
}

static int op_add(struct parse *p, const struct op *op)
{
	struct scenario *s = p->s;
	uint32_t room = s->room ? s->room * 2 : 32;
	struct op *grown;

	if (s->count >= OPS_MAX)
		return refuse(p, "more than %d statements", OPS_MAX);
	if (s->count == s->room) {
		grown = reallocarray(s->ops, room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		s->ops = grown;
		s->room = room;
	}
	s->ops[s->count++] = *op;
	return 0;
}

static int read_size(struct parse *p, const char *word, uint64_t *ret_size)
{
	if (number_parse(word, 0, NUMBER_MAX, ret_size))
		return refuse(p, "'%.40s' is not a number; write digits, perhaps with K, M or G",
			      word);
	return 0;
}

static int end_block(struct parse *p)
{
	struct scenario *s = p->s;
	struct op op = {.line = p->line};
	uint32_t open;
	int err;

	if (!p->depth)
		return refuse(p, "'end' without a block that it could end");
	open = p->blocks[--p->depth];
	op.code = s->ops[open].code == OP_REPEAT ? OP_AGAIN
		  : s->ops[open].code == OP_FORK ? OP_FORK_END
						 : OP_THREAD_END;
	op.jump = open + 1;
	err = op_add(p, &op);
	if (!err)
		s->ops[open].jump = s->count;
	return err;
}

static int read_limit(struct parse *p, char *const words[], int count)
{
	static const char *const pools[MODEL_POOLS] = {"pagefile", "nonpaged", "paged"};

	if (count != 3)
		return refuse(p, "'limit' needs a pool and a size: limit nonpaged 512K");
	for (int i = 0; i < MODEL_POOLS; i++) {
		if (!strcmp(pools[i], words[1]))
			return read_size(p, words[2], &p->s->limit[i]);
	}
	return refuse(p, "'%.40s' is no pool: pagefile, nonpaged or paged", words[1]);
}

static int read_defect(struct parse *p, char *const words[], int count)
{
	enum defect defect;

	if (count != 2 || defect_find(words[1], &defect))
		return refuse(p, "'%.40s' is no defect of this kernel; --help lists them",
			      count > 1 ? words[1] : "");
	p->s->defects |= UINT32_C(1) << defect;
	return 0;
}

static int read_arguments(struct parse *p, const struct statement *st, char *const words[],
			  int count, struct op *op)
{
	bool named = st->takes == TAKES_NAME || st->takes == TAKES_NAME_SIZE;
	bool sized = st->takes >= TAKES_NAME_SIZE;
	int most = 1 + named + sized, err = 0;

	if (st->code == OP_WAIT && count == 2 && !strcmp(words[1], "all")) {
		op->all = true;
		return 0;
	}
	if (st->code == OP_FORK && count == 2 && !strcmp(words[1], "own")) {
		op->own = true;
		return 0;
	}
	if (count > most)
		return refuse(p, "'%s': nothing is expected behind '%.40s'", st->word,
			      words[most - 1]);
	if (count < most - st->optional)
		return refuse(p, "'%s' needs %s", st->word,
			      named && count < 2 ? "a name" : "a number");
	if (named)
		err = name_number(p->s, words[1], &op->name);
	if (!err && sized && count == most)
		err = read_size(p, words[count - 1], &op->number);
	op->forever = st->code == OP_REPEAT && count == 1;
	return err;
}

static uint32_t loops_open(const struct parse *p)
{
	uint32_t n = 0;

	for (uint32_t i = p->depth; i-- > 0 && p->s->ops[p->blocks[i]].code == OP_REPEAT;)
		n++;
	return n;
}

static int read_statement(struct parse *p, char *words[], int count)
{
	struct op op = {.line = p->line};
	const struct statement *st = NULL;
	int err;

	if (!strcmp(words[0], "try") && count > 1) {
		op.tries = true;
		words++;
		count--;
	}
	for (size_t i = 0; i < STATEMENTS && !st; i++) {
		if (!strcmp(statements[i].word, words[0]))
			st = &statements[i];
	}
	if (!st)
		return refuse(p, "'%.40s' is no statement; forktally-model(1) has them all",
			      words[0]);
	op.code = st->code;
	op.vfork = !strcmp(st->word, "vfork");
	err = read_arguments(p, st, words, count, &op);
	if (err)
		return err;
	if (st->block) {
		if (p->depth == BLOCKS_MAX || (op.code == OP_REPEAT && loops_open(p) == DEPTH_MAX))
			return refuse(p, "blocks too deep within each other");
		p->blocks[p->depth++] = p->s->count;
	}
	return op_add(p, &op);
}

static int read_line(struct parse *p, char *line)
{
	char *words[WORDS_MAX + 1], *save = NULL, *word;
	int count = 0;

	line[strcspn(line, "#")] = '\0';
	for (word = strtok_r(line, " \t\r", &save); word; word = strtok_r(NULL, " \t\r", &save)) {
		if (count == WORDS_MAX)
			return refuse(p, "too many words");
		words[count++] = word;
	}
	if (!count)
		return 0;
	words[count] = NULL;
	if (!strcmp(words[0], "end") && count == 1)
		return end_block(p);
	if (!strcmp(words[0], "limit"))
		return read_limit(p, words, count);
	if (!strcmp(words[0], "defect"))
		return read_defect(p, words, count);
	return read_statement(p, words, count);
}

static int read_lines(struct parse *p, const char *text, size_t length)
{
	char line[LINE_MAX_];
	int err = 0;

	while (!err && length) {
		const char *end = memchr(text, '\n', length);
		size_t n = end ? (size_t)(end - text) : length;

		p->line++;
		if (n >= sizeof(line))
			return refuse(p, "a line of more than %zu bytes", sizeof(line) - 1);
		for (size_t i = 0; i < n; i++) {
			if ((unsigned char)text[i] < ' ' && text[i] != '\t' && text[i] != '\r')
				return refuse(p, "a byte 0x%02x: this is no script",
					      (unsigned char)text[i]);
		}
		memcpy(line, text, n);
		line[n] = '\0';
		err = read_line(p, line);
		n += end != NULL;
		text += n;
		length -= n;
	}
	return err;
}

static const char *syscall_of(const struct op *op)
{
	for (size_t i = 0; i < STATEMENTS; i++) {
		if (statements[i].code == op->code &&
		    (op->code != OP_FORK || !op->vfork || !strcmp(statements[i].word, "vfork")))
			return statements[i].syscall;
	}
	return "";
}

/* "fork", in the script, no module. */
static int make_frames(struct scenario *s)
{
	s->frames = calloc(s->count, sizeof(*s->frames));
	if (!s->frames)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->count; i++) {
		if (asprintf(&s->frames[i], "%s\t%s\t", syscall_of(&s->ops[i]), s->name) < 0) {
			s->frames[i] = NULL;
			return -ENOMEM;
		}
	}
	return 0;
}

int scenario_parse(const char *name, const char *text, size_t length,
		   struct scenario **ret_scenario, char ret_error[static MODEL_ERROR_BYTES])
{
	struct scenario *s = calloc(1, sizeof(*s));
	struct parse p = {.s = s, .error = ret_error};
	const struct op last = {.code = OP_EXIT};
	int err = s && (s->name = strdup(name)) ? 0 : -ENOMEM;

	for (char *c = err ? NULL : s->name; c && *c; c++) {
		if ((unsigned char)*c < ' ')
			*c = '?'; /* tabs part the words of a frame */
	}
	if (!err)
		err = read_lines(&p, text, length);
	if (!err && p.depth) {
		p.line = s->ops[p.blocks[p.depth - 1]].line;
		err = refuse(&p, "this block has no 'end'");
	}
	if (!err && !s->count)
		err = refuse(&p, "the script is empty");
	if (!err)
		err = op_add(&p, &last);
	if (!err)
		err = make_frames(s);
	if (err) {
		if (err == -ENOMEM)
			snprintf(ret_error, MODEL_ERROR_BYTES, "out of memory");
		scenario_free(s);
		return err;
	}
	*ret_scenario = s;
	return 0;
}

void scenario_free(struct scenario *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; s->frames && i < s->count; i++)
		free(s->frames[i]);
	for (uint32_t i = 0; i < s->name_count; i++)
		free(s->names[i]);
	free(s->frames);
	free(s->names);
	free(s->ops);
	free(s->name);
	free(s);
}

const char *script_name(const struct scenario *s)
{
	return s ? s->name : "";
}

uint64_t script_limit(const struct scenario *s, unsigned pool)
{
	return s ? s->limit[pool] : 0;
}

uint32_t script_defects(const struct scenario *s)
{
	return s ? s->defects : 0;
}

struct script_place script_place(const struct scenario *s, uint32_t take)
{
	const struct op *op = &s->ops[take - 1];

	return (struct script_place){
	    .syscall = syscall_of(op), .frame = s->frames[take - 1], .line = op->line};
}
