# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: git: a rebase that runs a command after each of 300 commits; then clone, fetch, commit with
# a hook and repack, again and again.
# shellcheck shell=bash
. test/lib.sh

need "git" git || exit 0

export HOME=$TMPDIR GIT_CONFIG_NOSYSTEM=1
git config --global user.name nobody
git config --global user.email nobody@localhost
git config --global init.defaultBranch main
git config --global advice.detachedHead false
repo=$TMPDIR/repo
git init -q "$repo"
for ((i = 1; i <= 300; i++)); do
	printf 'commit refs/heads/main\ncommitter nobody <nobody@localhost> %d +0000\ndata 1\n%s\nM 644 inline f%d\ndata 1\n%s\n' \
		$i x $i y
done | git -C "$repo" fast-import --quiet
git -C "$repo" reset -q --hard

# The command is the oracle: it reads what private memory git has at that moment.
cat >"$TMPDIR/private" <<'END'
#!/bin/sh
git=$PPID
[ "$(cat /proc/$git/comm)" = git ] || git=$(sed -n 's/^PPid:[[:space:]]*//p' /proc/$git/status)
sed -n 's/^Private_Dirty: *\([0-9]*\) kB/\1/p' /proc/$git/smaps_rollup >>"$1"
END
chmod 755 "$TMPDIR/private"
report=$TMPDIR/rebase.json
run_json "$report" git -C "$repo" rebase -q --root -x "$TMPDIR/private $TMPDIR/levels"
status=$?
# git seems to keep the trees of all that it has checked out until it ends. So its memory grows with
# every command that it runs, and forktally has to say so.
per_fork=$(awk 'NR == 1 { first = $1 } END { printf "%d", ($1 - first) * 1024 / (NR - 1) }' "$TMPDIR/levels")
if [ "$per_fork" -lt 1024 ]; then
	expect_clean "git rebase -x" "$report" $status 0 300
else
	expect "git rebase -x: exit status" 23 $status
	expect "git rebase -x: nothing but memory of git" "heap git" \
		"$(field "$report" '[.findings[] | "\(.cause) \(.holder.comm)"] | join(", ")')"
	expect "git rebase -x: nothing lost" 0 "$(lost "$report")"
	near "git rebase -x: as much as /proc shows ($per_fork bytes per fork)" "$per_fork" \
		"$(field "$report" '.findings[0].bytes_per_fork')" 20
fi

printf '#!/bin/sh\ngit rev-parse HEAD >/dev/null\n' >"$repo/.git/hooks/pre-commit"
chmod 755 "$repo/.git/hooks/pre-commit"
report=$TMPDIR/git.json
run_json "$report" env -C "$repo" sh -c '
	end=$(($(date +%s) + $1))
	while [ "$(date +%s)" -lt $end ]; do
		git clone -q --no-local . "$0" && git commit -q --allow-empty -m x &&
			git -C "$0" fetch -q && git repack -q && rm -r "$0" || exit 1
	done' "$TMPDIR/clone" "$DRIVE_SECONDS"
expect_clean "git clone, commit, fetch, repack" "$report" $? 0 $((3 * DRIVE_SECONDS))
