/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tags, takes with their frames, losses and notes: what events give a name or a number. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ledger/book.h"

int list_reserve(struct list *l)
{
	size_t room = l->room ? l->room * 2 : 16;
	void **at;

	if (l->used < l->room)
		return 0;
	at = realloc(l->at, room * sizeof(*at));
	if (!at)
		return -ENOMEM;
	l->at = at;
	l->room = room;
	return 0;
}

void list_put(struct list *l, void *item)
{
	l->at[l->used++] = item;
}

/* Keeps a copy of @text until the ledger is freed. "" needs no room. */
static int text_keep(struct ledger *led, const char *text, size_t bytes, const char **ret_text)
{
	char *copy;

	if (!bytes) {
		*ret_text = "";
		return 0;
	}
	if (list_reserve(&led->texts))
		return -ENOMEM;
	copy = strndup(text, bytes);
	if (!copy)
		return -ENOMEM;
	list_put(&led->texts, copy);
	*ret_text = copy;
	return 0;
}

static int event_text(struct ledger *led, const struct event *ev, const char **ret_text)
{
	return text_keep(led, ev->text, ev->text ? strlen(ev->text) : 0, ret_text);
}

static bool tag_same(const void *item, const void *key)
{
	return ((const struct tag *)item)->tag.tag == *(const uint32_t *)key;
}

static bool take_same(const void *item, const void *key)
{
	return ((const struct take *)item)->take.take == *(const uint32_t *)key;
}

struct tag *tag_find(const struct ledger *led, uint32_t tag)
{
	return table_find(&led->tags_by_number, table_hash(tag, 1), tag_same, &tag);
}

bool tag_usable(const struct ledger *led, uint32_t tag)
{
	return !tag || led->tags.used >= LEDGER_TAGS_MAX || tag_find(led, tag);
}

struct take *take_find(const struct ledger *led, uint32_t take)
{
	return table_find(&led->takes_by_number, table_hash(take, 2), take_same, &take);
}

int name_tag(struct ledger *led, const struct event *ev)
{
	const struct event_tag *e = &ev->u.tag;
	const char *name;
	struct tag *tag;
	int err;

	if (!e->tag || e->pool >= POOLS)
		return -EINVAL;
	if (tag_find(led, e->tag)) {
		led->counts.disorder++;
		return 0;
	}
	if (led->tags.used >= LEDGER_TAGS_MAX) {
		led->counts.over_bound++;
		return 0;
	}
	if (list_reserve(&led->tags) || table_reserve(&led->tags_by_number))
		return -ENOMEM;
	err = event_text(led, ev, &name);
	if (err)
		return err;
	tag = calloc(1, sizeof(*tag));
	if (!tag)
		return -ENOMEM;
	tag->tag.tag = e->tag;
	tag->tag.pool = e->pool;
	tag->tag.flags = e->flags;
	tag->tag.name = name;
	tag->tag.object_bytes = amount_from_event(e->object_bytes);
	list_put(&led->tags, tag);
	table_put(&led->tags_by_number, table_hash(e->tag, 1), tag);
	return 0;
}

/* NULL with 0: no room for another one. */
static int take_get(struct ledger *led, uint32_t number, struct take **ret_take)
{
	struct take *take = take_find(led, number);

	if (!take && led->takes.used >= LEDGER_TAKES_MAX)
		led->counts.over_text++;
	else if (!take) {
		if (list_reserve(&led->takes) || table_reserve(&led->takes_by_number))
			return -ENOMEM;
		take = calloc(1, sizeof(*take));
		if (!take)
			return -ENOMEM;
		take->take.take = number;
		take->take.syscall_nr = -2;
		take->take.syscall = "";
		list_put(&led->takes, take);
		table_put(&led->takes_by_number, table_hash(number, 2), take);
	}
	*ret_take = take;
	return 0;
}

int name_take(struct ledger *led, const struct event *ev)
{
	const struct event_take *e = &ev->u.take;
	const char *syscall;
	struct take *take;
	int err;

	if (!e->take)
		return -EINVAL;
	err = take_get(led, e->take, &take);
	if (err || !take)
		return err;
	if (take->announced) {
		led->counts.disorder++;
		return 0;
	}
	err = event_text(led, ev, &syscall);
	if (err)
		return err;
	take->announced = true;
	take->take.syscall_nr = e->syscall_nr;
	take->take.syscall = syscall;
	take->take.first = e->first;
	return 0;
}

