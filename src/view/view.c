/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include "ledger/ledger.h"
#include "verdict/suppress.h"
#include "view/arena.h"
#include "view/cause.h"
#include "view/headline.h"
#include "view/quantity.h"
#include "view/suppression.h"
#include "view/view.h"

#define SIGNAL_OF_SHELL 128
#define NS_PER_SECOND	1e9

static const struct amount unknown = {.known = KNOWN_NOT};

static void fill_run(struct view *v, const struct ledger *led)
{
	const struct ledger_session *session = ledger_session(led);
	const struct ledger_end *end = ledger_end(led);
	const struct ledger_counts *counts = ledger_counts(led);
	int status = end->seen ? end->status : -1;

	v->command = view_arena_text(v->arena, session->command);
	v->source = source_name(session->source);
	v->cut_off = !session->complete;
	v->exit_status = -1;
	if (status >= 0 && WIFEXITED(status)) {
		v->exit_status = WEXITSTATUS(status);
	} else if (status >= 0 && WIFSIGNALED(status)) {
		v->signal = WTERMSIG(status);
		v->exit_status = SIGNAL_OF_SHELL + v->signal;
	}
	v->interrupted = (int)end->interrupted;
	v->killed = end->killed;
	v->settle_seconds = (double)end->settle_ns / NS_PER_SECOND;
	v->forks = counts->forks;
	v->exits = counts->exits;
	v->alive = counts->alive;
	v->zombies = counts->zombies;
	v->execs = counts->execs;
	v->threads = counts->threads;
	v->lost_events = ledger_lost_events(led);
}

static void fill_root(struct view *v, const struct ledger *led)
{
	const struct ledger_account *root = ledger_root(led);

	if (!root)
		return;
	v->root = (struct view_root){
	    .seen = true,
	    .pid = root->id.tgid,
	    .comm = view_arena_text_n(v->arena, root->comm, sizeof(root->comm)),
	    .threads_peak = root->threads_peak,
	    .private_peak = root->private_peak,
	    .page_table = root->page_table,
	    .commit = root->commit,
	};
	/* The exit has not come: nothing was told yet. */
	if (!root->exited)
		v->root.private_peak = v->root.page_table = v->root.commit = unknown;
}

/* "At least 0" tells no more than "unknown", and looks as if it did. */
static struct amount told(struct amount a)
{
	return a.known == KNOWN_AT_LEAST && a.bytes == 0 ? unknown : a;
}

static void fill_before(struct view *v, const struct ledger *led)
{
	v->before = (struct view_before){.processes = ledger_counts(led)->before,
					 .private_bytes = told(ledger_before_private(led))};
}

/* Of a session that is cut off only the beginning was told. */
static struct amount told_so_far(struct amount a, bool cut_off)
{
	if (cut_off && a.known == KNOWN_EXACT)
		a.known = KNOWN_AT_LEAST;
	return told(a);
}

static void fill_pools(struct view *v, const struct ledger *led)
{
	for (int i = 0; i < POOLS; i++) {
		const struct ledger_pool *pool = ledger_pool(led, i);

		v->pools[i] = (struct view_pool){
		    .charged = unknown,
		    .returned = unknown,
		    .peak = unknown,
		    .live = unknown,
		    .inherited = unknown,
		    .unattributed = pool->unattributed,
		    .over_return_count = pool->over_return_count,
		    .over_return_bytes = pool->over_return_bytes,
		};
		if (!pool->seen)
			continue;
		v->pools[i].charged = told_so_far(pool->charged, v->cut_off);
		v->pools[i].returned = told_so_far(pool->returned, v->cut_off);
		v->pools[i].peak = told_so_far(pool->peak, v->cut_off);
		v->pools[i].live = v->cut_off ? unknown : told(pool->live);
		if (i == POOL_PRIVATE)
			v->pools[i].inherited = told_so_far(pool->inherited, v->cut_off);
	}
}

static bool tag_told(const struct ledger_tag *tag)
{
	return tag->total_seen || tag->open_count || tag->charged_bytes || tag->returned_bytes;
}

/* A total tells the whole run; what was told one by one does so if the session has its end. */
static struct amount tag_sum(const struct ledger_tag *tag, int64_t bytes, bool cut_off)
{
	struct amount sum = amount_exact(bytes);

