# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: stress-ng's fork, vfork, exec, daemon, zombie and clone stressors, a bounded number of
# operations each. All but the last are clean. Clone is not in every release (0.15.06 of Debian 12): it waits with __WCLONE for
# children whose exit signal is SIGCHLD, which fails, so they stay zombies until the stressor
# ends; and the descriptors of CLONE_PIDFD are never closed. So /proc is read during the same run,
# and forktally has to say what it shows.
# shellcheck shell=bash
. test/lib.sh

need "stress-ng" stress-ng || exit 0

stress() { echo stress-ng --quiet --temp-path "$TMPDIR" "--$1" 2 "--$1-ops" 4000 "--$1-max" 32 --timeout 120; }

for kind in fork vfork zombie; do
	report=$TMPDIR/$kind.json
	# shellcheck disable=SC2046
	run_json "$report" $(stress $kind)
	expect_clean "stress-ng --$kind" "$report" $? 0 2000
done

as=()
[ "$(id -u)" = 0 ] && as=(setpriv --reuid=65534 --regid=65534 --clear-groups) # it refuses to run as root
report=$TMPDIR/exec.json
run_json "$report" "${as[@]}" stress-ng --quiet --temp-path "$TMPDIR" --exec 2 --exec-ops 800 --exec-max 32 --timeout 120
expect_clean "stress-ng --exec" "$report" $? 0 500

report=$TMPDIR/daemon.json
run_json "$report" stress-ng --quiet --temp-path "$TMPDIR" --daemon 2 --daemon-ops 2000 --timeout 120
expect_clean "stress-ng --daemon" "$report" $? 0 2000

# Until the file STOP is there: of each parent the most zombies and pidfds at one time, and the sums.
watch_proc() # STOP
{
	local -A zombies=() pidfds=() now
	local pid n sum_zombies=0 sum_pidfds=0
	while [ ! -e "$1" ]; do
		now=()
		while read -r pid; do
			now[$pid]=$((${now[$pid]:-0} + 1))
		done < <(cat /proc/[0-9]*/stat 2>/dev/null | sed -n 's/^[0-9]* (stress-ng-clone) Z \([0-9]*\) .*/\1/p')
		for pid in "${!now[@]}"; do
			# not forktally, which gets those of a parent that has ended
			[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = stress-ng-clone ] || continue
			[ "${now[$pid]}" -gt "${zombies[$pid]:-0}" ] && zombies[$pid]=${now[$pid]}
			n=$(find "/proc/$pid/fd" -lname '*pidfd*' 2>/dev/null | wc -l)
			[ "$n" -gt "${pidfds[$pid]:-0}" ] && pidfds[$pid]=$n
		done
		sleep 0.05
	done
	for pid in "${!zombies[@]}"; do
		sum_zombies=$((sum_zombies + zombies[$pid])) sum_pidfds=$((sum_pidfds + ${pidfds[$pid]:-0}))
	done
	echo "$sum_zombies $sum_pidfds"
}

report=$TMPDIR/clone.json
watch_proc "$TMPDIR/stop" >"$TMPDIR/proc" &
watcher=$!
# shellcheck disable=SC2046
run_json "$report" $(stress clone)
status=$?
touch "$TMPDIR/stop"
wait $watcher
read -r zombies pidfds <"$TMPDIR/proc"
if [ "$zombies" -lt 100 ] && [ "$pidfds" -lt 100 ]; then
	expect_clean "stress-ng --clone" "$report" $status 0 2000
	exit 0
fi
expect "stress-ng --clone: exit status" 23 $status
expect "stress-ng --clone: nothing but zombies and descriptors" "" \
	"$(field "$report" '[.findings[].cause] | unique - ["zombie", "fd.other", "fd.pidfd"] | join(" ")')"
# Children made with CLONE_UNTRACED cannot be followed by source proc, which has to say so.
unseen=0
if [ "$FORKTALLY_SOURCE" = proc ]; then
	unseen=$(field "$report" '[.losses[] | select(.kind == "tree").count] | add // 0')
	expect "stress-ng --clone: nothing else lost" "$unseen" "$(field "$report" .lost_events)"
else
	expect "stress-ng --clone: nothing lost" 0 "$(lost "$report")"
fi
near "stress-ng --clone: as many zombies as /proc shows ($zombies)" "$zombies" \
	"$(field "$report" "[.findings[] | select(.cause == \"zombie\").count] | add + $unseen")" 5
found=$(field "$report" '[.findings[] | select(.cause != "zombie").count] | add // 0')
if [ "$found" -le $((pidfds + pidfds / 20 + 20)) ]; then
	ok "stress-ng --clone: $found descriptors, no more than /proc shows ($pidfds)"
else
	not_ok "stress-ng --clone: descriptors" "$found, and /proc shows $pidfds"
fi
