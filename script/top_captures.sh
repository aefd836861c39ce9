#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# top_captures.sh - write the pictures of doc/top.md: forktally top in terminals that tmux plays.
# usage: script/top_captures.sh      as root, after `make all workloads`
set -eu
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8
group=/sys/fs/cgroup/memory/demo
[ -d /sys/fs/cgroup/memory ] || group=/sys/fs/cgroup/demo
mkdir "$group"
dir=$(mktemp -d)
end()
{
	exec 2>/dev/null # it is said who is killed
	tmux -S "$dir/tmux" kill-server
	xargs kill -9 <"$group/cgroup.procs" 2>/dev/null || true
	sleep 1
	rmdir "$group"
	rm -rf "$dir"
}
trap end EXIT
export PATH=$PWD/build:$PWD/build/workload:$PATH
mux() { tmux -u -S "$dir/tmux" -f /dev/null "$@"; }
picture()
{
	printf '\n%s\n\n```\n' "$1"
	mux capture-pane -p -t top | sed 's/ *$//'
	printf '```\n'
}
mkfifo "$dir/wait"
sleep 300 >"$dir/wait" &
inside() { (echo "$BASHPID" >"$group/cgroup.procs" && exec "$@" >/dev/null <"$dir/wait") & }
inside hold_known
inside census_hold pipe 200
inside census_hold idle 5
inside bash -c 'while sleep 0.5; do text=$text$(printf "%200000s" ""); done'
mux new-session -d -s top -x 80 -y 24 forktally top --cgroup /demo
sleep 8
{
	picture 'A terminal of 80x24:'
	mux send-keys -t top t
	sleep 1
	mux resize-window -t top -x 132 -y 24
	sleep 2
	picture 'As a tree (`t`), 132 columns wide:'
	mux resize-window -t top -x 80 -y 24
	mux send-keys -t top t /
	mux send-keys -t top -l hold_known
	mux send-keys -t top Enter
	sleep 1
	mux send-keys -t top Enter
	sleep 2
	picture 'One process explained (`/hold_known`, Enter, Enter):'
	mux send-keys -t top q Escape '?'
	sleep 1
	picture 'Help (`?`):'
	mux send-keys -t top q
	mux resize-window -t top -x 200 -y 50
	sleep 3
	picture 'A terminal of 200x50:'
} >"$dir/pictures"
awk -v new="$dir/pictures" '/^<!-- captures: end/ { while ((getline line <new) > 0) print line; print ""; off = 0 }
	!off { print } /^<!-- captures: written/ { off = 1 }' doc/top.md >"$dir/doc"
cat "$dir/doc" >doc/top.md
