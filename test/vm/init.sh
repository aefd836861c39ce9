#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# init.sh - the first process of the virtual machine: mounts what a usual system has, runs each
# line of /runs, and writes what came out to the second serial line, between markers:
#   === begin NAME FILE / the file / === end
# Then it switches the machine off. Judging is left to run.sh, outside.
# shellcheck shell=bash
export PATH=/bin LC_ALL=C TMPDIR=/tmp HOME=/tmp WORKLOAD=/bin FORKTALLY=/bin/forktally
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
mkdir -p /dev/shm
mount -t tmpfs shm /dev/shm
if [ "${cgroup_version:-2}" = 2 ]; then
	mount -t cgroup2 cgroup /sys/fs/cgroup
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control
else
	mount -t cgroup -o memory memory /sys/fs/cgroup
fi
mount -t tracefs tracing /sys/kernel/tracing
mount -t bpf bpf /sys/fs/bpf
ip link set lo up
ulimit -n 65536
stty -F /dev/ttyS1 raw -echo -opost
exec 8>/dev/ttyS1
. /test/oracle.sh

tell() # NAME FILE [AS]
{
	echo "=== begin $1 ${3:-${2##*/}}" >&8
	[ ! -s "$2" ] || cat "$2" >&8
	echo >&8
	echo "=== end" >&8
}

uname -r >/tmp/kernel
tell boot /tmp/kernel
while read -r name what rest; do
	rm -f /tmp/status /tmp/report /tmp/err /tmp/out
	case $what in
	oracle) # POOL PROGRAM LEAKS: bytes for one leak, by the kernel's own memory cgroup
		read -r pool program leaks <<<"$rest"
		if oracle_open; then
			oracle_close
			oracle_per_leak "$pool" "/bin/$program" "$leaks" >/tmp/out 2>/tmp/err
		else
			echo "$oracle_why" >/tmp/err
		fi ;;
	stays) # PROGRAM [ARG..]: kernel bytes that are charged after it has ended, by the same
		if oracle_open; then
			# shellcheck disable=SC2016,SC2086
			bash -c 'echo $BASHPID >"$0/cgroup.procs" && exec "$@"' "$oracle_dir" $rest >/dev/null 2>/tmp/err
			sleep 3 # some kernels' sums are that old
			oracle_settled kernel >/tmp/out
			oracle_close
		else
			echo "$oracle_why" >/tmp/err
		fi ;;
	set) # FILE [VALUE]
		read -r file value <<<"$rest"
		echo "$value" >"$file" 2>/tmp/err ;;
	plain)
		# shellcheck disable=SC2086
		timeout -k 5 300 $rest >/tmp/out 2>/tmp/err </dev/null
		echo $? >/tmp/status ;;
	*) # a source
		# shellcheck disable=SC2086
		env ${verbose:+FORKTALLY_LIBBPF=1} timeout -k 5 300 \
			forktally run --source="$what" --json -o /tmp/report -- $rest >/tmp/out 2>/tmp/err </dev/null
		echo $? >/tmp/status ;;
	esac
	for file in /tmp/status /tmp/report /tmp/err /tmp/out; do
		[ ! -e $file ] || tell "$name" $file
	done
done </runs
dmesg | grep -E 'BUG:|WARNING:|Oops|Kernel panic' >/tmp/complaints
tell end /tmp/complaints
sync
poweroff -f
