# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: vsftpd: an anonymous session with a listing and a file for each connection, in namespaces of its own.
# shellcheck shell=bash
. test/lib.sh

need "vsftpd" vsftpd curl || exit 0
need_root "vsftpd" "sessions change their root directory" || exit 0

port=$(free_port)
dir=$TMPDIR/ftp
mkdir -p "$dir/empty" "$dir/root"
chmod 755 "$TMPDIR" "$dir" "$dir/empty" "$dir/root"
echo hello >"$dir/root/hello"
cat >"$dir/conf" <<END
listen=YES
listen_address=127.0.0.1
listen_port=$port
background=NO
anonymous_enable=YES
anon_root=$dir/root
secure_chroot_dir=$dir/empty
xferlog_enable=NO
END
get() { curl -sf "ftp://127.0.0.1:$port/" "ftp://127.0.0.1:$port/hello"; }

report=$TMPDIR/vsftpd.json
serve "$report" vsftpd "$dir/conf"
wait_for 60 get
drive "vsftpd" get
kill -TERM "$(server_pid)"
wait $watcher
expect_clean "vsftpd" "$report" $? 143 $((2 * driven))
