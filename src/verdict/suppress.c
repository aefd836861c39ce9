/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "verdict/suppress_list.h"

#define SHOWN_BYTES 40 /* of a user's line in a message */

/* As valgrind names its tools in its files. */
static const char *const other_tools[] = {"Memcheck", "Addrcheck", "Helgrind",	 "DRD",
					  "drd",      "SGCheck",   "Massif",	 "DHAT",
					  "None",     "CoreCheck", "exp-sgcheck"};

int suppressions_new(struct suppressions **ret_list)
{
	struct suppressions *list = calloc(1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	*ret_list = list;
	return 0;
}

static void rule_done(struct suppress_rule *rule)
{
	for (size_t i = 0; i < rule->frame_count; i++)
		free(rule->frames[i].text);
	free(rule->frames);
	free(rule->cause);
	free(rule->comm);
	free((char *)rule->told.name);
	free((char *)rule->told.file);
}

void suppressions_free(struct suppressions *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->count; i++)
		rule_done(&list->rules[i]);
	free(list->rules);
	free(list);
}

const struct suppression *suppressions_at(const struct suppressions *list, size_t i)
{
	return i < list->count ? &list->rules[i].told : NULL;
}

static int refuse(char *error, const char *text)
{
	snprintf(error, SUPPRESS_ERROR_BYTES, "%s", text);
	return -EINVAL;
}

static int refuse_line(char *error, const char *text, size_t size, const char *wanted)
{
	char shown[SHOWN_BYTES + 1];
	size_t i;

	for (i = 0; i < size && i < SHOWN_BYTES; i++)
		shown[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	shown[i] = '\0';
	snprintf(error, SUPPRESS_ERROR_BYTES, "'%s%s' is not %s", shown, i < size ? "..." : "",
		 wanted);
	return -EINVAL;
}

static bool is_word(const char *text, size_t size, const char *word)
{
	return strlen(word) == size && !memcmp(text, word, size);
}

/* What stands behind "fun:" and the like; NULL: @text begins otherwise. */
static const char *behind(const char *text, size_t size, const char *prefix)
{
	size_t length = strlen(prefix);

	return size >= length && !memcmp(text, prefix, length) ? text + length : NULL;
}

static int keep(const char *from, const char *end, char **ret_copy)
{
	while (from < end && (*from == ' ' || *from == '\t'))
		from++;
	*ret_copy = strndup(from, (size_t)(end - from));
	return *ret_copy ? 0 : -ENOMEM;
}

static int begin_block(struct suppressions *list, const char *file, uint64_t line)
{
	struct suppress_rule *rules =
	    reallocarray(list->rules, list->count + 1, sizeof(*list->rules));

	if (!rules)
		return -ENOMEM;
	list->rules = rules;
	rules[list->count] = (struct suppress_rule){.told = {.line = line}};
	rules[list->count].told.file = strdup(file);
	if (!rules[list->count].told.file)
		return -ENOMEM;
	list->count++;
	list->block_line = line;
	list->state = BLOCK_NAME;
	return 0;
}

/* "Memcheck:Leak", "Memcheck,Helgrind:Race" */
static bool is_other_tool(const char *text, size_t size)
{
	const char *colon = memchr(text, ':', size);
	size_t length = colon ? (size_t)(colon - text) : 0;
	const char *comma = memchr(text, ',', length);

	if (comma)
		length = (size_t)(comma - text);
	for (size_t i = 0; i < sizeof(other_tools) / sizeof(*other_tools); i++)
		if (is_word(text, length, other_tools[i]))
			return true;
	return false;
}

static int take_cause(struct suppressions *list, const char *text, size_t size, char *error)
{
	struct suppress_rule *rule = &list->rules[list->count - 1];
	const char *cause = behind(text, size, "cause:");
	int err;

	if (!cause && is_other_tool(text, size)) {
		rule_done(rule);
		list->count--;
		list->state = BLOCK_SKIPPED;
		return 0;
	}
	if (!cause)
		return refuse_line(error, text, size,
				   "'cause:NAME', which must follow the name of the block");
	err = keep(cause, text + size, &rule->cause);
	if (err)
		return err;
	if (!*rule->cause)
		return refuse(error, "'cause:' needs a name or a pattern behind it, like fd.*");
	list->state = BLOCK_BODY;
	return 0;
}

static int add_frame(struct suppress_rule *rule, enum pattern_kind kind, const char *from,
		     const char *end, char *error)
{
	struct frame_pattern *frames =
	    reallocarray(rule->frames, rule->frame_count + 1, sizeof(*rule->frames));
	struct frame_pattern *frame;
	int err = 0;

	if (!frames)
		return -ENOMEM;
	rule->frames = frames;
	frame = &frames[rule->frame_count];
	*frame = (struct frame_pattern){.kind = kind};
	if (kind != PATTERN_ANY)
		err = keep(from, end, &frame->text);
	if (err)
		return err;
	rule->frame_count++;
	if (kind != PATTERN_ANY && !*frame->text)
		return refuse(error, "a frame needs a name or a pattern behind its colon");
	return 0;
}

static int take_body(struct suppress_rule *rule, const char *text, size_t size, char *error)
{
	static const struct {
		const char *prefix;
		enum pattern_kind kind;
	} kinds[] = {{"fun:", PATTERN_FUNCTION}, {"obj:", PATTERN_MODULE}, {"src:", PATTERN_FILE}};
	const char *comm = behind(text, size, "comm:");

	if (comm) {
		if (rule->comm)
			return refuse(error, "a block has one 'comm:' line at most");
		if (rule->frame_count)
			return refuse(error, "'comm:' must stand before the frames");
		return keep(comm, text + size, &rule->comm);
	}
	if (is_word(text, size, "..."))
		return add_frame(rule, PATTERN_ANY, NULL, NULL, error);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		const char *name = behind(text, size, kinds[i].prefix);

		if (name)
			return add_frame(rule, kinds[i].kind, name, text + size, error);
	}
	return refuse_line(error, text, size, "'comm:', 'fun:', 'obj:', 'src:', '...' or '}'");
}

