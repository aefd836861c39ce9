# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: programs that only look as if they leaked (pools, rings, caches that fill, saw teeth,
# daemons, late or no waiting) are called clean, with nothing lost and exit status 0.
# LONG=1: the empty fork loop with 100,000 as well. (leak.sh then has look-alikes with 5,000.)
# shellcheck shell=bash
. test/lib.sh

check() # PROGRAM FORKS
{
	local name="$1 $2 forks" report=$TMPDIR/$1.$2.json status
	run_json "$report" "$WORKLOAD/$1" "$2"
	status=$?
	[ "$status" != 77 ] || { skip "$name" "$(grep '^workload:' "$report.err" "$report.out" -h | tail -n 1)"; return; }
	expect "$name: exit status" 0 "$status"
	expect "$name: verdict" clean "$(field "$report" .verdict)"
	expect "$name: no finding" "" "$(field "$report" '[.findings[].cause] | join(" ")')"
	expect "$name: nothing lost" 0 "$(lost "$report")"
	expect "$name: forks" "$2" "$(field "$report" .forks)"
	expect "$name: exits, with the program itself" "$(($2 + 1))" "$(field "$report" .exits)"
	expect "$name: nobody alive" 0 "$(field "$report" .alive)"
}

for program in "$WORKLOAD"/clean_* "$WORKLOAD"/hold50; do
	program=${program##*/}
	case $program in
	hold50) check hold50 50 ;;
	*) check "$program" 200 ;;
	esac
done
if [ -n "$LONG" ]; then
	check clean_fork 100000
fi
