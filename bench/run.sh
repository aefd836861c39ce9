#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# run.sh - what forktally costs, against the bare program and against other tools; `make bench`
# builds what is needed first. doc/bench.md tells how to read what it prints.
set -u
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C
# A test takes tools away by naming its own folders.
PATH=${BENCH_PATH:-$PATH:/usr/sbin:/sbin}

usage()
{
	cat <<-END
	usage: bench/run.sh [OPTION..]
	  --rounds N     every measurement N times, interleaved (5)
	  --only LIST    of: fork fork64 vfork make shell server unrelated lost (all)
	  --under LIST   of: floor bpf proc strace valgrind memleak perf forkstat (all); bare is always there
	  --seconds S    how long the part "lost" forks (60)
	  --scale F      times the operations of each load (1)
	  --limit S      a measurement that takes longer is ended and said to have failed (300)
	  --json         JSON instead of the table
	  --no-install   do not install other tools that are missing
	Lists are separated by commas. BUILD is the build's folder (build).
	END
}

all_loads="fork fork64 vfork make shell server"
rounds=5 only="$all_loads unrelated lost" under="" seconds=60 scale=1 limit=300 json="" install=1
while [ $# -gt 0 ]; do
	case $1 in
	--*=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" ;;
	esac
	case $1 in
	--rounds | --only | --under | --seconds | --scale | --limit)
		[ $# -gt 1 ] || { usage >&2; exit 2; }
		declare "${1#--}=${2//,/ }"
		shift ;;
	--json) json=1 ;;
	--no-install) install= ;;
	--help) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
	shift
done
. bench/tool.sh
: "${under:=$tools}"
has() { case " $2 " in *" $1 "*) return 0 ;; esac; return 1; }
known()
{
	local word
	for word in $1; do
		has "$word" "$2" || { echo "bench: \"$word\" is none of: $2" >&2; exit 2; }
	done
}
known "$only" "$all_loads unrelated lost"
known "$under" "$tools"
for number in "$rounds" "$seconds" "$limit"; do
	[[ $number =~ ^[1-9][0-9]*$ ]] || { echo "bench: \"$number\" is no count" >&2; exit 2; }
done
[[ $scale =~ ^[0-9]*\.?[0-9]+$ ]] || { echo "bench: \"$scale\" is no factor" >&2; exit 2; }

BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac
FORKTALLY=${FORKTALLY:-$BUILD/forktally}
bin=$BUILD/bench
for file in "$FORKTALLY" "$bin/load" "$bin/stopwatch" "$bin/floor"; do
	[ -x "$file" ] || { echo "bench: $file is missing; make bench builds it" >&2; exit 1; }
done
work=$(mktemp -d /tmp/forktally-bench.XXXXXX) || exit 1
mkdir "$work/why" "$work/tree"
beside_pid="" idle_pid=""
trap 'beside_stop; idle_stop; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
say() { [ -t 2 ] && printf '\r\033[K%s' "$*" >&2; }

# The C tree that `make` builds: N says how many of its files.
files=24
for i in $(seq $files); do
	for j in $(seq 40); do
		printf 'int f%d_%d(int *a, int n)\n{\n\tint s = %d;\n\tfor (int i = 0; i < n; i++)\n' "$i" "$j" "$j"
		printf '\t\ts = s * 31 + (a[i] ^ (s >> %d));\n\treturn s;\n}\n' $((j % 7))
	done >"$work/tree/f$i.c"
done
cat >"$work/tree/Makefile" <<'END'
OBJ := $(foreach i,$(shell seq $(N)),f$(i).o)
all.o: $(OBJ)
	ld -r -o $@ $^
%.o: %.c
	$(CC) -O1 -c -o $@ $<
END

# Operations of one run, about half a second on a small machine.
operations()
{
	local count
	case $1 in
	fork | server) count=2000 ;;
	fork64) count=300 ;;
	vfork | shell) count=600 ;;
	make) count=$files ;;
	syscall) count=10000 ;;
	esac
	awk -v n=$count -v a="$(share "$2")" -v b="$scale" -v top="$files" -v name="$1" 'BEGIN {
		n = int(n * a * b + 0.5)
		if (n < 2) n = 2
		if (name == "make" && n > top) n = top
		print n }'
}

