/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * syscall_name.h - names of the system calls by which a process takes kernel memory, for the
 * architecture this is compiled for.
 */
#ifndef FORKTALLY_SYSCALL_NAME_H
#define FORKTALLY_SYSCALL_NAME_H

/* "" for a number that is not in the table. */
const char *syscall_name(int nr);

#endif
