/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* sarif_place.h - where a finding is: locations, stacks and URIs for sarif.c. */
#ifndef FORKTALLY_SARIF_PLACE_H
#define FORKTALLY_SARIF_PLACE_H

#include <jansson.h>
#include "view/view.h"

/* All of these return NULL when out of memory. @root: as in sarif.h. */

/* Any bytes as a string. */
json_t *sarif_text(const char *text);

/*
 * The line of the program that took it; where no line is known, the file that holds the code.
 * Always has a URI: GitHub refuses a whole log for one location without.
 */
json_t *sarif_location(const struct view *v, const struct view_finding *f, const char *root);

json_t *sarif_stack(const struct view_finding *f, const char *root);

#endif
