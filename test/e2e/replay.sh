# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: a recorded session gives the report and the status of its run, byte for byte, text and
# JSON, plain and compressed, for clean, leaking, failing, killed and hostile commands; jq reads it.
# shellcheck shell=bash
. test/lib.sh

# same NAME COMMAND..: run and replay must agree.
same()
{
	local name=$1 suffix form run_status replay_status
	shift
	for suffix in ndjson ndjson.zst; do
		for form in "" --json; do
			local log=$TMPDIR/log.$suffix
			"$FORKTALLY" run --source="$FORKTALLY_SOURCE" --record="$log" -o "$TMPDIR/run" $form \
				-- "$@" >/dev/null 2>&1 </dev/null
			run_status=$?
			"$FORKTALLY" replay "$log" -o "$TMPDIR/replay" $form >"$TMPDIR/err" 2>&1
			replay_status=$?
			expect "$name, $suffix $form: status" "$run_status" "$replay_status"
			expect "$name, $suffix $form: nothing said" "" "$(cat "$TMPDIR/err")"
			if [ -s "$TMPDIR/run" ] && cmp -s "$TMPDIR/run" "$TMPDIR/replay"; then
				ok "$name, $suffix $form: same bytes"
			else
				not_ok "$name, $suffix $form: same bytes" \
					"$(diff "$TMPDIR/run" "$TMPDIR/replay" | head -n 5 | tr '\n' '|')"
			fi
		done
	done
}

same "clean" sh -c 'for i in 1 2 3 4 5 6 7; do /bin/true; done'
same "leak" "$WORKLOAD/leak_pipe" 53
same "failing" sh -c '(exit 3); exit 5'
same "killed" sh -c 'sleep 0.1; kill -9 $$'
same "not UTF-8" sh -c 'exit 0' "$(printf 'a\377b\303\251"\\\n\tc')"

log=$TMPDIR/log.ndjson
expect "jq reads every line" "$(wc -l <"$log")" "$(jq -c . "$log" | wc -l)"
expect "the first line names the format" "forktally-session 2" \
	"$(head -n 1 "$log" | jq -r '"\(.format) \(.version)"')"
expect "the last event is the end" end "$(tail -n 1 "$log" | jq -r .type)"
"$FORKTALLY" replay --json "$log" -o "$TMPDIR/replay"
"$FORKTALLY" replay --json - <"$log" 2>"$TMPDIR/err"
expect "standard input is read" "" "$(diff "$TMPDIR/replay" "$TMPDIR/err" | head -n 5)"

# Nothing that was recorded is lost when the run is ended from outside.
"$FORKTALLY" run --source="$FORKTALLY_SOURCE" --record="$log" -o "$TMPDIR/run" --timeout=60s -- \
	sh -c ': >"$0"; while :; do /bin/true; done' "$TMPDIR/ready" 2>/dev/null &
for ((i = 0; i < 600; i++)); do [ -e "$TMPDIR/ready" ] && break; sleep 0.1; done
sleep 1
kill -TERM $!
wait $!
expect "ended by SIGTERM: status" 143 $?
"$FORKTALLY" replay "$log" -o "$TMPDIR/replay" 2>"$TMPDIR/err"
expect "ended by SIGTERM: replayed status" 143 $?
expect "ended by SIGTERM: same bytes" "" "$(diff "$TMPDIR/run" "$TMPDIR/replay")"