/* "function\tfile\tmodule": any of the three may be missing. */
static int frame_text(struct ledger *led, const char *text, struct ledger_frame *f)
{
	const char **part[] = {&f->function, &f->file, &f->module};
	size_t i, bytes;
	int err;

	for (i = 0; i < 3; i++) {
		bytes = text ? strcspn(text, "\t") : 0;
		err = text_keep(led, text, bytes, part[i]);
		if (err)
			return err;
		if (text)
			text = text[bytes] ? text + bytes + 1 : NULL;
	}
	return 0;
}

int name_frame(struct ledger *led, const struct event *ev)
{
	const struct event_frame *e = &ev->u.frame;
	struct ledger_frame f = {
	    .line = e->line, .kernel = e->kernel, .offset = e->offset, .seen = true};
	struct ledger_frame *frames;
	struct take *take;
	size_t i;
	int err;

	if (!e->take)
		return -EINVAL;
	if (e->index >= LEDGER_FRAMES_MAX) {
		led->counts.over_text++;
		return 0;
	}
	err = take_get(led, e->take, &take);
	if (err || !take)
		return err;
	if (e->index >= take->take.frame_count) {
		frames = realloc(take->frames, (e->index + 1) * sizeof(*frames));
		if (!frames)
			return -ENOMEM;
		for (i = take->take.frame_count; i <= e->index; i++)
			frames[i] = (struct ledger_frame){.function = "", .file = "", .module = ""};
		take->frames = frames;
		take->take.frames = frames;
		take->take.frame_count = e->index + 1;
	}
	if (take->frames[e->index].seen) {
		led->counts.disorder++;
		return 0;
	}
	err = frame_text(led, ev->text, &f);
	if (err)
		return err;
	take->frames[e->index] = f;
	return 0;
}

int name_loss(struct ledger *led, const struct event *ev)
{
	const struct event_loss *e = &ev->u.loss;
	const char *text = ev->text ? ev->text : "";
	struct ledger_loss *loss;
	size_t i;
	int err;

	if (!e->kind || e->kind >= LOSSES)
		return -EINVAL;
	for (i = 0; i < led->losses.used; i++) {
		loss = led->losses.at[i];
		/* The last row takes what has no room for a text of its own. */
		if ((loss->kind == e->kind && !strcmp(loss->text, text)) ||
		    i + 1 == LEDGER_TEXTS_MAX) {
			loss->count += e->count;
			led->lost += e->count;
			return 0;
		}
	}
	if (list_reserve(&led->losses))
		return -ENOMEM;
	loss = calloc(1, sizeof(*loss));
	if (!loss)
		return -ENOMEM;
	err = text_keep(led, text, strlen(text), &loss->text);
	if (err) {
		free(loss);
		return err;
	}
	loss->kind = e->kind;
	loss->count = e->count;
	led->lost += e->count;
	list_put(&led->losses, loss);
	return 0;
}

int name_blind(struct ledger *led, const struct event *ev)
{
	const char *text;
	size_t i;
	int err;

	for (i = 0; i < led->blinds.used; i++) {
		if (!strcmp(led->blinds.at[i], ev->text ? ev->text : ""))
			return 0;
	}
	if (led->blinds.used >= LEDGER_TEXTS_MAX) {
		led->counts.over_text++;
		return 0;
	}
	if (list_reserve(&led->blinds))
		return -ENOMEM;
	err = event_text(led, ev, &text);
	if (err)
		return err;
	list_put(&led->blinds, (void *)text);
	return 0;
}

static void list_release(struct list *l, bool items)
{
	size_t i;

	for (i = 0; items && i < l->used; i++)
		free(l->at[i]);
	free(l->at);
}

void names_release(struct ledger *led)
{
	size_t i;

	for (i = 0; i < led->takes.used; i++)
		free(((struct take *)led->takes.at[i])->frames);
	list_release(&led->tags, true);
	list_release(&led->takes, true);
	list_release(&led->losses, true);
	list_release(&led->violations, true);
	list_release(&led->texts, true);
	list_release(&led->blinds, false); /* theirs are among the texts */
	table_release(&led->tags_by_number);
	table_release(&led->takes_by_number);
}
