# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: incrond, which runs a command for each file. As its authors published 0.5.12 it never waits
# for the commands (doc/bugs.md); the package of Debian 12 does. ps counts the zombies while it runs.
# shellcheck shell=bash
. test/lib.sh

if [ "$(id -u)" != 0 ]; then
	skip "incrond" "it only starts for root"
	exit 0
fi
need "incrond" incron g++ make curl procps || exit 0

files=211
zombies=

# A first file, until incrond's `touch` for it has run.
first() { : >"$dir/in/0" && wait_for 1 test -e "$dir/out/0"; }
all() { [ "$(find "$dir/out" -type f | wc -l)" = $files ]; }

# Sets zombies: how many incrond had at its end.
drive() # INCROND REPORT
{
	local watcher i pid
	dir=$TMPDIR/$(basename "$2" .json)
	mkdir -p "$dir/etc" "$dir/table" "$dir/in" "$dir/out"
	echo "$dir/in IN_CLOSE_WRITE /usr/bin/touch $dir/out/\$#" >"$dir/table/root"
	printf '%s = %s\n' system_table_dir "$dir/etc" user_table_dir "$dir/table" \
		allowed_users "$dir/none" denied_users "$dir/none" \
		lockfile_dir "$dir" lockfile_name lock >"$dir/conf"
	run_json "$2" "$1" -n -f "$dir/conf" &
	watcher=$!
	wait_for 60 first
	for ((i = 1; i < files; i++)); do
		: >"$dir/in/$i"
		sleep 0.01
	done
	wait_for 60 all ||
		not_ok "$1: a command for each file" "$(find "$dir/out" -type f | wc -l) for $files"
	pid=$(cat "$dir/lock.pid")
	# shellcheck disable=SC2009
	zombies=$(ps --ppid "$pid" -o stat= | grep -c Z)
	kill -TERM "$pid"
	wait $watcher
}

report=$TMPDIR/debian.json
drive incrond "$report"
status=$?
expect "incrond of Debian: no zombies in ps" 0 "$zombies"
expect_clean "incrond of Debian" "$report" $status 0 $files

name="incrond 0.5.12"
tar=incron_0.5.12.orig.tar.gz
if ! curl -sSf -o "$TMPDIR/$tar" "http://deb.debian.org/debian/pool/main/i/incron/$tar" 2>"$TMPDIR/err"; then
	skip "$name" "no $tar: $(tail -n 1 "$TMPDIR/err")"
	exit 0
fi
if ! echo "8f0f48070f2de35bd185b38f2351c9c4c2d088b0d8ae352ac14fff9636e7ff23  $TMPDIR/$tar" | sha256sum --quiet -c - ||
	! tar -C "$TMPDIR" -xf "$TMPDIR/$tar" ||
	! make -C "$TMPDIR/incron-0.5.12" -s DEBUG=-g WARNINGS= incrond >"$TMPDIR/make" 2>&1; then
	not_ok "$name: it builds" "$(tail -n 2 "$TMPDIR/make" | tr '\n' ' ')"
	exit 0
fi
report=$TMPDIR/published.json
drive "$TMPDIR/incron-0.5.12/incrond" "$report"
expect "$name: exit status" 23 $?
expect "$name: one finding" "zombie held incrond" \
	"$(field "$report" '[.findings[] | "\(.cause) \(.where) \(.holder.comm)"] | join(", ")')"
near "$name: as many zombies as ps shows" "$zombies" "$(field "$report" '.findings[0].count')" 2
expect "$name: nothing lost" 0 "$(lost "$report")"
if [ "$FORKTALLY_SOURCE" = bpf ]; then
	expect "$name: forked at" "usertable.cpp:469" \
		"$(field "$report" '[.findings[0].taken_at[] | select(.file // "" | endswith("usertable.cpp"))][0] | "\(.file | split("/")[-1]):\(.line)"')"
fi
