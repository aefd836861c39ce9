# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: each defect of the simulated kernel is found by the verdict, on 1 and on 4 processors,
# and the same scenario without it is clean; numbers that are known beforehand; the same seed gives
# the same bytes; errors of scripts; a recorded session through the model; what a script leaks.
# shellcheck shell=bash
. test/lib.sh

report=$TMPDIR/report.json

# found DEFECT STATUS CAUSE REASON [OPTION..]: by a finding (or "") and a reason (or "").
found()
{
	local defect=$1 status=$2 cause=$3 reason=$4 cpus
	shift 4
	for cpus in 1 4; do
		[ "$defect" = exit-race ] && [ "$cpus" = 1 ] && continue
		"$FORKTALLY" model "$defect" --cpus=$cpus --json -o "$report" "$@"
		expect "$defect, $cpus processors: status" "$status" $?
		expect "$defect, $cpus processors: found" "$cause" \
			"$(field "$report" '[.findings[] | "\(.cause) \(.where)"] | unique | join(", ")')"
		if [ -z "$reason" ] || field "$report" '.reasons[]' | grep -q "$reason"; then
			ok "$defect, $cpus processors: law"
		else
			not_ok "$defect, $cpus processors: law" "$(field "$report" '.reasons | join(" ")')"
		fi
		"$FORKTALLY" model "$defect" --fixed --cpus=$cpus --json -o "$report" "$@"
		expect "$defect fixed, $cpus processors: status" 0 $?
		expect "$defect fixed, $cpus processors: verdict" clean "$(field "$report" .verdict)"
	done
}
lost='kernel.lost lost'
found q252193 23 "$lost" ''
found returned-twice 23 'kernel.overreturn books' ''
found wrong-block 23 "$lost, kernel.overreturn books" ''
found failed-fork 23 "$lost" ''
found parent-first 23 "$lost" ''
found exit-race 23 "$lost" ''
found exec-between 23 "$lost" ''
found peak-not-raised 23 'kernel.peak books' ''
found block-freed-early 23 "$lost" ''
found thread-exit 23 "$lost" ''
"$FORKTALLY" model exit-race --json -o "$report"
expect "exit-race on one processor: nobody to race with" "0 clean" "$? $(field "$report" .verdict)"
expect "every defect has its scenario here" \
	"$("$FORKTALLY" model --list | sed -n '/^Defects/,$s/^  \([a-z0-9-]*\) .*/\1/p' | sort)" \
	"$(sed -n 's/^found \([a-z0-9-]*\) [0-9].*/\1/p' "$0" | sort)"

# whose DEFECT: what the finding about the kernel's books says of it.
whose()
{
	"$FORKTALLY" model "$1" --cpus=4 --json -o "$report"
	field "$report" '[.findings[] | select(.where == "books") | "\(.pool) \(.bytes) in \(.count),
		\(.holder.comm) \(.holder.pid) at \(.at_fork)"] | join(", ") | gsub("\\s+"; " ")'
}
# The handle table is 4,096 paged. At the highest moment five processes were charged 9,856
# nonpaged each, and the kernel knows of one.
expect "returned-twice: bytes, the first process and fork" \
	"shared 409600 in 100, model 101 at 1" "$(whose returned-twice)"
expect "wrong-block: who got the return" "shared 409600 in 100, system 1 at 1" "$(whose wrong-block)"
expect "peak-not-raised: by how much" "kernel 39424 in 0, model 100 at 8" "$(whose peak-not-raised)"

# 9,856 bytes for the first process, 9,216 for each fork, 640 for the child while it lives:
# (4,194,304 - 9,856 - 9,856) / 9,216 + 1 = 453 forks.
"$FORKTALLY" model q252193 --limit=nonpaged=4M -o "$report" >"$TMPDIR/out"
expect "q252193: forks until the quota is full" 1 \
	"$(grep -c '^fork failed after 453 forks: the nonpaged quota of 4194304 bytes was full.$' "$TMPDIR/out")"
expect "q252193: twice the limit" 909 "$(awk '$1 == 8388608 && NF == 2 { print $2 }' "$TMPDIR/out")"
expect "q252193: four times the limit" "none failed in 1000" \
	"$(awk '$1 == 16777216 { $1 = ""; print substr($0, 2) }' "$TMPDIR/out")"
# Each fork: 8,192 and 1,024 nonpaged, 2,048 and 4,096 paged, the copy of 256 KiB.
"$FORKTALLY" model q252193 --json -o "$report"
expect "q252193: bytes of each fork" "9216 453" \
	"$(field "$report" '.findings[0] | "\(.bytes_per_fork) \(.forks)"')"
expect "q252193: Private Bytes are in it" "118751232" \
	"$(field "$report" '[.findings[0].tags[] | select(.pool == "private") | .bytes] | add')"
LC_ALL=C NO_COLOR=1 "$FORKTALLY" model q252193 --compare -o "$report" >"$TMPDIR/out"
expect "compare: both verdicts" "with the defect: leak: kernel.lost (lost), 9216 bytes per fork
fixed: clean" "$(tail -n 2 "$TMPDIR/out")"
expect "compare: plain ASCII where that is asked for" 0 "$(LC_ALL=C grep -c '[^ -~]' "$TMPDIR/out")"

