# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: loops of dash and bash: external commands, subshells, pipelines, background jobs.
# shellcheck shell=bash
. test/lib.sh

need "dash and bash" dash bash || exit 0

report=$TMPDIR/dash.json
run_json "$report" dash -c 'i=0
while [ $i -lt 1500 ]; do
	/bin/true
	x=$(echo $i | cat)
	i=$((i + 1))
done'
expect_clean "dash loop" "$report" $? 0 4000

report=$TMPDIR/bash.json
run_json "$report" bash -c 'for ((i = 0; i < 800; i++)); do
	/bin/true
	x=$(echo $i)
	echo $i | cat >/dev/null
	(exit 0) &
	((i % 10)) || wait
done
wait'
expect_clean "bash loop" "$report" $? 0 3500
