#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# census.sh - the census beside the kernel's own books: each workload runs in a memory cgroup of its
# own; what the census reaches is compared with what the kernel charges the group, and private memory
# with smaps_rollup. One row for each; tab-separated with TABLE=tsv. Needs root.
#
# KERNEL is all the kernel memory that the group is charged for. CACHED of it is in slab caches that the
# kernel drops when memory is short (names, inodes, page trees and buffers of files that were read and
# written) and in no process's hands: object by object, by a look at every page of the machine, not the
# remainder. DIFF % is what neither CENSUS nor CACHED explains; ALL % what CENSUS alone does not.
#
# usage: [BUILD=build] test/census.sh [WORKLOAD...]   as the first column of its output
#
# postgres, apache, redis and build are real programs under load, stopped for the moment of the look;
# what is not installed is left out, and said.
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

# send SIGNAL: to all in the group; those that are just being born, too.
send()
{
	local i pid
	for i in 1 2 3; do
		while read -r pid; do kill -"$1" "$pid"; done <"$point$group/cgroup.procs" 2>/dev/null
		sleep 0.05
	done
}

# look NAME: one line of the table, of the group as it is now, when what RCU frees is back.
look()
{
	send STOP
	sleep 0.3
	"$FORKTALLY" ps --check --cgroup="$group" --json 7>&- 8<&- >"$dir/json" 2>"$dir/err"
	[ -z "${KEEP:-}" ] || cp "$dir/json" "$KEEP/$1.json"
	[ -s "$dir/json" ] || echo "$1: $(head -n 1 "$dir/err")" >&2
	jq -r --arg name "$1" '.checks[0] | [$name, .processes, .reached, .kernel,
		(if .kernel > 0 and .cached then 100 * (.unattributed - .cached) / .kernel else 100 end),
		.private, .smaps_private,
		(if .smaps_private > 0 then
		 100 * (.smaps_private - .private) / .smaps_private else 100 end),
		.cached, (if .kernel > 0 then 100 * .unattributed / .kernel else 100 end)] | @tsv' \
		"$dir/json" 2>/dev/null || echo "$1: $(cat "$dir/err")" >&2
	send CONT
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

# A CGI script for each request, and who requests, in the group. Connections are kept: the port of each that
# waits out its end (TIME_WAIT) stays charged, and is in no process's hands.
hold_apache()
{
	local port
	here apache setsid apache2 ab || return
	port=$(free_port)
	apache_ready "$dir/apache" "$port" 0
	inside "${apache[@]}" >"$dir/log" 2>&1 &
	wait_for 60 ab -q -n 1 "http://127.0.0.1:$port/cgi/hello"
	inside ab -q -k -t 60 -n 1000000 -c 4 "http://127.0.0.1:$port/cgi/hello" >"$dir/log" 2>&1 &
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
	redis_fill 200000 >"$dir/log"
	redis_cli BGSAVE >"$dir/log"
	wait_for 60 redis_saved
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
	awk -F'\t' 'BEGIN { printf "%-10s %6s %11s %11s %11s %7s %7s %11s %11s %7s\n", "WORKLOAD", "PROCS",
			"CENSUS", "CACHED", "KERNEL", "DIFF %", "ALL %", "PRIVATE", "SMAPS", "DIFF %" }
		{ printf "%-10s %6d %11d %11d %11d %7.2f %7.2f %11d %11d %7.2f\n",
			$1, $2, $3, $9, $4, $5, $10, $6, $7, $8 }'
fi
