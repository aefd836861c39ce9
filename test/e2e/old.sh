# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers, for the exact source: its programs for old kernels (src/bpf/exact_old.bpf.c, walk_old.bpf.c), asked
# for by FORKTALLY_OLD_BPF on whatever kernel runs here. Four loops of forks on all processors at once end
# with nothing open and nothing lost; a leak costs what the usual programs say, and who holds what at the
# end is found as they find it.
# shellcheck shell=bash
. test/lib.sh

if [ "$FORKTALLY_SOURCE" != bpf ]; then
	skip "programs for old kernels" "source $FORKTALLY_SOURCE has none"
	exit 0
fi

# Without randomised addresses: a process has a page table more or less by where its stack lies.
# Held in a live process, by a grandchild after the end, by a name.
for program in leak_pipe leak_inherited leak_key; do
	run_json "$TMPDIR/new.json" setarch -R "$WORKLOAD/$program" 200
	FORKTALLY_OLD_BPF=1 run_json "$TMPDIR/old.json" setarch -R "$WORKLOAD/$program" 200
	cat "$TMPDIR/new.json.out" "$TMPDIR/old.json.out" | "$WORKLOAD/sweep" >/dev/null
	what='.findings[] | "\(.cause) \(.where) \(.count) \(.bytes) \(.holder.comm)"'
	expect "$program: cause, where, count, bytes and holder are the same" \
		"$(field "$TMPDIR/new.json" "$what")" "$(field "$TMPDIR/old.json" "$what")"
done
export FORKTALLY_OLD_BPF=1

report=$TMPDIR/loops.json
# shellcheck disable=SC2016
run_json "$report" sh -c 'for i in 1 2 3 4; do "$0" 3000 & done; wait' "$WORKLOAD/clean_fork"
expect "four loops at once: verdict" clean "$(field "$report" .verdict)"
expect "four loops at once: forks" 12004 "$(field "$report" .forks)"
expect "four loops at once: nothing lost" 0 "$(lost "$report")"
expect "four loops at once: nothing open, of any tag" "" \
	"$(field "$report" '[.tags[] | select(.live_bytes != 0) | "\(.tag) \(.live_bytes)"] | join(", ")')"
