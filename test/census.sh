#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# census.sh - the census beside the kernel's own books: each workload runs in a memory cgroup of its
# own; what the census reaches is compared with what the kernel charges the group, and private memory
# with smaps_rollup. One row for each; tab-separated with TABLE=tsv. Needs root.
# usage: [BUILD=build] test/census.sh [WORKLOAD...]   as the first column of its output
#
# postgres, apache, redis and build are real programs, looked at under load; what is not installed is
# left out, and said.
set -u
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac
export FORKTALLY=${FORKTALLY:-$BUILD/forktally} WORKLOAD=${WORKLOAD:-$BUILD/workload}
dir=$(mktemp -d) && chmod 755 "$dir" || exit 1
trap 'rm -rf "$dir"' EXIT
export TMPDIR=$dir
. test/lib.sh
. test/server.sh

# Where a memory cgroup can be made: below our own of v1, or in the one hierarchy of v2.
point=$(awk '$3 == "cgroup" && $4 ~ /(^|,)memory(,|$)/ { print $2; exit }' /proc/mounts)
if [ -n "$point" ]; then
	parent=$(awk -F: '$2 ~ /(^|,)memory(,|$)/ { print $3 }' /proc/self/cgroup)
	[ -d "$point$parent" ] || parent=
else
	point=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	parent=
	grep -qw memory "$point/cgroup.subtree_control" 2>/dev/null ||
		echo +memory >"$point/cgroup.subtree_control" 2>/dev/null
fi
base=${parent%/}/census-$$

# inside COMMAND..: in the group. Nothing of the table's own is open in it.
inside()
{
	# shellcheck disable=SC2016
	bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$point$group" "$@" 7>&- 8<&-
}

# look NAME: one line of the table, of the group as it is now.
look()
{
	"$FORKTALLY" ps --check --cgroup="$group" --json 7>&- 8<&- >"$dir/json" 2>"$dir/err"
	[ -z "${KEEP:-}" ] || cp "$dir/json" "$KEEP/$1.json"
	jq -r --arg name "$1" '.checks[0] | [$name, .processes, .reached, .kernel,
		(if .kernel > 0 then 100 * .unattributed / .kernel else 100 end),
		.private, .smaps_private,
		(if .smaps_private > 0 then
		 100 * (.smaps_private - .private) / .smaps_private else 100 end)] | @tsv' \
		"$dir/json" 2>/dev/null || echo "$1: $(cat "$dir/err")" >&2
}

# end_group: what still runs in it, and the group.
end_group()
{
	local i pid
	for i in $(seq 100); do
		rmdir "$point$group" 2>/dev/null && return
		[ "$i" -lt 20 ] || while read -r pid; do kill -9 "$pid"; done <"$point$group/cgroup.procs"
		sleep 0.1 # its children are ending
	done
}

# hold NAME KIND COUNT: a workload that stands still.
hold()
{
	mkfifo "$dir/in" "$dir/out"
	inside "$WORKLOAD/census_hold" "$2" "$3" <"$dir/in" >"$dir/out" &
	exec 7>"$dir/in" 8<"$dir/out"
	if read -r -u 8 _; then
		sleep 0.3 # what is freed by RCU is back
		look "$1"
	else
		echo "$1: the workload did not start" >&2
	fi
	exec 7>&- 8<&-
	wait
	rm "$dir/in" "$dir/out"
}

# here NAME PROGRAM..: all of them, or says what is not.
here()
{
	local name=$1 program
	shift
	for program; do
		[ -x "$program" ] || command -v "$program" >/dev/null && continue
		echo "$name: left out, $program is not installed" >&2
		return 1
	done
}

# pgbench with 8 connections, in the group too.
hold_postgres()
{
	here postgres setpriv /usr/lib/postgresql/*/bin/postgres /usr/lib/postgresql/*/bin/pgbench || return
	postgres_ready "$dir/pg" "$(free_port)" || { echo "postgres: $server_why" >&2; return; }
	inside "${postgres[@]}" >"$dir/log" 2>&1 &
	wait_for 60 "${postgres_client[@]}" "$postgres_bin/pg_isready"
	inside "${postgres_client[@]}" "$postgres_bin/pgbench" -q -i -s 1 postgres >"$dir/log" 2>&1
	inside "${postgres_client[@]}" "$postgres_bin/pgbench" -c 8 -T 60 postgres >"$dir/log" 2>&1 &
	sleep 3
	look postgres
	kill $!
	kill -INT "$(head -n 1 "$dir/pg/data/postmaster.pid")"
	wait
}

# A CGI script for each request, and who requests, in the group.
hold_apache()
{
	local port
	here apache setsid apache2 ab || return
	port=$(free_port)
	apache_ready "$dir/apache" "$port"
	inside "${apache[@]}" >"$dir/log" 2>&1 &
	wait_for 60 ab -q -n 1 "http://127.0.0.1:$port/cgi/hello"
	inside ab -q -t 60 -n 1000000 -c 4 "http://127.0.0.1:$port/cgi/hello" >"$dir/log" 2>&1 &
	sleep 3
	look apache
	kill $!
	kill -WINCH "$(cat "$dir/apache/pid")"
	wait
}

hold_redis()
{
	here redis redis-server redis-cli || return
	mkdir "$dir/redis"
	redis_ready "$dir/redis"
	inside "${redis[@]}" >"$dir/log" 2>&1 &
	wait_for 60 redis_cli PING
	redis_fill 20000 >"$dir/log"
	redis_cli BGSAVE >"$dir/log"
	wait_for 60 redis_saved
	sleep 0.3
	look redis
	redis_cli SHUTDOWN NOSAVE >"$dir/log"
	wait
}

# Programs of this tree, by make and two compilers at a time.
hold_build()
{
	here build make gcc || return
	inside env -u MAKEFLAGS make -j2 CC=gcc BUILD="$dir/build" workloads >"$dir/log" 2>&1 &
	sleep 2
	look build
	kill $!
	wait
}

# Each has a new group: what the one before has freed may come back late (RCU).
rows="idle:idle:53 pipes:pipe:211 unix:unix:197 tcp:tcp:199 epoll:epoll:307 maps:maps:200
	threads:threads:1000 zombies:zombie:307 memory:memory:101 shared:shared:97
	postgres apache redis build"
for r in $rows; do
	IFS=: read -r name kind count <<<"$r"
	[ $# -gt 0 ] && [[ " $* " != *" $name "* ]] && continue
	group=$base-$name
	mkdir "$point$group" || continue
	if [ -n "$kind" ]; then hold "$name" "$kind" "$count"; else "hold_$name"; fi
	end_group
done | if [ "${TABLE:-}" = tsv ]; then cat; else
	awk -F'\t' 'BEGIN { printf "%-10s %6s %12s %12s %8s %12s %12s %8s\n", "WORKLOAD", "PROCS",
			"CENSUS", "KERNEL", "DIFF %", "PRIVATE", "SMAPS", "DIFF %" }
		{ printf "%-10s %6d %12d %12d %8.2f %12d %12d %8.2f\n", $1, $2, $3, $4, $5, $6, $7, $8 }'
fi
