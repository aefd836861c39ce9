#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# run.sh - all fuzzers, one after the other, for so many seconds all together.
#
# usage: BUILD=build test/fuzz/run.sh [SECONDS]    60 if not given
# Each starts from test/fuzz/corpus/NAME/, which holds what once failed too; what it finds new stays
# in a scratch folder. An input that fails is printed and kept in BUILD/fuzz/. Lines as in test/check.sh.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build} seconds=${1:-60} status=0
if ! command -v "${CLANG:-clang}" >/dev/null; then
	echo "skip - fuzzers: there is no clang here; libFuzzer is a part of it"
	exit 0
fi
if ! make --no-print-directory -s BUILD="$build" fuzzers; then
	echo "not ok - fuzzers: they do not build"
	exit 1
fi
set -- test/fuzz/fuzz_*.c
each=$((seconds / $#))
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
for source in "$@"; do
	name=$(basename "$source" .c) corpus=test/fuzz/corpus/$(basename "$source" .c)
	mkdir -p "$scratch/$name"
	[ -d "$corpus" ] || corpus=
	if "$build/fuzz/$name" -max_total_time=$((each ? each : 1)) -timeout=10 -rss_limit_mb=2048 -verbosity=0 \
		-print_final_stats=1 -artifact_prefix="$build/fuzz/$name." "$scratch/$name" $corpus >"$scratch/out" 2>&1; then
		echo "ok - $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$scratch/out") inputs"
	else
		echo "not ok - $name: $(grep -m 1 -E '^SUMMARY|^==.*ERROR|deadly' "$scratch/out")"
		tail -n 20 "$scratch/out"
		status=1
	fi
done
exit $status
