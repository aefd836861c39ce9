# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: random programs on the simulated kernel for 20 seconds (600 with LONG), the seeds that are
# kept first: no law of the books is broken, no verdict is wrong, also where events are lost, late or
# told twice; and defects of the kernel are seen by the laws.
# shellcheck shell=bash
. test/lib.sh

dst=$BUILD/dst/dst
if [ ! -x "$dst" ]; then
	skip "random programs" "not built; make $dst"
	exit 0
fi
if "$dst" --seeds test/dst/seeds --seconds "$([ -n "$LONG" ] && echo 600 || echo 20)" >"$TMPDIR/out" 2>&1; then
	ok "random programs: $(head -n 1 "$TMPDIR/out")"
else
	not_ok "random programs" "$(head -c 2000 "$TMPDIR/out" | tr '\n' '|')"
fi
expect "wrong verdicts" 0 "$(sed -n 's/.* can be seen, \([0-9]*\) wrong verdicts/\1/p' "$TMPDIR/out")"
grep -q ' 0 forks' "$TMPDIR/out" && not_ok "they forked" "$(head -n 1 "$TMPDIR/out")"

for defect in q252193 returned-twice wrong-block failed-fork parent-first exec-between; do
	"$dst" --defect $defect --runs 60 >"$TMPDIR/out" 2>&1
	expect "the laws see the defect $defect" 1 $?
done
