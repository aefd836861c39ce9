# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# oracle.sh - what the kernel itself says a workload holds: the charge of a memory cgroup that has
# nothing else in it. Knows nothing of forktally. Sourced, bash; needs root and cgroup v1 or v2.
# shellcheck shell=bash disable=SC2034

# Sets oracle_dir to a fresh cgroup, or fails with oracle_why.
oracle_open()
{
	local root
	oracle_why="not root"
	[ "$(id -u)" = 0 ] || return 1
	root=$(awk '$3 == "cgroup" && $4 ~ /(^|,)memory(,|$)/ { print $2; exit }' /proc/mounts)
	oracle_version=1
	if [ -z "$root" ]; then
		root=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
		oracle_version=2
		oracle_why="no memory cgroup is mounted"
		[ -n "$root" ] || return 1
		echo +memory >"$root/cgroup.subtree_control" 2>/dev/null
	fi
	oracle_dir=$root/forktally-oracle.$BASHPID
	oracle_why="cannot make $oracle_dir"
	mkdir "$oracle_dir" 2>/dev/null || return 1
	oracle_why="$oracle_dir counts no kernel memory"
	oracle_read kernel >/dev/null && return 0
	oracle_close
	return 1
}

# oracle_read POOL: bytes charged now.
oracle_read()
{
	case $oracle_version.$1 in
	1.kernel) cat "$oracle_dir/memory.kmem.usage_in_bytes" 2>/dev/null ;;
	2.kernel) sed -n 's/^kernel //p' "$oracle_dir/memory.stat" | grep . ;;
	*.private) oracle_private ;;
	*.shared) sed -n 's/^shmem //p' "$oracle_dir/memory.stat" ;;
	*) return 1 ;;
	esac
}

# oracle_private: bytes that only one of its processes has, of all of them, by smaps.
oracle_private()
{
	local pid
	while read -r pid; do
		cat "/proc/$pid/smaps_rollup"
	done <"$oracle_dir/cgroup.procs" 2>/dev/null | awk '/^Private_/ { s += $2 } END { print s * 1024 }'
}

# oracle_settled POOL: the same, once it stands still (what RCU and delayed frees give back is gone).
oracle_settled()
{
	local last now i
	last=$(oracle_read "$1")
	for ((i = 0; i < 30; i++)); do
		sleep 0.4
		now=$(oracle_read "$1")
		[ "$now" = "$last" ] && break
		last=$now
	done
	echo "$now"
}

# oracle_close: remove the cgroup; what still runs in it is ended.
oracle_close()
{
	local i
	for ((i = 0; i < 50; i++)); do
		xargs -r kill -9 <"$oracle_dir/cgroup.procs" 2>/dev/null
		rmdir "$oracle_dir" 2>/dev/null && return
		sleep 0.1
	done
}

# oracle_counts PID SLUG/HOLDER..: what count.sh counts, in PID or in its process of that name.
oracle_counts()
{
	local pid=$1 thing holder
	shift
	for thing; do
		# The first of that name: the numbers of its children may be lower.
		holder=$(ps -e -o pid=,comm= --sort=start_time | awk -v c="${thing#*/}" '$2 == c { print $1 }' |
			grep -Fx -f "$oracle_dir/cgroup.procs" | head -n 1)
		things "${thing%/*}" "${holder:-$pid}"
	done | paste -sd ' '
}

# oracle_hold POOL PROGRAM [ARG..]: bytes charged while the workload holds what it leaked; with
# oracle_things ("fd.pipe/worker ..") also how many there are of each.
oracle_hold()
{
	local pool=$1 said bytes counts=''
	shift
	oracle_open || return 1
	said=$(mktemp "$TMPDIR/oracle.XXXXXX")
	mkfifo "$said.end"
	bash -c 'echo $BASHPID >"$0/cgroup.procs" && exec test/apart.sh "$@"' \
		"$oracle_dir" "$@" --hold >"$said" 2>"$said.err" <"$said.end" &
	exec 9>"$said.end"
	while ! grep -q '^held' "$said"; do
		kill -0 $! 2>/dev/null || break
		sleep 0.05
	done
	bytes=$(oracle_settled "$pool")
	# shellcheck disable=SC2086
	[ -z "${oracle_things:-}" ] || counts=" $(oracle_counts $! $oracle_things)"
	grep -q '^held' "$said" || bytes='' # it could not hold all that
	grep -v '^held' "$said.err" >&2
	exec 9>&-
	oracle_close
	wait $! 2>/dev/null
	"$WORKLOAD/sweep" <"$said"
	rm -f "$said" "$said.end" "$said.err"
	[ -n "$bytes" ] && echo "$bytes$counts"
}

# oracle_per_leak POOL PROGRAM LEAKS: bytes for one leak, from the difference of two runs (all forks
# leak), so that what the program itself takes falls out; with oracle_things their numbers for one
# fork. A cgroup is charged by the page and keeps a page or two for each CPU in stock: with 1,000
# leaks that is 8 bytes each.
oracle_per_leak()
{
	local many few
	many=$(oracle_hold "$1" "$2" "$3" 1) && few=$(oracle_hold "$1" "$2" 2 1) || return 1
	echo "$many $few" | awk -v n="$3" '{
		for (i = 1; i <= NF / 2; i++)
			printf "%.3f ", ($i - $(i + NF / 2)) / (n - 2)
		print ""
	}'
}
