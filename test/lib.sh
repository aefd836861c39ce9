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

# lost FILE: 0, or how many events were lost and which.
lost() { field "$1" 'if .lost_events == 0 then 0 else "\(.lost_events) \(.losses)" end'; }

# run_json FILE COMMAND..: forktally run at this script's source level, its report in FILE.
# Errors of forktally go to FILE.err, the command's output to FILE.out.
run_json()
{
	local file=$1
	shift
	"$FORKTALLY" run --source="${FORKTALLY_SOURCE:-proc}" --json -o "$file" -- "$@" \
		>"$file.out" 2>"$file.err" </dev/null
}

# serve FILE COMMAND..: run_json of a server in the background; its clients follow, then end_server.
serve()
{
	run_json "$@" &
	watcher=$!
}

# server_pid: of the command that serve started, not of forktally.
server_pid() { pgrep -o -P "$(pgrep -o -P "$watcher" -x forktally)"; }

# drive NAME COMMAND..: again and again for $DRIVE_SECONDS; $driven is how often it succeeded. A slow
# machine gets six times as long for as many times as there are seconds.
drive()
{
	local name=$1 start=$SECONDS
	shift
	driven=0
	while [ $((SECONDS - start)) -lt "$DRIVE_SECONDS" ] ||
		{ [ $driven -lt "$DRIVE_SECONDS" ] && [ $((SECONDS - start)) -lt $((6 * DRIVE_SECONDS)) ]; }; do
		"$@" >/dev/null 2>&1 </dev/null && driven=$((driven + 1))
	done
	if [ $driven -ge "$DRIVE_SECONDS" ]; then
		ok "$name: driven $driven times"
	else
		not_ok "$name: driven" "$driven times: $(tail -n 2 "$report.err" "$report.out" | tr '\n' ' ')"
	fi
}
export DRIVE_SECONDS=${DRIVE_SECONDS:-10}

# need NAME PACKAGE..: real programs; installs them, or skips NAME and fails.
need()
{
	local name=$1 why
	shift
	why=$(script/deps.sh "$@" 2>&1) && return
	skip "$name" "$(echo "$why" | tail -n 1)"
	return 1
}

# need_root NAME WHY: or skips NAME and fails.
need_root()
{
	[ "$(id -u)" = 0 ] && return
	skip "$1" "$2"
	return 1
}

# expect_clean NAME REPORT STATUS EXPECTED_STATUS MIN_FORKS: a finished run of a program without a leak.
expect_clean()
{
	local name=$1 report=$2 forks
	expect "$name: exit status" "$4" "$3"
	expect "$name: verdict" clean "$(field "$report" .verdict)"
	expect "$name: no finding" "" \
		"$(field "$report" '[.findings[] | "\(.cause) \(.bytes_per_fork) B/fork"] | join(", ")')"
	expect "$name: nothing lost" 0 "$(lost "$report")"
	forks=$(field "$report" .forks)
	if [ "$forks" -ge "$5" ] 2>/dev/null; then
		ok "$name: $forks forks"
	else
		not_ok "$name: at least $5 forks" "got $forks, $(head -n 1 "$report.err")"
	fi
}

# wait_for SECONDS COMMAND..: until it succeeds.
wait_for()
{
	local i tries=$(($1 * 10))
	shift
	for ((i = 0; i < tries; i++)); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.1
	done
	return 1
}

# free_port: a TCP port of the loopback that nobody listens on now, and that no client is given: one that
# tries until the server is there could reach itself.
free_port()
{
	local port
	while port=$((20000 + RANDOM % 12000)); (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
	echo "$port"
}
