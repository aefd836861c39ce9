# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers, for the exact source: the open kernel charges of 50 children that hold pipes, sockets,
# epoll sets and 200 maps each are within 1 % of the memory cgroup's figure, the one in the report
# and one measured without forktally; a clean loop ends with nothing open, for every tag; no event is
# lost at the highest fork rate, nor in a command that ends at once; what its holder gave back in its exit is
# held, however late it came. LONG=1: ten loops of 100,000 forks, and 60 seconds of forks.
# shellcheck shell=bash
. test/lib.sh
. test/oracle.sh

if [ "$FORKTALLY_SOURCE" != bpf ]; then
	skip "books against the kernel's" "source $FORKTALLY_SOURCE estimates kernel memory"
	exit 0
fi

report=$TMPDIR/hold.json
# The same addresses in both runs: a child may need a page table more elsewhere.
run_json "$report" setarch -R "$WORKLOAD/hold50" 50 4
peak='.books[] | select(.pool == "kernel" and .moment == "highest")'
near "50 holding children: the ledger's sum is the kernel's" \
	"$(field "$report" "$peak | .kernel_bytes")" "$(field "$report" "$peak | .ledger_bytes")" 1
if kernel=$(oracle_hold kernel setarch -R "$WORKLOAD/hold50" 50 1); then
	near "50 holding children: the kernel's sum is the one measured without forktally" \
		"$kernel" "$(field "$report" "$peak | .kernel_bytes")" 1
else
	skip "50 holding children, measured without forktally" "$oracle_why"
fi

loops=1 forks=5000 seconds=5
[ -n "$LONG" ] && loops=10 forks=100000 seconds=60
for ((i = 1; i <= loops; i++)); do
	report=$TMPDIR/loop.json
	run_json "$report" "$WORKLOAD/clean_fork" $forks
	expect "clean loop $i of $loops, $forks forks: verdict" clean "$(field "$report" .verdict)"
	expect "clean loop $i of $loops, $forks forks: nothing open, of any tag" "" \
		"$(field "$report" '[.tags[] | select(.live_bytes != 0) | "\(.tag) \(.live_bytes)"] | join(", ")')"
	expect "clean loop $i of $loops, $forks forks: tags were counted" true \
		"$(field "$report" "[.tags[] | select(.charged_count >= $forks)] | length >= 5")"
done

report=$TMPDIR/fast.json
run_json "$report" "$WORKLOAD/fork_fast" $seconds
expect "highest fork rate, $seconds s: nothing lost" 0 "$(lost "$report")"
expect "highest fork rate, $seconds s: verdict" clean "$(field "$report" .verdict)"
expect "highest fork rate, $seconds s: every fork counted" "$(cat "$report.out")" "$(field "$report" .forks)"

# What a short command wrote waits in its caller's pipe: it ended long before it could be looked at.
report=$TMPDIR/short.json
for ((i = 1; i <= 5; i++)); do
	"$FORKTALLY" run --source=bpf --json -o "$report" -- /bin/echo "$i" | { sleep 1.5; cat >/dev/null; }
	expect "short command $i: nothing lost" 0 "$(lost "$report")"
	expect "short command $i: verdict" clean "$(field "$report" .verdict)"
done

# The kernel gives inodes back some time after their sockets, partly unseen: by then the run is over.
report=$TMPDIR/late.json
"$FORKTALLY" run --source=bpf --settle=1ms --json -o "$report" -- "$WORKLOAD/leak_socketpair" 5000
inodes='.findings[] | select(.cause == "fd.socket.unix") | .tags[] | select(.tag == "sock_inode_cache") | .count'
expect "given back too late to be seen: held all the same" 10000 "$(field "$report" "$inodes")"
