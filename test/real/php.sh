# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: php-fpm: workers that end after 5 requests, a command run by each request; graceful stop.
# shellcheck shell=bash
. test/lib.sh

need "php-fpm" php-fpm libfcgi-bin || exit 0

fpm=$(printf '%s\n' /usr/sbin/php-fpm[0-9]* | sort -V | tail -n 1)
dir=$TMPDIR/php
mkdir "$dir"
chmod 755 "$TMPDIR" "$dir"
echo '<?php echo shell_exec("echo hello");' >"$dir/hello.php"
cat >"$dir/conf" <<END
[global]
error_log = $dir/error
daemonize = no
[www]
$([ "$(id -u)" = 0 ] && printf '%s\n' 'user = nobody' 'group = nogroup')
listen = $dir/socket
pm = static
pm.max_children = 3
pm.max_requests = 5
END
request()
{
	env REQUEST_METHOD=GET SCRIPT_FILENAME="$dir/hello.php" cgi-fcgi -bind -connect "$dir/socket" |
		grep -q '^hello$'
}

report=$TMPDIR/php.json
serve "$report" "$fpm" -n -F -y "$dir/conf"
wait_for 60 request
drive "php-fpm" request
kill -QUIT "$(server_pid)"
wait $watcher
expect_clean "php-fpm" "$report" $? 0 "$driven"
