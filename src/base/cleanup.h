/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cleanup.h - a variable that releases what it holds when its scope ends, and the explicit
 * hand-over to somebody else.
 */
#ifndef FORKTALLY_CLEANUP_H
#define FORKTALLY_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))

/* Hands a pointer or a file descriptor over: the variable's cleanup then has nothing to do. */
#define no_cleanup_ptr(p)                                                                          \
	({                                                                                         \
		__typeof__(p) handed_ = (p);                                                       \
		(p) = NULL;                                                                        \
		handed_;                                                                           \
	})
#define no_cleanup_fd(fd)                                                                          \
	({                                                                                         \
		int handed_ = (fd);                                                                \
		(fd) = -1;                                                                         \
		handed_;                                                                           \
	})

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_fclose(FILE **f)
{
	if (*f)
		fclose(*f);
}

#define _cleanup_free_	 _cleanup_(cleanup_free)
#define _cleanup_close_	 _cleanup_(cleanup_close)
#define _cleanup_fclose_ _cleanup_(cleanup_fclose)

#endif
