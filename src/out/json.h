/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * json.h - the report that a program reads. doc/report.md describes every field,
 * doc/report.schema.json is the same for a validator.
 *
 * Unknown is null, never 0. Keys always stand in the same order. Bytes of names that are
 * not UTF-8 are written as \xNN (four characters), so the result is always valid JSON.
 */
#ifndef FORKTALLY_JSON_H
#define FORKTALLY_JSON_H

#include <stdio.h>
#include "view/view.h"

/* Grows by one when a field changes its meaning or goes; new fields do not change it. */
#define JSON_SCHEMA_VERSION 1

/**
 * json_write() - print the report as one JSON object and a newline, and flush.
 * Errors: 0; -ENOMEM, nothing written; -errno of the write or the flush; -EIO where the
 *         C library does not say why.
 */
int json_write(FILE *f, const struct view *view);

#endif
