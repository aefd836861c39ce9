# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: all of test/fuzz for a minute of wall time: no crash, no leak, no hang under ASan and UBSan.
# shellcheck shell=bash
. test/lib.sh

test/fuzz/run.sh 60
