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

if need "expect" expect; then
	report=$TMPDIR/expect.json
	run_json "$report" expect -c '
		log_user 0
		set end [expr {[clock seconds] + $env(DRIVE_SECONDS)}]
		while {[clock seconds] < $end} {
			spawn -noecho cat
			send "hello\r"
			expect {
				-re "hello\r\nhello" {}
				timeout { exit 1 }
			}
			close
			wait
		}'
	expect_clean "expect" "$report" $? 0 $((10 * DRIVE_SECONDS))
fi
