#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# check.sh - run all tests of a finished build; `make check` builds first.
#
# usage: BUILD=build test/check.sh [SCRIPT..]    only these scripts, else everything
#   LONG=1             the long tests too: 5,000 forks, real programs
#   LEVELS="bpf proc"  only these source levels: bpf, proc, user (proc as an ordinary user)
#   LIMIT=300          seconds that one script may take (3600 with LONG)
#   V=1                every line, not only what did not pass
#
# A test script prints `ok - name`, `not ok - name: why` or `skip - name: why`, one line for each
# test. It finds in its environment: FORKTALLY (the program), WORKLOAD (the folder of workloads),
# TMPDIR (its own, removed afterwards), LONG, and for test/e2e FORKTALLY_SOURCE (bpf or proc).
# A script that hangs, dies or says nothing has failed.
# The last line is always `N passed, N failed, N skipped`; exit status 1 when something failed.
set -u
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C
unset MAKEFLAGS MAKELEVEL MFLAGS # a make that a test runs is its own
export BUILD=${BUILD:-build} LONG=${LONG:-}
root=$PWD
case $BUILD in /*) ;; *) BUILD=$root/$BUILD ;; esac
export FORKTALLY=$BUILD/forktally WORKLOAD=$BUILD/workload
passed=0 failed=0 skipped=0
scratch=$(mktemp -d /tmp/forktally-check.XXXXXX) || exit 1
chmod 755 "$scratch"
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

# count LABEL FILE STATUS SECONDS: add up one script's lines, show what did not pass.
count()
{
	local label=$1 file=$2 status=$3 limit=$4 p f s
	p=$(grep -c '^ok ' "$file") f=$(grep -c '^not ok ' "$file") s=$(grep -c '^skip ' "$file")
	if [ "$status" = 124 ] || [ "$status" = 137 ]; then
		echo "not ok - $label: not finished after $limit seconds" >>"$file"
		f=$((f + 1))
	elif [ "$status" != 0 ] && [ "$f" = 0 ]; then
		echo "not ok - $label: ended with status $status" >>"$file"
		f=$((f + 1))
	elif [ $((p + f + s)) = 0 ]; then
		echo "not ok - $label: no test said anything" >>"$file"
		f=1
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	local more=
	[ "$f" != 0 ] && more=", $f failed"
	[ "$s" != 0 ] && more="$more, $s skipped"
	printf '%-44s %3d ok%s\n' "$label" "$p" "$more"
	if [ -n "${V:-}" ] || [ "$f" != 0 ]; then
		sed 's/^/    /' "$file"
	else
		grep '^skip ' "$file" | sort -u | sed 's/^/    /'
	fi
}

# script LABEL LIMIT COMMAND..: run one test script with a limit in seconds and its own TMPDIR.
script()
{
	local label=$1 limit=$2 out=$scratch/out tmp status
	shift 2
	tmp=$(mktemp -d "$scratch/tmp.XXXXXX") && chmod 1777 "$tmp"
	TMPDIR=$tmp timeout -k 10 "$limit" "$@" >"$out" 2>&1 </dev/null
	status=$?
	# Under CI a machine may stall for seconds: one more try, which is said.
	if [ -n "${CI:-}" ] && { [ $status != 0 ] || grep -q '^not ok ' "$out"; }; then
		echo "tried again: $label: $(grep -m 1 '^not ok ' "$out" || echo "status $status")"
		TMPDIR=$tmp timeout -k 10 "$limit" "$@" >"$out" 2>&1 </dev/null
		status=$?
	fi
	count "$label" "$out" "$status" "$limit"
	rm -rf "$tmp"
}

# cmocka speaks TAP; a number stands before the name there.
unit()
{
	local raw=$scratch/raw out=$scratch/out status
	CMOCKA_MESSAGE_OUTPUT=TAP timeout -k 10 120 "$1" >"$raw" 2>&1 </dev/null
	status=$?
	sed -E 's/^(not )?ok [0-9]+ # SKIP/skip -/; s/^(not )?ok [0-9]+ - /\1ok - /' "$raw" >"$out"
	count "unit/${1##*/}" "$out" "$status" 120
}

one_line() { tr '\n' ' ' <"$1" | cut -c 1-300; }

