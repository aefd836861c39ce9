# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: stress-ng's fork, vfork and clone stressors, a bounded number of operations each. Fork and
# vfork are clean. Clone is not in every release: with a child whose exit signal is SIGCHLD its wait
# for __WCLONE fails, and the child stays a zombie until the stressor ends. So /proc is asked first,
# without forktally, how many zombies there are at most, and forktally has to say the same.
# shellcheck shell=bash
. test/lib.sh

need "stress-ng" stress-ng || exit 0

stress() { echo stress-ng --quiet --temp-path "$TMPDIR" "--$1" 2 "--$1-ops" 4000 "--$1-max" 32 --timeout 120; }

for kind in fork vfork; do
	report=$TMPDIR/$kind.json
	# shellcheck disable=SC2046
	run_json "$report" $(stress $kind)
	expect_clean "stress-ng --$kind" "$report" $? 0 2000
done

# shellcheck disable=SC2046
$(stress clone) &
stressor=$!
most=0
while kill -0 $stressor 2>/dev/null; do
	now=$(grep -lsE '^[0-9]+ \(stress-ng-clone\) Z' /proc/[0-9]*/stat | wc -l)
	[ "$now" -le "$most" ] || most=$now
	sleep 0.05
done
wait $stressor

report=$TMPDIR/clone.json
# shellcheck disable=SC2046
run_json "$report" $(stress clone)
status=$?
if [ "$most" -lt 100 ]; then
	expect_clean "stress-ng --clone" "$report" $status 0 2000
else
	expect "stress-ng --clone: exit status" 23 $status
	expect "stress-ng --clone: nothing but zombies" zombie \
		"$(field "$report" '[.findings[].cause] | unique | join(" ")')"
	near "stress-ng --clone: zombies, as many as /proc has without forktally" "$most" \
		"$(field "$report" '[.findings[].count] | add')" 5
	expect "stress-ng --clone: nothing lost" 0 "$(lost "$report")"
fi