	if (!tag->total_seen && !tag->charged_bytes && !tag->returned_bytes)
		return unknown;
	if (tag->flags & TAG_ESTIMATE)
		sum.known = KNOWN_ESTIMATE;
	return told_so_far(sum, cut_off && !tag->total_seen);
}

static struct amount tag_live(const struct ledger_tag *tag, bool cut_off)
{
	struct amount live = tag_sum(tag, tag->charged_bytes - tag->returned_bytes, cut_off);

	if (live.known == KNOWN_NOT) /* but some of it was told object by object */
		live = (struct amount){.bytes = tag->open_bytes, .known = KNOWN_AT_LEAST};
	else if (live.known == KNOWN_AT_LEAST)
		return unknown;
	return told(live);
}

static int tag_compare(const void *left, const void *right)
{
	const struct view_tag *a = left, *b = right;

	if (a->pool != b->pool)
		return a->pool < b->pool ? -1 : 1;
	if (a->live.bytes != b->live.bytes)
		return a->live.bytes > b->live.bytes ? -1 : 1;
	if (a->charged.bytes != b->charged.bytes)
		return a->charged.bytes > b->charged.bytes ? -1 : 1;
	return strcmp(a->tag, b->tag);
}

static void fill_tags(struct view *v, const struct ledger *led)
{
	const struct ledger_tag *tag;
	size_t n = 0;

	for (size_t i = 0; (tag = ledger_tag_at(led, i)); i++)
		n += tag_told(tag);
	v->tags = view_arena_array(v->arena, n, sizeof(*v->tags));
	if (!v->tags)
		return;
	for (size_t i = 0; (tag = ledger_tag_at(led, i)); i++) {
		if (!tag_told(tag))
			continue;
		v->tags[v->tag_count++] = (struct view_tag){
		    .tag = view_arena_text(v->arena, tag->name),
		    .pool = tag->pool,
		    .charged_count = tag->charged_count,
		    .returned_count = tag->returned_count,
		    .asked_count = tag->asked_count,
		    .charged = tag_sum(tag, tag->charged_bytes, v->cut_off),
		    .returned = tag_sum(tag, tag->returned_bytes, v->cut_off),
		    .live = tag_live(tag, v->cut_off),
		    .unaccounted = tag->flags & TAG_UNACCOUNTED,
		};
	}
	qsort(v->tags, v->tag_count, sizeof(*v->tags), tag_compare);
}

static struct view_stack stack_of(struct view *v, const struct ledger_take *take,
				  struct amount bytes)
{
	struct view_stack s = {.syscall = "", .bytes = bytes};

	if (!take)
		return s;
	s.syscall =
	    take->syscall_nr == -1 ? "page fault" : view_arena_text(v->arena, take->syscall);
	s.frames = view_arena_array(v->arena, take->frame_count, sizeof(*s.frames));
	if (!s.frames)
		return s;
	s.frame_count = take->frame_count;
	for (size_t i = 0; i < take->frame_count; i++) {
		const struct ledger_frame *frame = &take->frames[i];

		/* A hole stays a frame of which nothing is known: the callers below it are true. */
		s.frames[i] = (struct view_frame){
		    .function = view_arena_text(v->arena, frame->seen ? frame->function : ""),
		    .file = view_arena_text(v->arena, frame->seen ? frame->file : ""),
		    .module = view_arena_text(v->arena, frame->seen ? frame->module : ""),
		    .line = frame->line,
		    .offset = frame->offset,
		    .kernel = frame->kernel,
		};
	}
	return s;
}

static int stack_compare(const void *left, const void *right)
{
	const struct view_stack *a = left, *b = right;

	return (a->bytes.bytes < b->bytes.bytes) - (a->bytes.bytes > b->bytes.bytes);
}

