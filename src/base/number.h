/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * number.h - numbers that people type: the whole text must be one, no sign, no blanks, no
 * wrap-around. Pure.
 */
#ifndef FORKTALLY_NUMBER_H
#define FORKTALLY_NUMBER_H

#include <stdint.h>

/**
 * number_parse() - a decimal whole number, with K, M or G behind it for 1024, 1024^2, 1024^3.
 * Errors: -EINVAL it is no such number; -ERANGE it is outside [min, max].
 */
int number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *ret_number);

/**
 * number_parse_duration() - a time span: digits, perhaps a fraction, then one of
 * ns us ms s m h d. No unit means seconds, as in sleep(1) and timeout(1).
 * Units:  nanoseconds; what is finer than one is cut off.
 * Errors: -EINVAL it is no time span; -ERANGE it does not fit into 63 bits.
 */
int number_parse_duration(const char *text, uint64_t *ret_ns);

#endif
