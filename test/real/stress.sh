# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: stress-ng's fork, vfork and clone stressors, a bounded number of operations each.
# shellcheck shell=bash
. test/lib.sh

need "stress-ng" stress-ng || exit 0

for kind in fork vfork clone; do
	report=$TMPDIR/$kind.json
	run_json "$report" stress-ng --quiet --temp-path "$TMPDIR" --$kind 2 --$kind-ops 4000 --timeout 120
	expect_clean "stress-ng --$kind" "$report" $? 0 2000
done
