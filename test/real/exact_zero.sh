#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# exact_zero.sh - the books of a clean loop close to exactly 0: ten runs of 100,000 forks, and for
# every tag no object open, none of it asked about twice, nothing lost. FORKS and RUNS make it shorter.
set -u
. "$(dirname "$0")/../lib.sh"

forks=${FORKS:-100000} runs=${RUNS:-10}
[ "${FORKTALLY_SOURCE:-bpf}" = bpf ] || exit 0
if ! "$FORKTALLY" run --source=bpf -q -o /dev/null -- true 2>"$TMPDIR/why"; then
	echo "skip - exact zero: $(tail -n 1 "$TMPDIR/why")"
	exit 0
fi
for run in $(seq "$runs"); do
	session=$TMPDIR/session.ndjson.zst
	"$FORKTALLY" run --source=bpf --json -o "$TMPDIR/report" --record="$session" -- \
		"$WORKLOAD/clean_fork" "$forks" >/dev/null 2>"$TMPDIR/err"
	status=$?
	open=$(zstd -dcq "$session" | jq -s '[.[] | select(.type == "total" and .pool == "kernel")
		| .charged_count - .returned_count] | add')
	asked=$(zstd -dcq "$session" | jq -s '[.[] | select(.type == "total") | .asked_count] | add')
	said=$(jq -r '[.verdict, .forks, .lost_events] | join(" ")' "$TMPDIR/report")
	if [ "$status" = 0 ] && [ "$open" = 0 ] && [ "$said" = "clean $forks 0" ]; then
		echo "ok - exact zero, run $run: $forks forks, 0 objects open, $asked found by asking"
	else
		echo "not ok - exact zero, run $run: status $status, $open open, verdict forks lost: $said"
	fi
done