/* One for each place that is known, and one for what is not: the finding's own place, if any. */
static void fill_stacks(struct view *v, struct view_finding *f, const struct finding *from,
			const struct ledger *led)
{
	struct amount rest = f->bytes;

	f->stacks = view_arena_array(v->arena, from->take_count + 1, sizeof(*f->stacks));
	if (!f->stacks || rest.known == KNOWN_NOT)
		return;
	for (size_t i = 0; i < from->take_count; i++) {
		const struct finding_take *take = &from->takes[i];

		if (take->pool != f->pool || take->bytes.known == KNOWN_NOT)
			continue;
		f->stacks[f->stack_count++] =
		    stack_of(v, ledger_take(led, take->take), take->bytes);
		rest.bytes -= take->bytes.bytes;
	}
	if (rest.bytes > 0)
		f->stacks[f->stack_count++] = (struct view_stack){.syscall = f->syscall,
								  .frames = f->frames,
								  .frame_count = f->frame_count,
								  .bytes = rest};
	qsort(f->stacks, f->stack_count, sizeof(*f->stacks), stack_compare);
}

/* Through what the holder reaches the first of them, in words. */
static const char *through(struct view *v, const struct finding *from)
{
	static const char *const words[VIA_KINDS] = {
	    [VIA_FD] = "fd %d",
	    [VIA_QUEUE] = "the queue of fd %d",
	    [VIA_FLIGHT] = "a message in the queue of fd %d",
	    [VIA_MAP] = "a mapping",
	    [VIA_NAME] = "a name",
	};
	char text[64] = "";

	if (words[from->via] && (from->fd >= 0 || !strchr(words[from->via], '%')))
		snprintf(text, sizeof(text), words[from->via], from->fd);
	return view_arena_text(v->arena, text);
}

static void fill_finding(struct view *v, struct view_finding *f, const struct finding *from,
			 const struct ledger *led)
{
	const struct cause_words *words = cause_words(from->blocks ? "heap block" : from->cause);
	struct view_stack place;

	*f = (struct view_finding){
	    .title = words->title,
	    .thing = words->thing,
	    .things = words->things,
	    .cause = view_arena_text(v->arena, from->cause),
	    .hint = view_arena_text(v->arena, from->hint),
	    .where = from->where,
	    .pool = from->pool,
	    .count = from->count,
	    .bytes = from->bytes,
	    .forks = from->forks,
	    .count_per_fork = from->count_per_fork,
	    .bytes_per_fork = from->bytes_per_fork,
	    .watched_seconds = (double)from->watched_ns / NS_PER_SECOND,
	    .looks = from->looks,
	    .at_fork = from->at_fork,
	    .holder_pid = from->holder.tgid,
	    .holder_comm = view_arena_text_n(v->arena, from->holder_comm, EVENT_COMM_BYTES),
	    .through = through(v, from),
	};
	if (from->watched_ns) {
		f->count_per_minute = (double)f->count * 60 / f->watched_seconds;
		f->bytes_per_minute = (double)f->bytes.bytes * 60 / f->watched_seconds;
	}
	f->parts = view_arena_array(v->arena, from->part_count, sizeof(*f->parts));
	for (size_t i = 0; f->parts && i < from->part_count; i++)
		f->parts[f->part_count++] = (struct view_part){
		    .tag = view_arena_text(v->arena, from->parts[i].tag),
		    .pool = from->parts[i].pool,
		    .count = from->parts[i].count,
		    .bytes = from->parts[i].bytes,
		};
	place = stack_of(v, from->take ? ledger_take(led, from->take) : NULL, from->bytes);
	f->syscall = place.syscall;
	f->frames = place.frames;
	f->frame_count = place.frame_count;
	fill_stacks(v, f, from, led);
	f->suppression = suppression_make(v->arena, f);
	f->suppressed_by =
	    from->suppressed_by ? view_arena_text(v->arena, from->suppressed_by->name) : "";
}

static void fill_suppressed(struct view *v, const struct ledger *led, const struct verdict *verdict)
{
	const struct suppression *from;
	size_t n = 0;

	v->suppressed =
	    view_arena_array(v->arena, verdict->suppressed_count, sizeof(*v->suppressed));
	for (size_t i = 0; v->suppressed && i < verdict->suppressed_count; i++)
		fill_finding(v, &v->suppressed[v->suppressed_count++], &verdict->suppressed[i],
			     led);
	if (!verdict->suppressions)
		return;
	while (suppressions_at(verdict->suppressions, n))
		n++;
	v->suppressions = view_arena_array(v->arena, n, sizeof(*v->suppressions));
	for (size_t i = 0; v->suppressions && i < n; i++) {
		from = suppressions_at(verdict->suppressions, i);
		v->suppressions[v->suppression_count++] = (struct view_suppression){
		    .name = view_arena_text(v->arena, from->name),
		    .file = view_arena_text(v->arena, from->file),
		    .line = from->line,
		    .used = from->used,
		    .bytes = from->bytes,
		};
	}
}