# source_works NAME: does this source take a command here? Where it refuses although the machine
# allows it, that is a failure and no skip: bpftool may list programs and there is type
# information; the source without privileges has no excuse at all.
source_works()
{
	local err=$scratch/error status
	rm -f "$scratch/report"
	timeout 120 "$FORKTALLY" run --source="$1" -o "$scratch/report" -- true 2>"$err" </dev/null
	status=$?
	[ $status = 0 ] && [ -s "$scratch/report" ] && return 0
	if grep -q 'part of this build' "$err" || {
		[ "$1" = bpf ] && ! { [ "$(id -u)" = 0 ] && [ -e /sys/kernel/btf/vmlinux ] &&
			PATH=$PATH:/usr/sbin:/sbin bpftool prog show >/dev/null 2>&1; }; }; then
		echo "skip - source $1: $(one_line "$err")"
		skipped=$((skipped + 1))
	else
		echo "not ok - source $1: status $status from a run of true, on a machine that allows it:" \
			"$(one_line "$err") $(grep . "$scratch/report" 2>/dev/null | tail -n 12 | tr -s ' \n' ' ')"
		failed=$((failed + 1))
	fi
	return 1
}

# An ordinary user cannot look into every checkout: give it copies.
user_level()
{
	if [ "$(id -u)" != 0 ]; then
		echo "skip - proc as another user: this is an ordinary user already"
		skipped=$((skipped + 1))
		return 1
	fi
	mkdir -p "$scratch/user/test" && cp -r "$BUILD"/*forktally* "$WORKLOAD" "$scratch/user/" &&
		cp -r test/*.sh test/corpus.tab test/corpus.jq test/e2e test/workload "$scratch/user/test/" &&
		chmod -R a+rX "$scratch/user" && return
	echo "not ok - proc as another user: no copy for it in $scratch"
	failed=$((failed + 1))
	return 1
}

e2e()
{
	local level=$1 limit=$2 file=$3 label
	label=${file##*test/}
	label="${label%.sh} ($level)"
	case $level in
	user)
		FORKTALLY=$scratch/user/forktally WORKLOAD=$scratch/user/workload FORKTALLY_SOURCE=proc \
			script "$label" "$limit" setpriv --reuid=65534 --regid=65534 --clear-groups \
			env -C "$scratch/user" HOME=/nonexistent bash "test/e2e/${file##*/}" ;;
	*) FORKTALLY_SOURCE=$level script "$label" "$limit" bash "$file" ;;
	esac
}

levels=''
for level in ${LEVELS:-bpf proc user}; do
	case $level in
	user)
		case $levels in *proc*) user_level || continue ;; *) continue ;; esac ;;
	*) source_works "$level" || continue ;;
	esac
	levels="$levels $level"
done
limit=${LIMIT:-300}
[ -n "$LONG" ] && limit=${LIMIT:-3600}

if [ $# -gt 0 ]; then
	for file; do
		case $file in
		*test/e2e/*) for level in $levels; do e2e "$level" "$limit" "$file"; done ;;
		*test/real/*) for level in ${levels/ user/}; do e2e "$level" "$limit" "$file"; done ;;
		*.sh) script "${file##*test/}" "$limit" bash "$file" ;;
		*) unit "$file" ;;
		esac
	done
else
	for file in "$BUILD"/unit/test_*; do
		[ -x "$file" ] && unit "$file"
	done
	for file in test/harness/*.sh test/golden/*.sh test/fault/*.sh; do
		[ -e "$file" ] && script "${file#test/}" "$limit" bash "$file"
	done
	for level in $levels; do
		for file in test/e2e/*.sh; do
			[ -e "$file" ] && e2e "$level" "$limit" "$file"
		done
	done
	if [ -n "$LONG" ]; then
		for level in ${levels/ user/}; do
			for file in test/real/*.sh; do
				[ -e "$file" ] && e2e "$level" "$limit" "$file"
			done
		done
		script "model/run.sh" 1800 bash test/model/run.sh
		script "model/mutants.sh" 1800 bash test/model/mutants.sh
		script "model/law_mutants.sh" 1800 bash test/model/law_mutants.sh
		script "vm/bare.sh" 1800 bash test/vm/bare.sh
		script "vm/run.sh" 9000 bash test/vm/run.sh
		script "vm/lose.sh" 3600 bash test/vm/lose.sh
	else
		echo "skip - test/real: thousands of forks by real programs, run by LONG=1"
		echo "skip - test/model: libforktally model-checked, and its mutants, run by LONG=1"
		echo "skip - test/vm: other kernels and one that loses memory, in virtual machines, a bare Debian, run by LONG=1"
		skipped=$((skipped + 3))
	fi
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
