# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: two leaks of ksh93, which doc/bugs.md describes. The pipe of a process substitution stays
# open when the command is a function (ksh 93u+, as Debian 11 had it) or is not found (93u+m 1.0.4,
# Debian 12). The script counts its own descriptors; forktally has to say the same, also of a ksh
# that has no leak.
# shellcheck shell=bash
. test/lib.sh

forks=223

# As many process substitutions as forks, then how many descriptors are open.
substitutions() # COMMAND
{
	cat <<-END
	f() { :; }
	i=0
	while [ \$i -lt $forks ]; do
		$1 <(echo x)
		i=\$((i + 1))
	done
	set -- /proc/\$\$/fd/*
	echo \$#
	END
}

# A leak where /proc shows one, else clean.
check() # NAME KSH COMMAND
{
	local name=$1 report=$TMPDIR/ksh.json status open
	substitutions "$3" >"$TMPDIR/script"
	run_json "$report" "$2" "$TMPDIR/script"
	status=$?
	open=$(tail -n 1 "$report.out")
	if [ "$open" -lt 50 ]; then
		expect_clean "$name" "$report" $status 0 $forks
		return
	fi
	expect "$name: exit status" 23 $status
	expect "$name: one finding" "fd.pipe held ksh93" \
		"$(field "$report" '[.findings[] | "\(.cause) \(.where) \(.holder.comm)"] | join(", ")')"
	near "$name: as many pipes as /proc shows ($open descriptors)" $forks \
		"$(field "$report" '.findings[0].count')" 2
	expect "$name: nothing lost" 0 "$(lost "$report")"
	[ "$FORKTALLY_SOURCE" != bpf ] ||
		expect "$name: taken at" pipe2 "$(field "$report" '.findings[0].syscall')"
}

if need "ksh, a command that is not found" ksh93u+m; then
	check "ksh, a command that is not found" ksh93 nosuchcommand
	check "ksh, a function" ksh93 f
fi

name="ksh of Debian 11, a function"
deb=ksh_2020.0.0+really93u+20120801-9_amd64.deb
if [ "$(dpkg --print-architecture 2>/dev/null)" != amd64 ]; then
	skip "$name" "it is a package for amd64"
elif ! curl -sSf -o "$TMPDIR/ksh.deb" "http://deb.debian.org/debian/pool/main/k/ksh/$deb" 2>"$TMPDIR/err"; then
	skip "$name" "no $deb: $(tail -n 1 "$TMPDIR/err")"
elif ! echo "fe9f5a10d994c64707ae5a558e3856af6b4b555d380e56bb0e2edbfca5cf119a  $TMPDIR/ksh.deb" |
	sha256sum --quiet -c - || ! dpkg -x "$TMPDIR/ksh.deb" "$TMPDIR/ksh"; then
	not_ok "$name" "not the package that Debian 11 lists"
else
	check "$name" "$TMPDIR/ksh/bin/ksh93" f
fi
