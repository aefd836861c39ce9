# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: stress-ng's fork, vfork and clone stressors, a bounded number of operations each. The clone
# stressor by itself waits for nobody before it has 8,192 children: that would rightly be a leak in a
# run of 4,000, so it is told to have 32.
# shellcheck shell=bash
. test/lib.sh

need "stress-ng" stress-ng || exit 0

for kind in fork vfork clone; do
	report=$TMPDIR/$kind.json
	run_json "$report" stress-ng --quiet --temp-path "$TMPDIR" --$kind 2 --$kind-ops 4000 --$kind-max 32 --timeout 120
	expect_clean "stress-ng --$kind" "$report" $? 0 2000
done
