# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# lib.sh - what the test scripts share; sourced, bash. See test/check.sh for the environment.
# shellcheck shell=bash

: "${FORKTALLY:?run through test/check.sh}" "${WORKLOAD:?}" "${TMPDIR:?}"

ok() { echo "ok - $1"; }
not_ok() { echo "not ok - $1: $2"; }
skip() { echo "skip - $1: $2"; }

# expect NAME EXPECTED GOT: one test, equal or not.
expect()
{
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "expected $2, got $3"; fi
}

# near NAME EXPECTED GOT PERCENT: one test, numbers within PERCENT of the expected.
near()
{
	if awk -v e="$2" -v g="$3" -v p="$4" 'BEGIN {
		if (e !~ /^-?[0-9.]+(e[-+]?[0-9]+)?$/ || g !~ /^-?[0-9.]+(e[-+]?[0-9]+)?$/) exit 1
		d = g - e; if (d < 0) d = -d
		exit !(d <= (e < 0 ? -e : e) * p / 100)
	}'; then
		ok "$1"
	else
		not_ok "$1" "expected $2 within $4 %, got $3"
	fi
}

# field FILE FILTER: one value of a JSON report, "-" where the file is no JSON.
field() { jq -r "$2" "$1" 2>/dev/null || echo -; }

# run_json FILE COMMAND..: forktally run at this script's source level, its report in FILE.
# Errors of forktally go to FILE.err, the command's output to FILE.out.
run_json()
{
	local file=$1
	shift
	"$FORKTALLY" run --source="${FORKTALLY_SOURCE:-proc}" --json -o "$file" -- "$@" \
		>"$file.out" 2>"$file.err" </dev/null
}

# remove_ipc FILE: the SysV objects that a workload named there ("shm 17").
remove_ipc()
{
	awk '$1 == "shm" { print "-m", $2 } $1 == "sem" { print "-s", $2 } $1 == "msg" { print "-q", $2 }' "$1" |
		xargs -r -n 200 ipcrm 2>/dev/null
}
