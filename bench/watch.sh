#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# watch.sh - what forktally watch costs while it runs: its share of a core, and what each fork of others
# takes longer.
# usage: bench/watch.sh [PROCESSES] [SECONDS]     2,000 and 60, after `make all workloads`; as root
#
# PROCESSES that sleep are added to the machine's own. The fork loop runs in turns with and without a
# watch, five times each; the medians are compared.
set -eu
cd "$(dirname "$0")/.."
processes=${1:-2000} seconds=${2:-60} build=${BUILD:-build}
dir=$(mktemp -d)
mkfifo "$dir/wait"
"$build/workload/census_hold" idle "$processes" <"$dir/wait" >"$dir/ready" &
exec 9>"$dir/wait"
trap 'exec 9>&-; kill ${watcher:-} 2>/dev/null || true; rm -rf "$dir"' EXIT
until grep -q ready "$dir/ready"; do sleep 0.1; done
watch()
{
	"$build/forktally" watch --source=bpf -o "$dir/report" 2>"$dir/err" &
	watcher=$!
	until [ "$(sed 's/.*) //' "/proc/$watcher/stat" | cut -d' ' -f1)" = S ] && grep -q signalfd < <(ls -l "/proc/$watcher/fd"); do
		sleep 0.1
	done
	sleep 2
}
end() { kill "$watcher"; wait "$watcher" || true; watcher=; }
ticks() { sed 's/.*) //' "/proc/$watcher/stat" | awk '{ print $12 + $13 }'; }
# Nanoseconds for each fork of two processes that do nothing else.
loop() { echo $((2 * 3000000000 / $("$build/workload/fork_fast" 3))); }
for _ in 1 2 3 4 5; do
	loop >>"$dir/bare"
	watch
	loop >>"$dir/watched"
	end
done
watch
ticks=$(ticks) start=${EPOCHREALTIME/./}
sleep "$seconds"
spent=$(($(ticks) - ticks)) took=$((${EPOCHREALTIME/./} - start))
memory=$(awk '/^RssAnon/ { print $2 }' "/proc/$watcher/status")
end
median() { sort -n "$1" | sed -n 3p; }
awk -v t="$spent" -v hz="$(getconf CLK_TCK)" -v us="$took" -v m="$memory" -v a="$(median "$dir/bare")" \
	-v b="$(median "$dir/watched")" -v n="$processes" 'BEGIN {
	printf "%d processes: %.2f %% of a core, own private memory %.1f MiB\n", n, 1e8 * t / hz / us, m / 1024
	printf "a fork, exit and wait: %.2f us bare, %.2f us watched (%.3f)\n", a / 1000, b / 1000, b / a
}'