# same NAME OPTION..: two runs, the same events.
same()
{
	local name=$1 i
	shift
	for i in 1 2; do
		"$FORKTALLY" model "$@" --record="$TMPDIR/session.$i" -q -o /dev/null >/dev/null
	done
	if [ -s "$TMPDIR/session.1" ] && cmp -s "$TMPDIR/session.1" "$TMPDIR/session.2"; then
		ok "the same seed, the same bytes: $name"
	else
		not_ok "the same seed, the same bytes: $name" "$(cmp "$TMPDIR/session.1" "$TMPDIR/session.2" 2>&1)"
	fi
}
same "1 processor" q252193
same "64 processors" exit-race --cpus=64 --seed=7
"$FORKTALLY" model exit-race --cpus=64 --seed=8 --record="$TMPDIR/other" -q -o /dev/null >/dev/null
expect "another seed, another order" different "$(cmp -s "$TMPDIR/session.1" "$TMPDIR/other" || echo different)"
"$FORKTALLY" model exit-race --cpus=64 --seed=7 --json -o "$report"
"$FORKTALLY" replay "$TMPDIR/session.1" --json -o "$TMPDIR/replayed"
expect "replay: the same report" "" "$(diff "$report" "$TMPDIR/replayed" | head -n 5)"

# script NAME STATUS FINDINGS: the script on stdin.
script()
{
	cat >"$TMPDIR/script"
	"$FORKTALLY" model "$TMPDIR/script" --cpus=2 --json -o "$report" 2>"$TMPDIR/err"
	expect "script, $1: status" "$2" $?
	expect "script, $1: found" "$3" \
		"$(field "$report" '[.findings[] | "\(.cause) \(.where) \(.count)"] | join(", ")')"
}
script "pipes kept" 23 "fd.pipe held 50" <<'END'
repeat 50
	pipe p          # and never closed
	fork
		close p
	end
	wait
end
END
script "pipes closed" 0 "" <<'END'
repeat 50
	pipe p
	fork
	end
	close p
	wait
end
END
script "no wait" 23 "zombie held 50" <<'END'
repeat 50
	fork
		exec true 16K
		exit 3
	end
end
sleep 3000
END
script "segments left" 23 "ipc.shm left 40" <<'END'
repeat 40
	fork
		shm segment 64K
	end
	wait
end
END
script "memory kept" 23 "heap held 200" <<'END'
repeat 50
	alloc 16K
	fork
	end
	wait
end
END
script "signals that wait" 23 "signal.pending held 50" <<'END'
repeat 50
	fork
		setsid
		signal
	end
	wait
end
END
script "all of it, and all given back" 0 "" <<'END'
repeat 40
	setsid
	open file
	socket s
	vfork
		exec one
		thread
			alloc 4K
			free 4K
		end
		fork own
			pause
		end
		kill
		wait
	end
	wait
	close file
	close s
	fork
		signal
	end
	wait
	sigwait
end
END
script "a call fails" 1 "" <<'END'
close nothing
END
script "one that may fail" 7 "" <<'END'
try close nothing
exit 7
END

# wrong TEXT MESSAGE: a script with an error, and what is said.
wrong()
{
	printf '%b' "$1" >"$TMPDIR/script"
	"$FORKTALLY" model "$TMPDIR/script" >"$TMPDIR/out" 2>&1
	expect "error: $2" "125 forktally: $TMPDIR/script:$2" "$? $(cat "$TMPDIR/out")"
}
wrong 'fork\n\nfrok\n' "3: 'frok' is no statement; forktally-model(1) has them all"
wrong 'repeat 3\nfork\nend\n' "1: this block has no 'end'"
wrong 'end\n' "1: 'end' without a block that it could end"
wrong 'alloc many\n' "1: 'many' is not a number; write digits, perhaps with K, M or G"
wrong 'pipe\n' "1: 'pipe' needs a name"
wrong 'limit gold 3\n' "1: 'gold' is no pool: pagefile, nonpaged or paged"
wrong 'wait\0\n' "1: a byte 0x00: this is no script"
wrong '# nothing\n' "1: the script is empty"

# What 100 real forks and execs would have left on that kernel: 9,216 bytes each.
if "$FORKTALLY" run --source=proc --record="$TMPDIR/real" -o /dev/null -- \
	sh -c 'i=0; while [ $i -lt 100 ]; do /bin/true; i=$((i + 1)); done' 2>/dev/null; then
	"$FORKTALLY" model --from="$TMPDIR/real" --json -o "$report"
	expect "a real session with the bug" "23 100 9216" \
		"$? $(field "$report" '"\(.forks) \(.findings[0].bytes_per_fork)"')"
	"$FORKTALLY" model --from="$TMPDIR/real" --fixed --json -o "$report"
	expect "a real session, fixed" "0 100 clean" "$? $(field "$report" '"\(.forks) \(.verdict)"')"
else
	skip "a real session through the model" "source proc cannot run a shell here"
fi
