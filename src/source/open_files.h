/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * open_files.h - reads what one process has open, and who is at the other end.
 *
 * It looks and changes nothing; for a moment it shares a pipe's descriptor (pidfd_getfd(2)) to ask
 * how much waits in it.
 */
#ifndef FORKTALLY_OPEN_FILES_H
#define FORKTALLY_OPEN_FILES_H

#include "census/file.h"

/**
 * open_files_read() - all of a process.
 * @files: to be freed by open_files_done() in any case. files->err: it may not be read.
 * Errors: -ESRCH it is gone; -ENOMEM.
 */
int open_files_read(uint32_t pid, struct census_files *ret_files);
void open_files_done(struct census_files *files);

#endif
