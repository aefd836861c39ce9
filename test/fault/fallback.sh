# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: where the exact source is refused, auto says so in one line and goes on with proc, and the
# command gets the signals as they were; --source=bpf is an error then. As an ordinary user.
# shellcheck shell=bash
. test/lib.sh

as_user=()
program=$FORKTALLY
if [ "$(id -u)" = 0 ]; then
	as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	cp "$FORKTALLY" "$TMPDIR/forktally" && program=$TMPDIR/forktally
fi
err=$TMPDIR/err
cd "$TMPDIR" || exit 1

"${as_user[@]}" "$program" run --source=bpf -- true 2>"$err"
status=$?
if [ "$status" = 0 ]; then
	skip "the exact source is refused" "this user may use it"
	exit 0
fi
expect "--source=bpf refused: exit status" 125 "$status"
expect "--source=bpf refused: one line" "1 1" \
	"$(wc -l <"$err") $(grep -c '^forktally: source bpf cannot be used: .*doctor' "$err")"

"${as_user[@]}" "$program" run -o /dev/null -- sh -c 'exit 3' 2>"$err"
expect "auto: the command's status" 3 $?
expect "auto: one line" "1 1" \
	"$(wc -l <"$err") $(grep -c '^forktally: source bpf cannot be used: .*source proc is used' "$err")"
"${as_user[@]}" "$program" run --json -- true 2>"$err"
expect "auto: the report names the source" proc "$(grep -v '^forktally: ' "$err" | jq -r .source)"

expect "auto: signals as without forktally" "$("${as_user[@]}" grep -E '^Sig(Blk|Ign)' /proc/self/status)" \
	"$("${as_user[@]}" "$program" run -o /dev/null -- grep -E '^Sig(Blk|Ign)' /proc/self/status 2>/dev/null)"
expect "no such command: exit status" 127 \
	"$(PATH=/usr/bin:/bin "${as_user[@]}" "$program" run -- no-such-command 2>/dev/null; echo $?)"
