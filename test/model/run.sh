# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: spin visits every state of test/model/quota.pml within small bounds and finds no claim broken, and finds one in
# each mutant of it. Part of the long tests; spin is installed where apt-get can.
# shellcheck shell=bash
. test/lib.sh

if ! command -v spin >/dev/null; then
	script/deps.sh spin >/dev/null 2>&1
	if ! command -v spin >/dev/null; then
		skip "the protocol of charge and return, model-checked" "no spin here, and it cannot be installed"
		exit
	fi
fi
CC=${CC:-gcc}
model=$PWD/test/model/quota.pml
cd "$TMPDIR" || exit 1

# verify OPTION..: what pan says of the model with these options.
verify()
{
	rm -f pan ./pan.* ./*.trail
	spin "$@" -a "$model" >log 2>&1 && $CC -O2 -w -DSAFETY -DCOLLAPSE -DVECTORSZ=2048 -o pan pan.c >>log 2>&1 &&
		timeout 900 ./pan -m100000 -w24 >>log 2>&1
	cat log
}

# No error, all states, and the search was not cut off. $out is what pan said.
clean()
{
	local name=$1 states
	shift
	out=$(verify "$@")
	states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' <<<"$out")
	if grep -q 'errors: 0$' <<<"$out" && ! grep -q 'not completed\|max search depth too small' <<<"$out"; then
		ok "$name: $states states, no claim broken"
	else
		not_ok "$name" "$(grep -m 2 'pan:\|errors:\|rror' <<<"$out" | tr '\n' ' ')"
	fi
}

clean "two threads, three steps each" -DLANES=2 -DOPS=3
# A claim that no step ever came to says nothing; one step of each thread does not come to all.
expect "every claim was come to" "" "$(grep 'state [0-9]*, "assert' <<<"$out" | head -n 2)"
clean "three threads, one step each" -DLANES=3 -DOPS=1

number=0
while read -r mutant; do
	number=$((number + 1))
	out=$(verify -DMUTANT=$number)
	if grep -q 'errors: 1$' <<<"$out"; then
		ok "mutant found: $mutant"
	else
		not_ok "mutant found: $mutant" "$(grep -m 2 'errors:\|rror' <<<"$out" | tr '\n' ' ')"
	fi
done <<END
reserves above the peak
reserves not collected before a charge is refused
the limit of a node not asked
a store for the compare-and-swap
reserves not collected before a return is refused
reserves of a block without references
a return from the reserve without asking how much is charged
reserves not collected when the last reference goes
END
