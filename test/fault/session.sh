# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: session files that are cut, damaged, foreign, empty, of another version, not there; that a
# run killed by -9 leaves one that can be replayed; that replay never writes over what it reads.
# shellcheck shell=bash
. test/lib.sh

log=$TMPDIR/log.ndjson
err=$TMPDIR/err
"$FORKTALLY" run --source=proc --record="$log" -o "$TMPDIR/report" --json -- \
	sh -c 'for i in 1 2 3 4 5 6 7 8 9; do /bin/true; done'
lines=$(wc -l <"$log")

# refused NAME TEXT FILE: 125, and one line on stderr with TEXT in it; no report.
refused()
{
	"$FORKTALLY" replay "$3" >"$TMPDIR/out" 2>"$err"
	expect "$1: exit status" 125 $?
	expect "$1: one line" "1 0" "$(wc -l <"$err") $(wc -c <"$TMPDIR/out")"
	if grep -q -F -- "$2" "$err"; then ok "$1: said"; else not_ok "$1: said" "$(cat "$err")"; fi
}

# cut NAME FILE: replayed up to the cut, which is said and makes it inconclusive.
cut_off()
{
	"$FORKTALLY" replay --json "$2" -o "$TMPDIR/replay" 2>"$err"
	expect "$1: exit status" 24 $?
	expect "$1: one line" "1 1" "$(wc -l <"$err") $(grep -c -F "'$2' is cut off after line" "$err")"
	expect "$1: the report says so" "inconclusive true 1" "$(field "$TMPDIR/replay" \
		'"\(.verdict) \(.cut_off) \([.not_seen[] | select(test("cut off after line"))] | length)"')"
}

bad=$TMPDIR/bad
refused "not there" "'$TMPDIR/none': No such file" "$TMPDIR/none"
refused "a folder" "$TMPDIR: cannot be read: Is a directory" "$TMPDIR"
: >"$bad"
refused "empty" "$bad: the file is empty" "$bad"
refused "a program" "not a session recorded by forktally" "$FORKTALLY"
refused "other text" "not a session recorded by forktally" test/check.sh
refused "a report" "not a session recorded by forktally" "$TMPDIR/report"
head -c 100000 /dev/zero >"$bad"
refused "zeros" "not a session recorded by forktally" "$bad"
head -c 20 "$log" >"$bad"
refused "cut in its first line" "not a session recorded by forktally" "$bad"
sed '1s/"version":[0-9]*/"version":999/' "$log" >"$bad"
refused "of another version" "$bad:1: the session has format version 999" "$bad"
sed 1d "$log" >"$bad"
refused "without its first line" "$bad:1: this is not a session" "$bad"

sed '5s/^{"type"/{type/' "$log" >"$bad"
refused "no JSON in a line" "$bad:5: this line is damaged" "$bad"
sed '5s/,"time_ns":[0-9]*//' "$log" >"$bad"
refused "a key is missing" "$bad:5: \"time_ns\" is missing" "$bad"
sed '5s/"type":"[a-z]*"/"type":"dance"/' "$log" >"$bad"
refused "an unknown event" "$bad:5: there is no event type \"dance\"" "$bad"
sed '5s/}$/,"x":1}/' "$log" >"$bad"
refused "an unknown key" "$bad:5: there are keys" "$bad"
sed '5s/$/\n/' "$log" >"$bad"
refused "an empty line" "$bad:6: this line is damaged" "$bad"
{ cat "$log"; sed -n 3p "$log"; } >"$bad"
refused "an event after the end" "$bad:$((lines + 1)): there is an event after the end" "$bad"
line=$(grep -n -m 1 '"type":"\(charge\|gauge\)"' "$log" | cut -d : -f 1)
sed "${line}s/\"tag\":[0-9]*/\"tag\":987654/" "$log" >"$bad"
refused "a tag that was never told" "$bad:$line: this event cannot be booked" "$bad"

head -n $((lines - 1)) "$log" >"$bad"
cut_off "without its end" "$bad"
head -c -40 "$log" >"$bad"
cut_off "cut in its last line" "$bad"
head -n 1 "$log" >"$bad"
cut_off "with its first line only" "$bad"

"$FORKTALLY" run --source=proc --record="$log.zst" -o "$TMPDIR/other" -- true
head -c -60 "$log.zst" >"$bad"
cut_off "compressed, cut" "$bad"
head -c 8 "$log.zst" >"$bad"
refused "compressed, cut in its first line" "not a session recorded by forktally" "$bad"

if command -v zstd >/dev/null; then
	zstd -q -f "$log" -o "$bad"
	"$FORKTALLY" replay --json "$bad" -o "$TMPDIR/replay" 2>"$err"
	expect "compressed by another program, with another name: same bytes" "" \
		"$(diff "$TMPDIR/report" "$TMPDIR/replay" | head -n 3)"
	zstd -q -f test/check.sh -o "$bad"
	refused "compressed, other text" "not a session recorded by forktally" "$bad"
	{ zstd -q -c "$log"; echo junk; } >"$bad"
	refused "compressed, something behind it" "the compressed data is damaged" "$bad"
else
	skip "compressed by another program" "zstd(1) is not installed"
fi

# kill -9 costs the last second at most.
"$FORKTALLY" run --source=proc --record="$log.zst" -o "$TMPDIR/report" --timeout=60s -- \
	bash -c 'for ((i = 0; i < 2000; i++)); do /bin/true; sleep 0.01; done' 2>/dev/null &
pid=$!
sleep 4
kill -9 "$pid"
wait "$pid" 2>/dev/null
cut_off "kill -9" "$log.zst"
expect "kill -9: most of it is there" true "$(field "$TMPDIR/replay" '.forks > 20')"

cp "$log" "$bad"
"$FORKTALLY" replay "$bad" -o "$bad" 2>"$err"
expect "the report over the session: exit status" 125 $?
expect "the report over the session: nothing is lost" "" "$(cmp "$log" "$bad" 2>&1)"
ln -s bad "$TMPDIR/link"
"$FORKTALLY" replay "$bad" -o "$TMPDIR/link" 2>"$err"
expect "the report over the session by another name: exit status" 125 $?
expect "the report over the session by another name: nothing is lost" "" "$(cmp "$log" "$bad" 2>&1)"
