/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* iterate.h - runs an iterator program over all that it is for. */
#ifndef FORKTALLY_BPF_ITERATE_H
#define FORKTALLY_BPF_ITERATE_H

struct bpf_program;

/**
 * iterate() - run a loaded iterator program from its first object to its last.
 * @after_page: called after each page of what it writes, and at the end. May be NULL.
 * Errors: -errno, also of an iteration that broke off: not all objects were seen then.
 */
int iterate(const struct bpf_program *program, void (*after_page)(void *ctx), void *ctx);

#endif