# measure PART LOAD TOOL ROUND: one run; a line of $work/results. In the part "unrelated" the tool
# is busy elsewhere already, and the load runs bare.
# Fields: part load tool round operations loop_ns wall_ns status note
measure()
{
	local part=$1 load=$2 tool=$3 round=$4 count note='' wall=0 status=127 ops=0 ns=0 peak
	local -a words=() command
	local around=$tool
	[ "$part" = unrelated ] && around=bare
	count=$(operations "$load" "$around")
	seen=$work/seen
	rm -f "$work/ns" "$work/wall" "$seen" "$work/err"
	command=("$bin/load" -o "$work/ns" -n "$count")
	case $load in
	make)
		rm -f "$work"/tree/*.o
		command+=(command -- make -s -j2 -C "$work/tree" N="$count") ;;
	shell)
		command+=(command -- dash -c "i=0; while [ \$i -lt $count ]; do /bin/true; i=\$((i+1)); done") ;;
	*) command+=("$load") ;;
	esac
	say "bench: round $round of $rounds: $part $load under $tool"
	if ! beside_start "$around"; then
		note="did not start again"
	else
		mapfile -t words < <(wrap "$around")
		"$bin/stopwatch" -o "$work/wall" -t "$limit" -- "${words[@]}" "${command[@]}" \
			</dev/null >"$work/out" 2>"$work/err"
		[ -s "$work/wall" ] && read -r wall status peak <"$work/wall"
		[ -s "$work/ns" ] && read -r ops ns <"$work/ns"
		[ "$status" = 124 ] && note="not finished after $limit s"
		case $around in
		bpf | proc) note=${note:-$(jq -r '"\(.verdict)\([.findings[].cause] | unique |
			if length > 0 then " (" + join(", ") + ")" else "" end), \(.lost_events) lost"' \
			"$seen" 2>/dev/null)} ;;
		esac
		[ "$ns" = 0 ] && note="failed: ${note:-$(complaint "$work/err")}"
	fi
	beside_stop
	printf '%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%s\n' "$part" "$load" "$tool" "$round" "$ops" "$ns" \
		"$wall" "$status" "${note//$'\t'/ }" >>"$work/results"
}

# forktally watches a program that sleeps, while others are measured.
idle_start()
{
	if [ "$1" = floor ]; then
		floor_start
		idle_pid=$floor_pid
	else
		rm -f "$work/ready"
		"$FORKTALLY" run --source="$1" --json -o "$work/idle" -- \
			sh -c ": >'$work/ready'; exec sleep 1000" </dev/null >/dev/null 2>"$work/beside.err" &
		idle_pid=$!
	fi
	await_ready $idle_pid
}

idle_stop()
{
	[ -n "$idle_pid" ] || return 0
	kill -TERM "$idle_pid" 2>/dev/null
	wait "$idle_pid" 2>/dev/null
	idle_pid=
}

# Rotated by one each round, so that no tool always follows the same other.
rotated()
{
	local first=$(($1 % ($# - 1)))
	shift
	echo "${@:first+1}" "${@:1:first}"
}

usable=bare
for tool in $tools; do
	[ "$tool" = bare ] && continue
	has "$tool" "$under" || continue
	say "bench: trying $tool"
	trial "$tool" && usable="$usable $tool"
done
: >"$work/results"
loads=
for load in $all_loads; do has "$load" "$only" && loads="$loads $load"; done
load_before=$(cut -d' ' -f1-3 /proc/loadavg)

for round in $(seq "$rounds"); do
	for load in $loads; do
		for tool in $(rotated "$round" $usable); do measure load "$load" "$tool" "$round"; done
	done
	has unrelated "$only" || continue
	for tool in $(rotated "$round" $usable); do
		case $tool in
		bare) ;;
		floor | bpf | proc)
			if ! idle_start "$tool"; then
				idle_stop
				printf 'unrelated\tsyscall\t%s\t%d\t0\t0\t0\t1\tdid not start: %s\n' "$tool" \
					"$round" "$(complaint "$work/beside.err")" >>"$work/results"
				continue
			fi ;;
		*) continue ;;
		esac
		for load in syscall fork shell; do
			measure unrelated "$load" "$tool" "$round"
		done
		idle_stop
	done
done

# Bytes of the BPF maps and programs that the child of process $1 has open, as the kernel counts them,
# without what of them is in the child's own memory.
kernel_bytes()
{
	local child
	child=$(grep -ls "^PPid:[[:space:]]*$1\$" /proc/[0-9]*/status | head -n 1)
	child=${child%/status}
	[ -d "$child/fdinfo" ] || { echo null; return; }
	awk 'FNR == 1 { id = bytes = "" }
		/^memlock:/ { bytes = $2 }
		/^(map|prog)_id:/ { id = $1 $2; if (!(id in seen)) sum += bytes; seen[id] = 1 }
		/^[0-9a-f]+-[0-9a-f]+ / { table = /anon_inode:bpf-map/ }
		/^Rss:/ && table { sum -= 1024 * $2 }
		END { printf "%d\n", sum < 0 ? 0 : sum }' "$child"/fdinfo/* "$child/smaps" 2>/dev/null
}

