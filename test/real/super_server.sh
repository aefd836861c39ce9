# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: xinetd and socat: a child that runs a program for each connection.
# shellcheck shell=bash
. test/lib.sh

# talk PORT: a line goes there and back.
talk()
{
	local line
	exec 3<>"/dev/tcp/127.0.0.1/$1" || return
	echo hello >&3
	read -r -t 5 line <&3
	exec 3>&-
	[ "$line" = hello ]
}

if need "xinetd" xinetd; then
	port=$(free_port)
	cat >"$TMPDIR/xinetd.conf" <<-END
	service echo-line
	{
		type = UNLISTED
		socket_type = stream
		protocol = tcp
		bind = 127.0.0.1
		port = $port
		wait = no
		user = $(id -un)
		server = /usr/bin/head
		server_args = -n 1
		cps = 10000 1
		instances = UNLIMITED
	}
	END
	report=$TMPDIR/xinetd.json
	serve "$report" xinetd -dontfork -f "$TMPDIR/xinetd.conf" -pidfile "$TMPDIR/xinetd.pid"
	wait_for 60 talk "$port"
	drive "xinetd" talk "$port"
	kill -TERM "$(server_pid)"
	wait $watcher
	expect_clean "xinetd" "$report" $? 0 "$driven"
fi

if need "socat" socat; then
	port=$(free_port)
	report=$TMPDIR/socat.json
	serve "$report" socat "TCP-LISTEN:$port,bind=127.0.0.1,reuseaddr,fork" "EXEC:head -n 1"
	wait_for 60 talk "$port"
	drive "socat" talk "$port"
	kill -TERM "$(server_pid)"
	wait $watcher
	expect_clean "socat" "$report" $? 143 $((2 * driven))
fi
