/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * census_session.h - what all commands that look at a census share: which source takes it, the
 * names of what is in it, what could not be seen and how to get it, how the terminal looks.
 */
#ifndef FORKTALLY_CENSUS_SESSION_H
#define FORKTALLY_CENSUS_SESSION_H

#include <stdbool.h>
#include "cmd/run_options.h"
#include "source/census.h"
#include "source/names.h"
#include "view/census_view.h"

#define CENSUS_NOTES	  6
#define CENSUS_NOTE_BYTES 360

struct census_session {
	struct census_source *source;
	struct names *names;
	const char *refused; /* why source bpf was not taken; NULL: it was, or was not asked */
	char note[CENSUS_NOTES][CENSUS_NOTE_BYTES];
	const char *notes[CENSUS_NOTES];
	size_t note_count;
};

/* Returns 0, or an exit status after it has said what is wrong. */
int census_session_open(enum source_choice choice, struct census_session *ret_session);
void census_session_close(struct census_session *s);

/**
 * census_session_take() - look now.
 * @depth: at most what the source can: what is deeper is unknown then.
 * The notes are of this census. Returns 0, or an exit status after it has said what is wrong.
 */
int census_session_take(struct census_session *s, enum census_depth depth,
			struct census **ret_census);

/* Its strings live as long as the session. */
struct census_names census_session_names(struct census_session *s);

/* What stdout can show. width 0: it is no terminal. */
struct census_screen {
	unsigned width;
	bool colour, utf8;
};
struct census_screen census_screen_look(enum color color);

/* A process id that somebody typed. 0 or -EINVAL. */
int census_pid_parse(const char *word, uint32_t *ret_pid);

#endif
