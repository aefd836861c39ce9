#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# corpus.sh - every leaking program of test/workload under forktally, with what the kernel itself says
# beside it, and every clean look-alike; `make corpus`. Status 1 when something is not as expected.
#
# usage: BUILD=build test/corpus.sh [OPTION..] [PROGRAM..]   all programs, or these
#   --n N          forks of each program (100)
#   --rate R       one leak in R forks (1); programs with leaks at several rates are left out then
#   --source NAME  bpf (default) or proc: the causes that it can show
#   --json         an array of results instead of the table
#   --tap          `ok - name` lines, as a test script
#   --oracle       ask only the kernel: is each program's leak what test/corpus.tab says?
#
# Table: the cause; the program; what was found; its number per fork, and the expected; bytes per fork,
# and those of the memory cgroup (private memory: smaps) from runs without forktally; what is wrong.
# What the kernel said is kept in BUILD/oracle until the program or the kernel is another.
set -u
# The same addresses in all runs: elsewhere a process may need a page table more, or two less.
if [ -z "${SAME_ADDRESSES:-}" ] && setarch -R true 2>/dev/null; then
	SAME_ADDRESSES=1 exec setarch -R "$0" "$@"
fi
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C
BUILD=$(readlink -f "${BUILD:-build}")
export FORKTALLY=${FORKTALLY:-$BUILD/forktally} WORKLOAD=${WORKLOAD:-$BUILD/workload}
forks=100 rate=1 source=${FORKTALLY_SOURCE:-bpf} face=table only=''
usage() { sed -n 's/^# //p; /^set -u/q' "$0" | sed 1d >&2; }
while [ $# -gt 0 ]; do
	case $1 in
	--n) forks=$2 && shift ;;
	--rate) rate=$2 && shift ;;
	--source) source=$2 && shift ;;
	--json) face=json ;;
	--tap) face=tap ;;
	--oracle) only=oracle ;;
	-*) usage && exit 2 ;;
	*) break ;;
	esac
	shift
done
scratch=$(mktemp -d "${TMPDIR:-/tmp}/corpus.XXXXXX") || exit 1
export TMPDIR=$scratch
report=$scratch/none
# What a run that was ended early has left behind goes, too.
trap '[ ! -e "$report.out" ] || "$WORKLOAD/sweep" <"$report.out"; rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
# shellcheck source=test/oracle.sh
. test/oracle.sh
# shellcheck source=test/count.sh
. test/count.sh

# One row of JSON for each line of the table.
table=$(awk '!/^#/ && NF { printf "{\"slug\":\"%s\",\"program\":\"%s\",\"where\":\"%s\",\"count\":\"%s\",\"pool\":\"%s\"," \
	"\"holder\":\"%s\",\"function\":\"%s\",\"sources\":\"%s\",\"limit\":\"%s\"}\n", $1, $2, $3, $4, $5, $6, $7, $8, $9 }' \
	test/corpus.tab | jq -s .)
rows() { jq -c --arg p "$1" 'map(select(.program == $p))' <<<"$table"; }

apart=()
oracle_works=''
if [ "$(id -u)" = 0 ]; then
	apart=(test/apart.sh)
	oracle_open && oracle_close && oracle_works=1
fi

# oracle PROGRAM ROWS: {bytes, counts} of one leak as JSON, or null.
oracle()
{
	local program=$1 rows=$2 kept=$BUILD/oracle/$1 leaks pool key numbers
	if [ -z "$oracle_works" ] || { [ "$source" != bpf ] && [ -z "$only" ]; }; then
		echo null
		return
	fi
	leaks=$(jq '[.[].limit | tonumber? // 1000] + [1000] | min' <<<"$rows")
	pool=$(jq -r '.[0].pool | rtrimstr("*")' <<<"$rows")
	oracle_things=$(jq -r '.[] | "\(.slug)/\(if (.holder | length) == 1 then .program[0:15] else .holder end)"' \
		<<<"$rows" | paste -sd ' ')
	key="$(uname -r) $leaks $pool $oracle_things"
	if [ "$kept" -ot "$WORKLOAD/$program" ] || [ "$kept" -ot test/oracle.sh ] || ! grep -qF "$key" "$kept" 2>/dev/null; then
		mkdir -p "$BUILD/oracle"
		numbers=$(oracle_per_leak "$pool" "$WORKLOAD/$program" "$leaks" 2>"$TMPDIR/oracle.err") || {
			echo null
			return
		}
		jq -n --arg n "$numbers" --arg key "$key" \
			'$n | split(" ") | map(tonumber?) | {bytes: .[0], counts: .[1:], key: $key}' >"$kept"
	fi
	cat "$kept"
}

