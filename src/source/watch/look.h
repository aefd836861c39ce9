/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * look.h - the parts of the sampler, private to src/source/watch:
 *   sampler.c  the looks, one after the other, and the end
 *   member.c   who is watched, and who forked whom
 *   tell.c     the events
 *   watched.c  one process
 */
#ifndef FORKTALLY_WATCH_LOOK_H
#define FORKTALLY_WATCH_LOOK_H

#include "source/watch/sampler.h"
#include "source/watch/watched.h"

struct sampler {
	struct sampler_options options;
	struct watched **member; /* by tgid, rising */
	size_t count;
	struct watched **next; /* of the look that goes on; who is gone is in `member` only */
	size_t next_count;
	uint64_t looks, forks, exits;
	uint64_t time_ns, prev_ns; /* of this look and the one before */
	uint64_t machine_first;	   /* forks of the machine at the first look */
	uint64_t machine_last;
	uint64_t cut;		  /* members that fork, and not all they hold could be read */
	bool missing;		  /* some processes could not be seen */
	bool outside;		  /* it is of a pid namespace */
	enum event_source source; /* of the census */
	bool tag_told[WATCHED_TAGS];
	int err; /* the first one of emit: nothing is told after it */
};

struct look {
	struct sampler *s;
	const struct census *c;
	const struct follow_process *follow;
	size_t follow_count;
	unsigned char *watched; /* of each process of the census: 0 not known yet, 1 no, 2 yes */
};

/* member.c */

/* The members of this look: those that go on, and fresh ones. 0 or -ENOMEM. */
int look_gather(struct look *l);
/* Without memory nothing was told yet: fresh ones are forgotten. */
void look_undo(struct sampler *s);
struct watched *member_find(struct watched *const *at, size_t count, uint32_t tgid);
const struct follow_process *look_follow(const struct look *l, struct account_id id);
/* Who forked it; NULL: nobody that is watched, or that can be told. */
struct watched *look_forker(const struct look *l, const struct watched *w);

/* tell.c: each emits, and nothing once s->err is set. */

void tell_session(struct sampler *s);
void tell_fork(struct sampler *s, const struct watched *w, const struct watched *parent,
	       bool before);
void tell_exec(struct sampler *s, const struct watched *w);
/* All levels as what is counted from, with a LOOK: of @at_ns. */
void tell_base(struct sampler *s, const struct watched *w, const struct watched_level *levels,
	       uint64_t forks, uint64_t at_ns);
void tell_look(struct sampler *s, const struct watched *w, uint64_t forks, int64_t bytes);
void tell_level(struct sampler *s, const struct watched *w, unsigned tag,
		const struct watched_level *level, uint32_t flags);
void tell_exit(struct sampler *s, struct watched *w, int32_t status);
void tell_gone(struct sampler *s, struct watched *w);
void tell_alive(struct sampler *s, const struct watched *w);
void tell_loss(struct sampler *s, uint64_t count, const char *text);
void tell_blind(struct sampler *s, const char *text);
void tell_end(struct sampler *s, int interrupted, uint64_t alive);

#endif
