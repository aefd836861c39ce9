# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: the tests of libforktally see it when a law is not kept. Each line below takes one law out of a copy of src/quota/;
# at least one of the three tests must fail then, without the help of the library's own assertions. Also the stress of a minute. Part of the long tests.
# shellcheck shell=bash
. test/lib.sh

CC=${CC:-gcc}
version="-DFORKTALLY_VERSION=\"$(sed -n 's/^## \([0-9.]*\).*/\1/p' NEWS.md | head -n 1)\""

# tests FOLDER [FLAG..]: builds the three tests against this copy of the sources.
tests()
{
	local folder=$1 test
	shift
	for test in test_quota test_quota_property test_quota_threads; do
		$CC -O1 -g -w -std=gnu11 -D_GNU_SOURCE -DNDEBUG "$@" "$version" -I"$folder" -Iinclude -Itest/unit \
			-o "$TMPDIR/$test" "test/unit/$test.c" "$folder"/quota/*.c -lcmocka -lpthread || return
	done
}

# mutant NAME FILE OLD NEW: OLD, which stands there just once, becomes NEW.
mutant()
{
	local name=$1 file=$2 test by=''
	rm -rf "$TMPDIR/copy" && cp -r src "$TMPDIR/copy"
	if ! OLD=$3 NEW=$4 perl -0pi -e \
		'$n = s/\Q$ENV{OLD}\E/$ENV{NEW}/g; END { exit($n != 1) }' "$TMPDIR/copy/quota/$file"; then
		not_ok "mutant: $name" "$file has not just one: $3"
		return
	fi
	if ! tests "$TMPDIR/copy" 2>"$TMPDIR/log"; then
		not_ok "mutant: $name" "does not compile: $(head -n 2 "$TMPDIR/log" | tr '\n' ' ')"
		return
	fi
	for test in test_quota test_quota_property test_quota_threads; do
		( timeout -k 1 60 "$TMPDIR/$test" >"$TMPDIR/log" 2>&1 ) 2>/dev/null || by="$by $test"
	done
	if [ -n "$by" ]; then ok "mutant: $name: found by$by"; else not_ok "mutant: $name" "no test failed"; fi
}

mutant "a charge above the limit" node.c 'return FT_LIMIT;' 'return FT_OK;'
mutant "a limit held by the account alone" node.c 'for (const struct node *n = node; n != stop; n = n->parent)
		if (bytes > n->pool' 'for (const struct node *n = node; n == node; n = n->parent)
		if (bytes > n->pool'
mutant "reserves not collected before a charge is refused" node.c '	drain_beneath(top, pool);' ''
mutant "reserves above the peak" drain.c 'uint64_t most = p->limit < p->peak ? p->limit : p->peak;' 'uint64_t most = p->limit;'
mutant "a peak that is not raised" node.c 'p->peak = p->reserved;' ''
mutant "a peak of what is reserved" drain.c 'n->pool[pool].reserved += free;' 'if ((n->pool[pool].reserved += free) + 1 > n->pool[pool].peak) n->pool[pool].peak++;'
mutant "a charge that ancestors do not see" node.c 'p->reserved += bytes;' 'p->reserved += n == node ? bytes : 0;'
mutant "a return that ancestors do not see" node.c 'n->pool[pool].reserved -= bytes;' 'n->pool[pool].reserved -= n == node ? bytes : 0;'
mutant "a return of more than is charged" node.c 'return node->pool[pool].own >= bytes;' 'return true;'
mutant "reserves not collected before a return is refused" node.c '		drain_own(node, pool);' '		;'
mutant "a return from the reserve without asking" node.c 'word_used(old) >= bytes && word_swap' 'word_swap'
mutant "a charge from the reserve without asking" node.c 'word_free(old) >= bytes && word_swap' 'word_swap'
mutant "a store for the compare-and-swap" node.c 'return atomic_compare_exchange_strong_explicit(word, &old, new, memory_order_relaxed,
						       memory_order_relaxed);' 'atomic_store(word, new); return true;'
mutant "a slot taken for another account" node.c 'return slot->id == node->id ? &slot->word[pool] : NULL;' 'return slot->id ? &slot->word[pool] : NULL;'
mutant "reserves lost with the slot" drain.c '			drain_slot(slot, pool);
		slot->node->slots--;
	}
	slot->node = node;' '			atomic_store(&slot->word[pool], 0);
		slot->node->slots--;
	}
	slot->node = node;'
mutant "reserves lost with the thread" lane.c '	drain_lane(lane);' '	for (int i = 0; i < LANE_SLOTS; i++) if (lane->slot[i].node) lane->slot[i].node->slots--;'
mutant "several pools, some of them refused" node.c 'for (unsigned pool = 0; pool < node->pools && status == FT_OK; pool++) {
		node_add' 'for (unsigned pool = 0; pool < node->pools; pool++) {
		node_add'
mutant "a transfer that makes bytes" move.c 'a->pool[pool].own -= bytes;' ''
mutant "a transfer that ancestors see twice" move.c 'node_add(b, stop, pool, bytes);' 'node_add(b, NULL, pool, bytes);'
mutant "a transfer past a limit" move.c 'status = node_fits(b, stop, pool, bytes);' 'status = FT_OK;'
mutant "an account that moves without its charges" move.c 'node_sub(from, stop, pool, node->pool[pool].own);' ''
mutant "a limit below the usage" block.c 'status = FT_BELOW_USAGE;' 'p->limit = limit;'
mutant "an account that ends and says nothing" block.c '			status = FT_LEAK;' '			status = FT_OK;'
mutant "a leak that the block forgets" block.c 'block->stranded[pool] += left;' ''
mutant "more forgiven than was stranded" block.c 'if (node->stranded[pool] >= bytes) {' 'if (node->pool[pool].reserved >= bytes) {'
mutant "a block freed while an object is charged" block.c '		if (node->pool[pool].own)
			return true;' ''
mutant "a block freed while accounts share it" block.c 'if (node->refs || node->children)' 'if (node->refs)'
mutant "a block never freed" block.c '	for (; node && !kept(node); node = parent) {' '	for (; node && !kept(node) && !node->parent; node = parent) {'
mutant "an object returned to nobody" object.c '	status = node_return_all(&object->payer->node, object->bytes);' '	status = FT_OK;'
mutant "an object returned twice" object.c '		memset(object, 0, sizeof(*object));' ''
mutant "a child that inherits no limits" block.c 'from ? from->pool[pool].limit : FT_UNLIMITED' 'FT_UNLIMITED'

if tests src && timeout 400 "$TMPDIR/test_quota_threads" 20 >"$TMPDIR/log" 2>&1; then
	ok "a minute and more of threads at limits and peaks"
else
	not_ok "a minute and more of threads at limits and peaks" "$(grep -m 3 'ERROR\|error' "$TMPDIR/log" | tr '\n' ' ')"
fi
seed=${SEED:-$RANDOM}
if tests src -O2 && timeout 900 "$TMPDIR/test_quota_property" "$seed" 800000 >"$TMPDIR/log" 2>&1; then
	ok "random operations, seed $seed: $(grep -o '[0-9]* operations.*' "$TMPDIR/log")"
else
	not_ok "random operations, seed $seed" "$(grep -m 2 'step' "$TMPDIR/log" | tr '\n' ' ')"
fi
if tests src -fsanitize=thread 2>/dev/null; then
	for test in test_quota test_quota_threads; do
		if timeout 400 "$TMPDIR/$test" >"$TMPDIR/log" 2>&1; then
			ok "$test: ThreadSanitizer has no complaint"
		else
			not_ok "$test: ThreadSanitizer has no complaint" "$(grep -m 3 'WARNING\|ERROR' "$TMPDIR/log" | tr '\n' ' ')"
		fi
	done
else
	skip "ThreadSanitizer has no complaint" "$CC has none here"
fi
