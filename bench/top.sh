#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# top.sh - what forktally top costs while it runs: its share of a core, and whether it grows itself.
# usage: bench/top.sh [PROCESSES] [SECONDS]     2,000 and 30, after `make all workloads`; needs tmux
#
# PROCESSES that sleep are added to the machine's own; top looks each second in a terminal of 200x50.
# The first ten seconds, in which all command lines are asked for, are not counted.
set -eu
cd "$(dirname "$0")/.."
processes=${1:-2000} seconds=${2:-30} build=${BUILD:-build}
dir=$(mktemp -d)
mkfifo "$dir/wait"
"$build/workload/census_hold" idle "$processes" <"$dir/wait" >"$dir/ready" &
exec 9>"$dir/wait"
trap 'exec 9>&-; tmux -S "$dir/tmux" kill-server; rm -rf "$dir"' EXIT
until grep -q ready "$dir/ready"; do sleep 0.1; done
LC_ALL=C.UTF-8 tmux -u -S "$dir/tmux" -f /dev/null new-session -d -s top -x 200 -y 50 "exec $build/forktally top ${OPTIONS-}"
pid=$(tmux -S "$dir/tmux" list-panes -t top -F '#{pane_pid}')
ticks() { sed 's/.*) //' "/proc/$pid/stat" | awk '{ print $12 + $13 }'; }
memory() { awk '/^RssAnon/ { print $2 }' "/proc/$pid/status"; }
sleep 10
ticks=$(ticks) memory=$(memory) start=${EPOCHREALTIME/./}
sleep "$seconds"
spent=$(($(ticks) - ticks)) took=$((${EPOCHREALTIME/./} - start))
tmux -S "$dir/tmux" capture-pane -p -t top | sed -n '1p;5p'
awk -v t="$spent" -v hz="$(getconf CLK_TCK)" -v us="$took" -v a="$memory" -v b="$(memory)" 'BEGIN {
	printf "%.1f %% of a core; own private memory %.1f MiB, after %.0f s %.1f MiB\n", 1e8 * t / hz / us, a / 1024, us / 1e6, b / 1024
}'
