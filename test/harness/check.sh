# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: test/check.sh counts what a script says, and a script that fails, hangs, dies or says
# nothing fails the whole run; the closing line is the last one and the only one of its kind.
# shellcheck shell=bash
. test/lib.sh

# counted NAME EXPECTED STATUS SCRIPT-TEXT: check.sh over one script, without a source level.
counted()
{
	local out
	echo "$4" >"$TMPDIR/script.sh"
	out=$(LEVELS=' ' LIMIT=1 test/check.sh "$TMPDIR/script.sh" 2>&1)
	expect "$1: status" "$3" $?
	expect "$1: closing line" "$2" "$(tail -n 1 <<<"$out")"
	expect "$1: one closing line" 1 "$(grep -cE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' <<<"$out")"
}

counted "two that pass, one skipped" "2 passed, 0 failed, 1 skipped" 0 \
	'echo "ok - a"; echo "ok - b"; echo "skip - c: no c here"'
counted "one that fails" "1 passed, 1 failed, 0 skipped" 1 'echo "ok - a"; echo "not ok - b: broken"'
counted "a script that dies" "1 passed, 1 failed, 0 skipped" 1 'echo "ok - a"; exit 3'
counted "a script that says nothing" "0 passed, 1 failed, 0 skipped" 1 ':'
counted "a script that hangs" "1 passed, 1 failed, 0 skipped" 1 'echo "ok - a"; sleep 60'
