/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * libFuzzer harness: whatever file of suppressions is given, it is refused in one printable line,
 * or it is applied to a leak without harm: each finding is kept or set aside, once, and the verdict
 * follows. The first line of the input is the names of that leak's stack, the rest is the file.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/events.h"
#include "verdict/suppress.h"
#include "verdict/verdict.h"
#include "view/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FORKS 16

/* Pipes kept by a root, taken in a function of that name. */
static struct ledger *leak(const char *names)
{
	struct ledger *led = begin(SOURCE_BPF);

	put_tag(led, 1, POOL_KERNEL, "kmalloc-cg-1k");
	put_take(led, 1, "pipe2");
	put(led, EVENT_FRAME, 0, (struct event){.u.frame = {.take = 1}, .text = names});
	put(led, EVENT_FRAME, 0,
	    (struct event){.u.frame = {.take = 1, .index = 1, .line = 7},
			   .text = "main\tmain.c\t/bin/main"});
	for (uint32_t i = 1; i <= FORKS; i++)
		put_child(led, ROOT, i, 0);
	for (uint32_t i = 0; i < FORKS; i++)
		put_object(led, ROOT, HOLD_PROCESS, ROOT, 1, 1, i, 1, 1024, 9);
	put_exit(led, ROOT, 0);
	put_reap(led, ROOT);
	put_end(led);
	return led;
}

static void apply(struct suppressions *list, const char *names)
{
	struct ledger *led = leak(names);
	struct verdict *v;
	struct view *view;
	uint64_t used = 0;
	size_t before;

	if (verdict_new(led, &v))
		abort();
	before = v->finding_count;
	if (!before || verdict_suppress(v, led, list) || view_new(led, v, &view))
		abort();
	for (size_t i = 0; suppressions_at(list, i); i++)
		used += suppressions_at(list, i)->used;
	if (v->finding_count + v->suppressed_count != before || used != v->suppressed_count ||
	    (v->judgement == JUDGEMENT_LEAK) != (v->finding_count > 0))
		abort();
	view_free(view);
	verdict_free(v);
	ledger_free(led);
}

static void check_error(const char *error)
{
	if (!*error || !memchr(error, '\0', SUPPRESS_ERROR_BYTES))
		abort();
	for (; *error; error++) {
		if (*error < ' ' || *error > '~')
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *line = text, *names, error[SUPPRESS_ERROR_BYTES] = "";
	struct suppressions *list;
	uint64_t number = 0;
	int err = 0;

	if (!text || suppressions_new(&list))
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	names = strndup(text, strcspn(text, "\n"));
	line += strlen(names);
	line += *line == '\n';
	while (!err && line < text + size) {
		char *end = memchr(line, '\n', (size_t)(text + size - line));
		size_t length = end ? (size_t)(end - line) : (size_t)(text + size - line);

		line[length] = '\0';
		err = suppressions_line(list, "fuzz", ++number, line, length, error);
		line += length + 1;
	}
	if (!err)
		err = suppressions_end(list, error);
	if (err == -EINVAL)
		check_error(error);
	else if (!err)
		apply(list, names);
	suppressions_free(list);
	free(names);
	free(text);
	return 0;
}
