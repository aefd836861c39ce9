# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# tool.sh - what a load can run under. Sourced by run.sh.
#
# A tool stands before the load's command (`wrap`) or runs beside it (`beside`). It is used only
# if a trial shows that it sees what happens; else $work/why/TOOL says why not.

tools="bare floor bpf proc strace valgrind memleak perf forkstat"

# How many of a load's operations are made: a tool that is slower by far gets fewer.
share()
{
	case $1 in
	valgrind) echo 0.02 ;;
	*) echo 1 ;;
	esac
}

title()
{
	case $1 in
	bare) echo bare ;;
	floor) echo 'empty kernel programs' ;;
	bpf) echo 'forktally, source bpf' ;;
	proc) echo 'forktally, source proc' ;;
	strace) echo 'strace -f -e trace=process' ;;
	valgrind) echo 'valgrind --trace-children=yes' ;;
	memleak) echo 'memleak-bpfcc (kernel) beside' ;;
	perf) echo 'perf trace' ;;
	forkstat) echo 'forkstat beside' ;;
	esac
}

package()
{
	case $1 in
	strace | valgrind | forkstat) echo "$1" ;;
	memleak) echo bpfcc-tools ;;
	perf) echo linux-perf ;;
	esac
}

program()
{
	case $1 in
	strace | valgrind | forkstat | perf) echo "$1" ;;
	memleak) echo memleak-bpfcc ;;
	esac
}

# The words before the load's command, one a line; $seen is the file where the tool writes.
wrap()
{
	case $1 in
	bpf | proc) printf '%s\n' "$FORKTALLY" run --source="$1" --json -o "$seen" -- ;;
	strace) printf '%s\n' strace -f -o "${seen_trial:-/dev/null}" -e trace=process ;;
	valgrind) printf '%s\n' valgrind -q --trace-children=yes --log-file="${seen_trial:-/dev/null}" ;;
	perf) printf '%s\n' perf trace -o "${seen_trial:-/dev/null}" -- ;;
	esac
}

# Waits until process $1 says by $work/ready that it is.
await_ready()
{
	local i
	for i in $(seq 300); do
		[ -e "$work/ready" ] && return 0
		kill -0 "$1" 2>/dev/null || return 1
		sleep 0.1
	done
	return 1
}

# Starts the empty programs. Sets $floor_pid.
floor_start()
{
	rm -f "$work/ready"
	"$bin/floor" "$work/ready" >"$work/beside.out" 2>"$work/beside.err" &
	floor_pid=$!
	await_ready $floor_pid
}

# Starts what runs beside the load and waits until it is ready. Sets $beside_pid, "" for nothing.
beside_start()
{
	beside_pid=
	case $1 in
	floor)
		floor_start || return 1
		beside_pid=$floor_pid ;;
	forkstat)
		forkstat -e fork,exec,exit >"${seen_trial:-/dev/null}" 2>"$work/beside.err" &
		beside_pid=$!
		sleep 0.5 ;;
	memleak)
		# Its kernel mode; the user mode follows one process and none of its children.
		PYTHONUNBUFFERED=1 memleak-bpfcc 5 >"$work/beside.out" 2>"$work/beside.err" &
		beside_pid=$!
		local i
		for i in $(seq 300); do
			grep -q '^Attaching' "$work/beside.out" && break
			kill -0 $beside_pid 2>/dev/null || return 1
			sleep 0.1
		done
		sleep 3 ;;
	*) return 0 ;;
	esac
	kill -0 $beside_pid 2>/dev/null
}

beside_stop()
{
	[ -n "$beside_pid" ] || return 0
	kill -INT "$beside_pid" 2>/dev/null
	local i
	for i in $(seq 30); do
		kill -0 "$beside_pid" 2>/dev/null || break
		sleep 0.1
	done
	kill -KILL "$beside_pid" 2>/dev/null
	wait "$beside_pid" 2>/dev/null
	beside_pid=
}

# The line of FILE.. that says most about a failure.
complaint()
{
	cat "$@" 2>/dev/null | grep -v '^ *$' >"$work/complaint"
	{ grep -i -m 1 -e 'unable' -e 'cannot' -e 'not permitted' -e 'denied' -e 'refused' -e 'error' \
		"$work/complaint" || tail -n 1 "$work/complaint"; } | cut -c 1-120
}

install_peer()
{
	local name
	name=$(package "$1")
	command -v "$(program "$1")" >/dev/null 2>&1 && return 0
	if [ -z "$install" ]; then
		echo "not installed: $name (--no-install)" >"$work/why/$1"
	elif [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
		echo "not installed: $name (only root on Debian installs it by itself)" >"$work/why/$1"
	elif ! script/deps.sh "$name" >"$work/install" 2>&1; then
		echo "not installed: $(complaint "$work/install")" >"$work/why/$1"
	else
		command -v "$(program "$1")" >/dev/null 2>&1 && return 0
		echo "not installed: package $name has no $(program "$1")" >"$work/why/$1"
	fi
	return 1
}

# Is the tool there, and does it see a fork? A tool that runs and sees nothing costs nothing.
trial()
{
	local tool=$1 status
	[ "$tool" = bare ] && return 0
	case $tool in floor | bpf | proc) ;; *) install_peer "$tool" || return 1 ;; esac
	seen=$work/trial seen_trial=$work/trial
	rm -f "$work"/trial* "$work"/beside.*
	if ! beside_start "$tool"; then
		echo "refused: $(complaint "$work/beside.err" "$work/beside.out")" >"$work/why/$tool"
		beside_stop
		return 1
	fi
	mapfile -t words < <(wrap "$tool")
	timeout -k 5 120 "${words[@]}" "$bin/load" -o "$work/trial.ns" -n 20 fork \
		</dev/null >"$work/trial.out" 2>"$work/trial.err"
	status=$?
	[ -n "$beside_pid" ] && sleep 1
	beside_stop
	if [ ! -s "$work/trial.ns" ]; then
		echo "refused: status $status: $(complaint "$work/trial.err" "$work/trial.out")" >"$work/why/$tool"
	elif ! saw_forks "$tool"; then
		echo "refused: it runs but saw none of 20 forks: $(complaint "$work/trial.err")" >"$work/why/$tool"
	else
		seen_trial=
		return 0
	fi
	seen_trial=
	return 1
}

saw_forks()
{
	case $1 in
	bpf | proc) [ "$(jq -r .forks "$seen" 2>/dev/null)" = 20 ] ;;
	strace | perf) [ "$(grep -c -e 'fork(' -e 'clone(' -e 'clone3(' "$seen")" -ge 20 ] ;;
	forkstat) [ "$(grep -c '^[0-9:]* fork .*child' "$seen")" -ge 20 ] ;;
	floor | valgrind | memleak) true ;; # they do not tell of forks
	esac
}
