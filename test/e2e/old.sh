# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers, for the exact source: its programs for old kernels (src/bpf/exact_old.bpf.c), asked for by
# FORKTALLY_OLD_BPF on whatever kernel runs here. Four loops of forks on all processors at once end
# with nothing open and nothing lost; a leak costs what the usual programs say.
# shellcheck shell=bash
. test/lib.sh

if [ "$FORKTALLY_SOURCE" != bpf ]; then
	skip "programs for old kernels" "source $FORKTALLY_SOURCE has none"
	exit 0
fi

run_json "$TMPDIR/new.json" "$WORKLOAD/leak_pipe" 200
export FORKTALLY_OLD_BPF=1
run_json "$TMPDIR/old.json" "$WORKLOAD/leak_pipe" 200
expect "leaks: cause, count and bytes are the same" \
	"$(field "$TMPDIR/new.json" '.findings[] | "\(.cause) \(.count) \(.bytes)"')" \
	"$(field "$TMPDIR/old.json" '.findings[] | "\(.cause) \(.count) \(.bytes)"')"

report=$TMPDIR/loops.json
# shellcheck disable=SC2016
run_json "$report" sh -c 'for i in 1 2 3 4; do "$0" 3000 & done; wait' "$WORKLOAD/clean_fork"
expect "four loops at once: verdict" clean "$(field "$report" .verdict)"
expect "four loops at once: forks" 12004 "$(field "$report" .forks)"
expect "four loops at once: nothing lost" 0 "$(lost "$report")"
expect "four loops at once: nothing open, of any tag" "" \
	"$(field "$report" '[.tags[] | select(.live_bytes != 0) | "\(.tag) \(.live_bytes)"] | join(", ")')"
