# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: each leaking workload, with one leak in each fork and one in ten, is found: the verdict, the exit status,
# exactly one finding, its cause, where it is, its count per fork within 2 %, the holder, the place in the
# source; with the exact source its bytes per fork within 10 % of what the memory cgroup charges.
# LONG=1 does it with 5,000 forks as well. On source proc bytes are estimates and are only there.
# shellcheck shell=bash
. test/lib.sh
. test/oracle.sh

# The same addresses in all runs: elsewhere a process may need a page table more, or two less.
if [ -z "${SAME_ADDRESSES:-}" ] && setarch -R true 2>/dev/null; then
	SAME_ADDRESSES=1 exec setarch -R bash "$0"
fi

# SysV objects stay when this script is ended early, too.
trap 'for said in "$TMPDIR"/*.json.out; do [ -e "$said" ] && remove_ipc "$said"; done' EXIT
trap 'exit 143' TERM INT

exact=
if [ "$FORKTALLY_SOURCE" = bpf ]; then
	if oracle_open; then
		oracle_close
		exact=1
	else
		skip "bytes per fork against the memory cgroup" "$oracle_why"
	fi
fi

# check PROGRAM FORKS RATE ORACLE: a run, judged. ORACLE is bytes per leak or "".
check()
{
	local program=$1 forks=$2 rate=$3 oracle=$4 name answer report status
	name="$program $forks forks, 1 in $rate"
	report=$TMPDIR/$program.$forks.$rate.json
	answer=$("$WORKLOAD/$program" "$forks" "$rate" --answer)
	run_json "$report" "$WORKLOAD/$program" "$forks" "$rate"
	status=$?
	remove_ipc "$report.out"
	if grep -q '^workload:' "$report.err"; then
		skip "$name" "$(head -n 1 "$report.err")"
		return
	fi
	expect "$name: exit status" 23 "$status"
	expect "$name: verdict" leak "$(field "$report" .verdict)"
	expect "$name: forks" "$forks" "$(field "$report" .forks)"
	expect "$name: one finding, with its cause" "$(jq -r .cause <<<"$answer")" \
		"$(field "$report" '[.findings[].cause] | join(" ")')"
	expect "$name: where" "$(jq -r .where <<<"$answer")" "$(field "$report" '.findings[0].where')"
	near "$name: bytes are there and add up" "$(field "$report" '.findings[0].bytes_per_fork * .forks')" \
		"$(field "$report" '.findings[0].bytes | select(. > 0)')" 2
	if [ "$(jq -r .count_per_fork <<<"$answer")" != null ]; then
		near "$name: count per fork" "$(jq -r .count_per_fork <<<"$answer")" \
			"$(field "$report" '.findings[0].count_per_fork')" 2
	fi
	expect "$name: nothing lost" 0 "$(lost "$report")"
	[ -n "$oracle" ] || return
	near "$name: bytes per fork as the memory cgroup says" \
		"$(jq -n "$oracle * $(jq .leaks <<<"$answer") / $forks")" \
		"$(field "$report" '.findings[0].bytes_per_fork')" 10
}

# The kernel has room for 4,096 shared memory segments; asleep, 2,000 children are enough.
many()
{
	case $1 in
	leak_shm) echo 3001 ;;
	leak_orphan) echo 2000 ;;
	*) echo 5000 ;;
	esac
}

# One program: both rates, and in LONG both sizes.
check_program()
{
	local program=$1 pool oracle='' rate
	pool=$("$WORKLOAD/$program" --answer | jq -r .pool)
	[ -z "$exact" ] || oracle=$(oracle_per_leak "$pool" "$WORKLOAD/$program" 1000)
	for rate in 1 10; do
		check "$program" 200 "$rate" "$oracle"
		[ -z "$LONG" ] || check "$program" "$(many "$program")" "$rate" "$oracle"
	done
}

for program in "$WORKLOAD"/leak_*; do
	check_program "${program##*/}"
done
