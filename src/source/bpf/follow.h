/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * follow.h - the maps of follow.bpf.c, for kernel programs that look at those who are followed and
 * put records of their own into the same ring.
 */
#ifndef FORKTALLY_BPF_FOLLOW_H
#define FORKTALLY_BPF_FOLLOW_H

#include "source/follow.h"

int follow_processes_fd(const struct follow *f); /* key: address of the signal_struct */
int follow_records_fd(const struct follow *f);

#endif
