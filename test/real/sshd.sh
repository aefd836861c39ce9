# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: OpenSSH's sshd and dropbear: a login and a command for each connection, through a pipe and
# on a pseudo-terminal in turn.
# shellcheck shell=bash
. test/lib.sh

dir=$TMPDIR/ssh
mkdir -m 700 "$dir" "$dir/home" "$dir/home/.ssh"
user=$(id -un)

# log_in PORT: with a terminal every second time.
log_in()
{
	local tty=-T
	[ $((++logins % 2)) = 0 ] && tty=-tt
	timeout 10 ssh $tty -F none -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
		-o IdentitiesOnly=yes -i "$dir/key" -p "$1" "$user@127.0.0.1" true
}

if need "sshd" openssh-server openssh-client; then
	ssh-keygen -q -t ed25519 -N '' -f "$dir/key"
	ssh-keygen -q -t ed25519 -N '' -f "$dir/host"
	cp "$dir/key.pub" "$dir/home/.ssh/authorized_keys"
	chmod 600 "$dir/home/.ssh/authorized_keys"
	port=$(free_port)
	cat >"$dir/conf" <<-END
	ListenAddress 127.0.0.1:$port
	HostKey $dir/host
	PidFile none
	AuthorizedKeysFile $dir/home/.ssh/authorized_keys
	SetEnv HOME=$dir/home
	StrictModes no
	UsePAM no
	MaxStartups 100
	PermitRootLogin yes
	END
	[ "$(id -u)" = 0 ] && mkdir -p /run/sshd
	report=$TMPDIR/sshd.json
	serve "$report" /usr/sbin/sshd -D -e -f "$dir/conf"
	wait_for 60 log_in "$port"
	drive "sshd" log_in "$port"
	kill -TERM "$(server_pid)"
	wait $watcher
	expect_clean "sshd" "$report" $? 0 $((2 * driven))
fi

# dropbear looks for keys in the home directory only: it gets another one there
need "dropbear" dropbear-bin openssh-client || exit 0
need_root "dropbear" "its own /root takes a mount namespace" || exit 0
dropbearkey -t ed25519 -f "$dir/dropbear" >"$dir/log" 2>&1
port=$(free_port)
report=$TMPDIR/dropbear.json
serve "$report" unshare -m sh -c 'mount --bind "$0" ~root && exec "$@"' "$dir/home" \
	dropbear -F -E -s -r "$dir/dropbear" -p "127.0.0.1:$port"
wait_for 60 log_in "$port"
drive "dropbear" log_in "$port"
kill -TERM "$(server_pid)"
wait $watcher
# 1 is how it ends for a signal
expect_clean "dropbear" "$report" $? 1 $((2 * driven))
