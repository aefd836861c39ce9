# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: tmux, screen and expect: a program on a new pseudo-terminal again and again.
# shellcheck shell=bash
. test/lib.sh

if need "tmux" tmux; then
	tm() { tmux -N -S "$TMPDIR/tmux" "$@"; } # -N: never start a server
	# window: a new one, which closes when its program ends
	window() { tm new-window -d true; }
	report=$TMPDIR/tmux.json
	serve "$report" tmux -f /dev/null -S "$TMPDIR/tmux" -D
	wait_for 60 tm new-session -d 'sleep 1000'
	drive "tmux" window
	tm kill-server
	wait $watcher
	expect_clean "tmux" "$report" $? 0 "$driven"
fi

if need "screen" screen; then
	export SCREENDIR=$TMPDIR/screen
	mkdir -m 700 "$SCREENDIR"
	window() { screen -S forktally -X screen true; }
	report=$TMPDIR/screen.json
	serve "$report" screen -D -m -S forktally -c /dev/null sleep 1000
	wait_for 60 window
	drive "screen" window
	screen -S forktally -X quit
	wait $watcher
	expect_clean "screen" "$report" $? 0 "$driven"
fi

# Tcl keeps a little of every spawn, although it was closed and waited for. Its memory grows, and forktally has
# to say so.
if need "expect" expect; then
	report=$TMPDIR/expect.json
	LEVELS=$TMPDIR/levels run_json "$report" expect -c '
		log_user 0
		for {set n 1} {$n <= 4000} {incr n} {
			spawn -noecho cat
			send "hello\r"
			expect {
				-re "hello\r\nhello" {}
				timeout { exit 1 }
			}
			close
			wait
			if {$n % 500 == 0} {
				set status [open /proc/self/status]
				regexp {RssAnon:\s*(\d+)} [read $status] -> anon
				close $status
				set levels [open $env(LEVELS) a]
				puts $levels $anon
				close $levels
			}
		}'
	status=$?
	per_fork=$(awk 'NR == 1 { first = $1 } END { printf "%d", ($1 - first) * 1024 / (NR - 1) / 500 }' \
		"$TMPDIR/levels")
	if [ "$per_fork" -lt 64 ]; then
		expect_clean "expect" "$report" $status 0 4000
	else
		expect "expect: exit status" 23 $status
		expect "expect: nothing but memory of expect" "heap expect" \
			"$(field "$report" '[.findings[] | "\(.cause) \(.holder.comm)"] | join(", ")')"
		expect "expect: nothing lost" 0 "$(lost "$report")"
		near "expect: as much as /proc shows ($per_fork bytes per fork)" "$per_fork" \
			"$(field "$report" '.findings[0].bytes_per_fork')" 20
	fi
fi
