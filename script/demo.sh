#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# demo.sh - the main job, seen working: forktally runs a small server that forks for each
# connection and forgets one close(); a client makes 223 connections; the report says what stayed
# behind. Then the same with the line put back. Exit 0 when both came out as they should.
# Without privileges the source is proc: the cause and the count are the same, the place is unknown.
set -u
cd "$(dirname "$0")/.." || exit 1
build=${BUILD:-build}
connections=223
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

# serve NAME [OPTION]: one run of the server, its report in $dir/NAME, forktally's status returned.
serve()
{
	local name=$1 pid port watcher i
	shift
	mkfifo "$dir/$name.ready" || return 1
	"$build/forktally" run -o "$dir/$name" -- "$build/workload/demo_server" "$@" >"$dir/$name.ready" &
	watcher=$!
	if ! read -r -t 60 pid port <"$dir/$name.ready"; then
		wait $watcher
		return
	fi
	for ((i = 0; i < connections; i++)); do
		read -r <"/dev/tcp/127.0.0.1/$port"
	done
	# Once more where the signal came just before the server waited again.
	while kill -TERM "$pid" 2>/dev/null; do sleep 0.2; done
	wait $watcher
}

# The leak is one pipe for each connection, and the exact source names the function.
found()
{
	grep -q 'fd\.pipe, held' "$dir/leaking" &&
		grep -q "$connections pipes in $connections forks" "$dir/leaking" &&
		{ grep -q 'source proc)' "$dir/leaking" || grep -q start_request "$dir/leaking"; }
}

echo "A server forks a child for each of $connections connections:"
echo "  \$ forktally run -- demo_server"
echo
serve leaking
status=$?
cat "$dir/leaking"
echo
if [ $status != 23 ] || ! found; then
	echo "demo: the leak was not found as it should be (status $status)" >&2
	exit 1
fi
echo "The same with the forgotten close() put back:"
echo "  \$ forktally run -- demo_server --fixed"
echo
serve fixed --fixed
status=$?
head -n 3 "$dir/fixed"
echo
if [ $status != 0 ]; then
	echo "demo: the mended server was not found clean (status $status)" >&2
	exit 1
fi
echo "Try it on a program of yours that forks:"
if [ "$(id -u)" = 0 ]; then
	echo "  $build/forktally run -- COMMAND"
elif grep -q 'source proc)' "$dir/leaking"; then
	echo "  $build/forktally run -- COMMAND        as here, with estimates"
	echo "  sudo $build/forktally run -- COMMAND   exact, and says which line took it"
else
	echo "  $build/forktally run -- COMMAND"
fi
echo "What this machine allows, and what is lost without it:"
echo "  $build/forktally doctor"