# run PROGRAM RATE: its report in $report, the status in $status.
run()
{
	report=$TMPDIR/$1.json
	"${apart[@]}" "$FORKTALLY" run --source="$source" --json -o "$report" -- "$WORKLOAD/$1" "$forks" "$2" \
		>"$report.out" 2>"$report.err" </dev/null
	status=$?
	"$WORKLOAD/sweep" <"$report.out" && rm "$report.out"
}

show()
{
	case $face in
	json) : ;;
	tap) jq -r '.[] | .name = "\(.program) \(.forks) forks, 1 in \(.rate): \(.slug)" |
		if .skip then "skip - \(.name): \(.skip)" elif .why == [] then "ok - \(.name)"
		else "not ok - \(.name): \(.why | join("; "))" end' ;;
	table) jq -r 'def n: if . == null then "-" else . * 1000 | round / 1000 | tostring end;
		.[] | [.slug, .program, (if .found == "" then "-" else .found // "-" end),
		(.count | n), (.count_expected | n), (.bytes | if . then round else . end | n),
		(.bytes_expected | if . then round else . end | n),
		(if .skip then "skipped: \(.skip)" elif .why == [] then "ok" else "NOT OK: \(.why | join("; "))" end)] | @tsv' |
		awk -F '\t' '{ printf "%-17s %-21s %-17.17s %8s %8s %9s %9s  %s\n", $1, $2, $3, $4, $5, $6, $7, $8; fflush() }' ;;
	esac
}

# check PROGRAM: run and judge it; results are added to the file of all results.
check()
{
	local program=$1 rows limit every=$rate measured result
	rows=$(rows "$program")
	[ "$(jq --arg s "$source" 'all(.sources | split(",") | index($s) != null)' <<<"$rows")" = true ] || return
	[ "$rate" = 1 ] || [ "$(jq length <<<"$rows")" -le 1 ] || return
	limit=$(jq '[.[].limit | tonumber?] | min // 1000000' <<<"$rows")
	[ $((forks / every)) -le "$limit" ] || every=$(((forks + limit - 1) / limit))
	measured=null
	[ "$rows" = '[]' ] || measured=$(oracle "$program" "$rows")
	if [ -n "$only" ]; then
		result=$(jq -n --argjson rows "$rows" --argjson o "$measured" --arg p "$program" '$rows | to_entries | map(
			(.value.count | split("/") | map(tonumber?) | (.[0] // 0) / (.[1] // 1)) as $c |
			{slug: .value.slug, program: $p, count_expected: $c, count: $o.counts[.key], bytes_expected: $o.bytes,
			why: (if $o == null then ["the kernel was not asked"] elif .value.count == "-" then [] elif ($o.counts[.key] - $c) | fabs > $c * 0.02
			then ["\($o.counts[.key]) by /proc"] else [] end)})')
	else
		run "$program" "$every"
		jq -e . "$report" >/dev/null 2>&1 || echo null >"$report"
		if grep -q '^workload:' "$report.err"; then
			result=$(jq -n --argjson rows "$rows" --arg p "$program" --arg why "$(grep -m 1 '^workload:' "$report.err")" \
				--argjson n "$forks" --argjson r "$every" '$rows | map({slug, program: $p, forks: $n, rate: $r, skip: $why})')
		else
			result=$(jq --argjson rows "$rows" --argjson oracle "$measured" \
				--argjson run "{\"program\":\"$program\",\"forks\":$forks,\"rate\":$every,\"source\":\"$source\",\"status\":$status}" \
				-f test/corpus.jq "$report")
		fi
	fi
	show <<<"$result"
	echo "$result" >>"$TMPDIR/results"
}

if [ $# = 0 ]; then
	# shellcheck disable=SC2046
	set -- $(jq -r '[.[].program] | reduce .[] as $p ([]; if index($p) then . else . + [$p] end) | .[]' <<<"$table")
	[ -n "$only" ] || for program in "$WORKLOAD"/clean_*; do set -- "$@" "${program##*/}"; done
fi
[ $face != table ] ||
	printf '%-17s %-21s %-17s %8s %8s %9s %9s\n' slug program found each expected bytes kernel
: >"$TMPDIR/results"
for program; do check "$program"; done
[ $face != json ] || jq -s add "$TMPDIR/results"
wrong=$(jq -s 'add // [] | map(select(.skip | not) | select(.why != [])) | length' "$TMPDIR/results")
all=$(jq -s 'add // [] | length' "$TMPDIR/results")
[ $face != table ] || echo "$all results, $wrong not as expected"
[ "$wrong" = 0 ] && [ "$all" != 0 ]
