/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * quantity.h - numbers as a person reads them: 1.5 KiB, 12,345, 1 in 10.
 *
 * Marks: ">=" a lower bound, "~" an estimate, "?" unknown. Only integers are printed, so
 * no locale changes the result. Each function fills and returns its buffer.
 */
#ifndef FORKTALLY_QUANTITY_H
#define FORKTALLY_QUANTITY_H

#include <stdint.h>
#include "event/amount.h"

#define QUANTITY_BYTES 40 /* room for the longest result */

/* 1234567 -> "1,234,567" */
char *quantity_count(char buf[QUANTITY_BYTES], uint64_t n);

/* Below 1 KiB exact: "512 B"; else one decimal: "1.5 KiB". Negative with "-". */
char *quantity_bytes(char buf[QUANTITY_BYTES], int64_t bytes);

/* "5.8 s", "12 min 3 s", "1 d 4 h": two units at most. */
char *quantity_seconds(char buf[QUANTITY_BYTES], double seconds);

/* quantity_bytes() with its mark. */
char *quantity_amount(char buf[QUANTITY_BYTES], struct amount a);

/* As narrow as can be, for columns: "512", "1.5K", "123M", "~12.3G". */
char *quantity_short(char buf[QUANTITY_BYTES], struct amount a);

/* Every byte without a unit, with its mark: "~1,044,800". */
char *quantity_digits(char buf[QUANTITY_BYTES], struct amount a);

/* Every byte, with its mark: "~1,044,800 B". */
char *quantity_exact(char buf[QUANTITY_BYTES], struct amount a);

/* As many decimals as tell something: "1", "1.98", "0.1", "0.004"; "?" when not finite. */
char *quantity_rate(char buf[QUANTITY_BYTES], double rate);

/* part of whole: "0.1 %", "<0.1 %", "12 %", ">1,000 %"; "?" when whole is 0. */
char *quantity_percent(char buf[QUANTITY_BYTES], int64_t part, int64_t whole);

/* N where rate is about 1 in N and N is 2 or more; else 0. */
uint64_t quantity_one_in(double rate);

#endif
