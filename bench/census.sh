#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# census.sh - what a look at every process costs: the census beside the files that others read, and
# beside ps, htop and smem. Makes the processes itself. Needs root; build with make all benches.
# usage: bench/census.sh [--processes N] [--rounds N] [--no-install]   10000, 5
set -u
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
processes=10000 rounds=5 install=1
while [ $# -gt 0 ]; do
	case $1 in
	--processes) processes=$2 && shift ;;
	--rounds) rounds=$2 && shift ;;
	--no-install) install= ;;
	*) sed -n 's/^# \(census.sh\|usage\)/\1/p' "$0" >&2; exit 2 ;;
	esac
	shift
done
commands=("$BUILD/forktally ps --source=bpf --top 20" "ps -eo pid,user,rss,vsz,nlwp,args")
for peer in htop smem; do
	command -v $peer >/dev/null || [ -z "$install" ] || script/deps.sh $peer >/dev/null 2>&1
	command -v $peer >/dev/null || { echo "Not measured: $peer is not installed." >&2; continue; }
	case $peer in
	htop) commands+=("htop -C") ;;
	smem) commands+=(smem) ;;
	esac
done
dir=$(mktemp -d) || exit 1
mkfifo "$dir/in" "$dir/out"
"$BUILD/bench/crowd" "$processes" <"$dir/in" >"$dir/out" &
crowd=$!
exec 7>"$dir/in" 8<"$dir/out"
trap 'exec 7>&-; wait $crowd 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
read -r -u 8 _ || { echo "census.sh: $processes processes cannot be made" >&2; exit 1; }
printf '%s, %s processors, load %s, %s rounds; user and system time\n' "$(uname -sr)" \
	"$(getconf _NPROCESSORS_ONLN)" "$(cut -d' ' -f1 /proc/loadavg)" "$rounds"
"$BUILD/bench/census" -r "$rounds" "${commands[@]}" 7>&- 8<&- >"$dir/rows" || exit 1
awk -F'\t' '
	{ name[NR] = $1; ms[NR] = $2; range[NR] = $3 ".." $4; if ($5) processes = $5; by[$1] = $2 }
	END {
		printf "%-52s %10s  %-20s %s\n", "of " processes " processes", "median ms", "min..max", "us each"
		for (i = 1; i <= NR; i++)
			printf "%-52s %10.1f  %-20s %.2f\n", name[i], ms[i], range[i], ms[i] * 1e3 / processes
		printf "A summary is %.1f times cheaper than /proc/PID/{status,stat}, ", \
			by["/proc/PID/{status,stat}"] / by["census: summary"]
		printf "every kind %.1f times than /proc/PID/{status,fd,maps}.\n", \
			by["/proc/PID/{status,fd,maps}"] / by["census: every kind"]
	}' "$dir/rows"
