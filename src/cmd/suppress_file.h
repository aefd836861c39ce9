/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* suppress_file.h - the files that --suppress names. */
#ifndef FORKTALLY_SUPPRESS_FILE_H
#define FORKTALLY_SUPPRESS_FILE_H

#include "cmd/options.h"

struct suppressions;

/**
 * suppress_files_read() - read all of them into one list.
 * @ret_list: NULL where no file is named.
 * Returns 0, or an exit status after it has said which line of which file is wrong.
 */
int suppress_files_read(const struct option_texts *paths, struct suppressions **ret_list);

#endif
