/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * registry.h - which sources of facts about live programs there are, best first.
 */
#ifndef FORKTALLY_REGISTRY_H
#define FORKTALLY_REGISTRY_H

#include "source/source.h"

/* The source of that name, or NULL. */
const struct source_ops *source_by_name(const char *name);

#endif