static void fill_findings(struct view *v, const struct ledger *led, const struct verdict *verdict)
{
	v->judgement = verdict->judgement;
	v->watch = (struct view_watch){.seen = verdict->watch.seen,
				       .seconds = (double)verdict->watch.ns / NS_PER_SECOND,
				       .forked = verdict->watch.forked,
				       .judged = verdict->watch.judged};
	v->findings = view_arena_array(v->arena, verdict->finding_count, sizeof(*v->findings));
	for (size_t i = 0; v->findings && i < verdict->finding_count; i++)
		fill_finding(v, &v->findings[v->finding_count++], &verdict->findings[i], led);
	v->reasons = view_arena_array(v->arena, verdict->reason_count, sizeof(*v->reasons));
	for (size_t i = 0; v->reasons && i < verdict->reason_count; i++)
		v->reasons[v->reason_count++] = view_arena_text(v->arena, verdict->reasons[i]);
	v->notes = view_arena_array(v->arena, verdict->note_count, sizeof(*v->notes));
	for (size_t i = 0; v->notes && i < verdict->note_count; i++)
		v->notes[v->note_count++] = view_arena_text(v->arena, verdict->notes[i]);
}

static void fill_books(struct view *v, const struct ledger *led)
{
	v->books = view_arena_array(v->arena, (size_t)POOLS * BOOK_MOMENTS, sizeof(*v->books));
	for (int pool = 0; v->books && pool < POOLS; pool++) {
		for (int moment = 0; moment < BOOK_MOMENTS; moment++) {
			const struct ledger_book *book = ledger_book(led, pool, moment);

			if (!book || !book->seen)
				continue;
			v->books[v->book_count++] = (struct view_book){
			    .pool = pool,
			    .at_end = moment == BOOK_END,
			    .ledger = book->ledger,
			    .kernel = book->kernel,
			    .processes = book->processes,
			};
		}
	}
}

static void fill_unseen(struct view *v, const struct ledger *led)
{
	size_t losses = ledger_loss_count(led), blinds = ledger_blind_count(led);

	v->losses = view_arena_array(v->arena, losses, sizeof(*v->losses));
	for (size_t i = 0; v->losses && i < losses; i++) {
		const struct ledger_loss *loss = ledger_loss(led, i);

		v->losses[v->loss_count++] = (struct view_loss){
		    .kind = loss->kind,
		    .count = loss->count,
		    .what = view_arena_text(v->arena, loss->text),
		};
	}
	v->not_seen = view_arena_array(v->arena, blinds, sizeof(*v->not_seen));
	for (size_t i = 0; v->not_seen && i < blinds; i++)
		v->not_seen[v->not_seen_count++] = view_arena_text(v->arena, ledger_blind(led, i));
}

int view_new(const struct ledger *led, const struct verdict *verdict, struct view **ret_view)
{
	struct view_arena *arena = view_arena_new();
	struct view *v;

	if (!arena)
		return -ENOMEM;
	v = view_arena_array(arena, 1, sizeof(*v));
	if (v) {
		v->arena = arena;
		fill_run(v, led);
		fill_root(v, led);
		fill_before(v, led);
		fill_pools(v, led);
		fill_tags(v, led);
		fill_findings(v, led, verdict);
		fill_suppressed(v, led, verdict);
		fill_books(v, led);
		fill_unseen(v, led);
		v->headline = headline_make(v);
	}
	if (view_arena_failed(arena)) {
		view_arena_free(arena);
		return -ENOMEM;
	}
	*ret_view = v;
	return 0;
}

void view_free(struct view *view)
{
	if (view)
		view_arena_free(view->arena);
}

size_t view_user_frame(const struct view_frame *frames, size_t count)
{
	size_t i = 0;

	while (i < count && frames[i].kernel)
		i++;
	return i < count ? i : 0;
}

uint64_t view_finding_one_in(const struct view_finding *f)
{
	return *f->thing ? quantity_one_in(f->count_per_fork) : 0;
}

struct amount view_book_difference(const struct view_book *b)
{
	return amount_sub(b->kernel, b->ledger);
}
