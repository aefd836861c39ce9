# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: GNU parallel, two jobs at a time.
# shellcheck shell=bash
. test/lib.sh

need "parallel" parallel || exit 0

report=$TMPDIR/parallel.json
export PARALLEL_HOME=$TMPDIR
run_json "$report" bash -c '
	end=$((SECONDS + DRIVE_SECONDS))
	while [ $SECONDS -lt $end ]; do seq 100 | parallel --will-cite -j 2 true || exit 1; done'
expect_clean "parallel" "$report" $? 0 $((10 * DRIVE_SECONDS))
