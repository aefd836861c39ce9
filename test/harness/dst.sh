# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: random programs on the simulated kernel for a minute (600 s with LONG), on two processors
# where there are as many, each from a seed of its own, the seeds that are kept first: no law of the
# books is broken, no verdict is wrong, also where events are lost, late or told twice; and defects
# of the kernel are seen by the laws.
# shellcheck shell=bash
. test/lib.sh

dst=$BUILD/dst/dst
if [ ! -x "$dst" ]; then
	skip "random programs" "not built; make $dst"
	exit 0
fi
seconds=60
[ -n "$LONG" ] && seconds=600
seeds=1
[ "$(nproc)" -gt 1 ] && seeds='1 1000001'

declare -A runs
for seed in $seeds; do
	"$dst" --seed "$seed" --seeds test/dst/seeds --seconds $seconds >"$TMPDIR/$seed" 2>&1 &
	runs[$seed]=$!
done
for seed in $seeds; do
	out=$TMPDIR/$seed
	if wait "${runs[$seed]}"; then
		ok "random programs: $(head -n 1 "$out")"
	else
		not_ok "random programs from seed $seed" "$(head -c 2000 "$out" | tr '\n' '|')"
	fi
	expect "wrong verdicts from seed $seed" 0 \
		"$(sed -n 's/.* can be seen, \([0-9]*\) wrong verdicts/\1/p' "$out")"
	grep -q ' 0 forks' "$out" && not_ok "they forked, from seed $seed" "$(head -n 1 "$out")"
done

for defect in q252193 returned-twice wrong-block failed-fork parent-first exec-between; do
	"$dst" --defect $defect --runs 60 >"$TMPDIR/out" 2>&1
	expect "the laws see the defect $defect" 1 $?
done