: >"$work/lost"
if has lost "$only"; then
	for tool in $usable; do
		case $tool in bpf | proc) ;; *) continue ;; esac
		say "bench: forks for $seconds seconds under $tool"
		seen=$work/seen
		rm -f "$seen" "$work/ns" "$work/wall"
		mapfile -t words < <(wrap "$tool")
		"$bin/stopwatch" -m -o "$work/wall" -t $((seconds + limit)) -- "${words[@]}" \
			"$bin/load" -o "$work/ns" -s "$seconds" storm </dev/null >/dev/null 2>"$work/err" &
		watch_pid=$!
		sleep $(((seconds + 1) / 2))
		kernel=$(kernel_bytes $watch_pid)
		wait $watch_pid
		wall=0 status=127 peak=0 ops=0 ns=0
		[ -s "$work/wall" ] && read -r wall status peak <"$work/wall"
		[ -s "$work/ns" ] && read -r ops ns <"$work/ns"
		[ -s "$seen" ] && jq . "$seen" >"$work/report" 2>/dev/null || echo null >"$work/report"
		jq -n --arg under "$tool" --argjson forks "$ops" --argjson ns "$ns" --argjson wall "$wall" \
			--argjson status "$status" --argjson peak "$peak" --argjson kernel "${kernel:-null}" \
			--slurpfile report "$work/report" \
			--arg error "$(complaint "$work/err")" -f bench/lost.jq >>"$work/lost"
	done
fi
say ""

for why in "$work"/why/*; do
	[ -e "$why" ] && jq -n --arg under "${why##*/}" --arg title "$(title "${why##*/}")" \
		--arg why "$(cat "$why")" '{$under, $title, $why}'
done >"$work/refused"
titles=$(for tool in $tools; do jq -n --arg k "$tool" --arg v "$(title "$tool")" '{($k): $v}'; done | jq -s add)
jq -R -n --argjson rounds "$rounds" --argjson titles "$titles" --argjson scale "$scale" \
	--argjson cpus "$(getconf _NPROCESSORS_ONLN)" --arg kernel "$(uname -sr)" \
	--arg load_average "$load_before" --arg version "$("$FORKTALLY" --version 2>/dev/null | head -n 1)" \
	--slurpfile lost "$work/lost" --slurpfile refused "$work/refused" \
	-f bench/summary.jq <"$work/results" >"$work/summary" || exit 1
if [ -n "$json" ]; then
	cat "$work/summary"
else
	jq -r -f bench/table.jq "$work/summary"
fi
