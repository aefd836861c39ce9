# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: bench/run.sh measures, and its table and JSON have every load and tool that was asked
# for, a tool that is not there included; wrong options are refused. No timing is judged.
# shellcheck shell=bash
. test/lib.sh

bench() { bench/run.sh --no-install "$@" 2>"$TMPDIR/bench-error" </dev/null; }

# A strace that is not there: a PATH with all but it.
mkdir "$TMPDIR/bin"
IFS=: read -ra folders <<<"$PATH:/usr/sbin:/sbin"
for folder in "${folders[@]}"; do
	for file in "$folder"/*; do
		case ${file##*/} in
		strace) ;;
		*) [ -e "$TMPDIR/bin/${file##*/}" ] || ln -s "$file" "$TMPDIR/bin/" 2>/dev/null ;;
		esac
	done
done
out=$(BENCH_PATH=$TMPDIR/bin bench --json --rounds 2 --scale 0.01 --only fork,fork64,vfork,server,shell \
	--under strace)
expect "status" 0 $?
expect "every load has its row" "fork fork64 server shell vfork" \
	"$(jq -r '[.rows[] | select(.under == "bare" and .ns_per_operation > 0 and .rounds == 2) | .load] |
	sort | join(" ")' <<<"$out")"
expect "a bare program is itself" 1 "$(jq '[.rows[] | select(.under == "bare") | .ratio] | unique[0]' <<<"$out")"
expect "a missing tool is told" "strace not installed" \
	"$(jq -r '.refused[] | "\(.under) \(.why[:13])"' <<<"$out")"

out=$(bench --rounds 1 --scale 0.01 --only make,unrelated --under bpf,proc)
expect "table: status" 0 $?
for text in 'make -j2, per file' 'computing and system calls' 'fork, exit, wait' ' bare '; do
	if grep -qF -- "$text" <<<"$out"; then ok "table has: $text"; else
		not_ok "table has: $text" "$(head -c 500 <<<"$out")"
	fi
done
for source in bpf proc; do
	if grep -q "forktally, source $source" <<<"$out"; then ok "table tells of source $source"; else
		not_ok "table tells of source $source" "neither measured nor refused"
	fi
done

for wrong in '--only nothing' '--under gdb' '--rounds 0' '--rounds' '--scale x' '--what'; do
	# shellcheck disable=SC2086
	bench $wrong >"$TMPDIR/out"
	expect "refused: $wrong" 2 $?
done
