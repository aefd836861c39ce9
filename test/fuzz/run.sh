#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# run.sh - all fuzzers, for so many seconds of wall time all together, one on each processor.
#
# usage: BUILD=build test/fuzz/run.sh [SECONDS]    60 if not given
# Each starts from test/fuzz/corpus/NAME/, which holds what once failed too; what it finds new stays
# in a scratch folder. An input that fails is kept in BUILD/fuzz/, with the command that repeats it.
# Lines as in test/check.sh.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build} seconds=${1:-60} clang=${CLANG:-clang} status=0
build=${build#"$PWD"/}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
echo 'int LLVMFuzzerTestOneInput(void); int LLVMFuzzerTestOneInput(void) { return 0; }' >"$scratch/probe.c"
if ! $clang -fsanitize=fuzzer,address,undefined -o "$scratch/probe" "$scratch/probe.c" 2>/dev/null; then
	echo "skip - fuzzers: there is no clang with libFuzzer here"
	exit 0
fi
if ! make -j"$(nproc)" --no-print-directory -s BUILD="$build" fuzzers >"$scratch/make" 2>&1; then
	tail -n 20 "$scratch/make"
	echo "not ok - fuzzers: they do not build"
	exit 1
fi
processors=$(nproc)
set -- test/fuzz/fuzz_*.c
rounds=$((($# + processors - 1) / processors))
each=$((seconds / rounds))
[ $each -gt 0 ] || each=1

# one NAME: fuzz it; what it says into a file of its own. A slow machine is no hang.
one()
{
	local corpus=test/fuzz/corpus/$1
	mkdir -p "$scratch/$1"
	[ -d "$corpus" ] || corpus=
	"$build/fuzz/$1" -max_total_time=$each -timeout=60 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 \
		-artifact_prefix="$build/fuzz/$1." "$scratch/$1" $corpus >"$scratch/$1.out" 2>&1
	echo $? >"$scratch/$1.status"
}

names=()
for source in "$@"; do
	name=$(basename "$source" .c)
	names+=("$name")
	while [ "$(jobs -pr | wc -l)" -ge "$processors" ]; do wait -n; done
	one "$name" &
done
wait
for name in "${names[@]}"; do
	out=$scratch/$name.out
	if [ "$(cat "$scratch/$name.status")" = 0 ]; then
		echo "ok - $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$out") inputs in $each s"
	else
		tail -n 20 "$out"
		kept=$(sed -n 's/.*Test unit written to //p' "$out" | tail -n 1)
		echo "not ok - $name: $(grep -m 1 -E '^SUMMARY|^==.*ERROR|deadly' "$out");" \
			"again: $build/fuzz/$name ${kept:-test/fuzz/corpus/$name/*}"
		status=1
	fi
done
exit $status