int suppressions_line(struct suppressions *list, const char *file, uint64_t line, const char *text,
		      size_t size, char ret_error[SUPPRESS_ERROR_BYTES])
{
	struct suppress_rule *rule = list->count ? &list->rules[list->count - 1] : NULL;

	if (memchr(text, '\0', size))
		return refuse(ret_error, "there is a NUL byte in this line: this is no text");
	while (size && strchr(" \t\r", text[size - 1]))
		size--;
	while (size && strchr(" \t", *text)) {
		text++;
		size--;
	}
	if (!size || *text == '#')
		return 0;
	if (list->state == BLOCK_NONE) {
		if (!is_word(text, size, "{"))
			return refuse_line(ret_error, text, size, "'{', which begins a block");
		return begin_block(list, file, line);
	}
	if (is_word(text, size, "}")) {
		if (list->state == BLOCK_NAME)
			return refuse(ret_error, "the block ends before its name");
		if (list->state == BLOCK_CAUSE)
			return refuse(ret_error, "the block ends before its 'cause:' line");
		list->state = BLOCK_NONE;
		return 0;
	}
	if (list->state == BLOCK_SKIPPED)
		return 0;
	if (is_word(text, size, "{"))
		return refuse(ret_error, "'{' within a block: the one before it is not closed");
	if (list->state == BLOCK_NAME) {
		list->state = BLOCK_CAUSE;
		return keep(text, text + size, (char **)&rule->told.name);
	}
	if (list->state == BLOCK_CAUSE)
		return take_cause(list, text, size, ret_error);
	return take_body(rule, text, size, ret_error);
}

int suppressions_end(struct suppressions *list, char ret_error[SUPPRESS_ERROR_BYTES])
{
	if (list->state == BLOCK_NONE)
		return 0;
	snprintf(ret_error, SUPPRESS_ERROR_BYTES,
		 "the file ends within the block that begins at line %llu: '}' is missing",
		 (unsigned long long)list->block_line);
	return -EINVAL;
}
