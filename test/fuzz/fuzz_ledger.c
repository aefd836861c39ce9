/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Any bytes as events: the ledger and the verdict take them or refuse them, and the laws hold
 * after each. Numbers are kept small often enough that accounts and tags meet again.
 */
#include <stdlib.h>
#include <string.h>
#include "ledger/ledger.h"
#include "verdict/verdict.h"

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check(const struct ledger *led)
{
	const struct ledger_account *a = NULL;
	int64_t charged[POOLS] = {0}, returned[POOLS] = {0};

	while ((a = ledger_account_next(led, a))) {
		for (int pool = 0; pool < POOLS; pool++) {
			const struct ledger_sums *own = &a->pool[pool];
			const struct ledger_sums *below = &a->children.pool[pool];

			require(own->live >= 0 && below->live >= 0);
			require(own->charged.bytes - own->returned.bytes == own->live);
			require(below->charged.bytes - below->returned.bytes == below->live);
			charged[pool] += own->charged.bytes + below->charged.bytes;
			returned[pool] += own->returned.bytes + below->returned.bytes;
		}
		require(a->inherited_live >= 0 && a->marks.forks <= a->forks);
	}
	for (int pool = 0; pool < POOLS; pool++) {
		const struct ledger_pool *p = ledger_pool(led, pool);

		/* Of a pool that only LEFT objects told of, no process was charged. */
		if (!p->seen || p->returned.known == KNOWN_NOT)
			continue;
		require(p->charged.bytes == charged[pool]);
		require(p->returned.bytes == returned[pool]);
	}
}

static void tame(struct account_id *id)
{
	id->tgid &= 15;
	id->start_ns &= 1;
}

/* Most inputs would name no tag and no account twice. */
static void tame_event(struct event *ev)
{
	tame(&ev->account);
	switch (ev->type) {
	case EVENT_SESSION:
		ev->u.session.version = EVENT_VERSION;
		break;
	case EVENT_TAG:
		ev->u.tag.tag &= 7;
		break;
	case EVENT_TAKE:
		ev->u.take.take &= 7;
		break;
	case EVENT_FRAME:
		ev->u.frame.take &= 7;
		break;
	case EVENT_FORK:
		tame(&ev->u.fork.parent);
		break;
	case EVENT_CHARGE:
	case EVENT_RETURN:
		ev->u.amount.tag &= 7;
		break;
	case EVENT_GAUGE:
		ev->u.gauge.tag &= 7;
		break;
	case EVENT_OBJECT:
		ev->u.object.tag &= 7;
		ev->u.object.take &= 7;
		tame(&ev->u.object.holder);
		break;
	case EVENT_TOTAL:
		ev->u.total.tag &= 7;
		break;
	case EVENT_LEFT:
		ev->u.left.tag &= 7;
		break;
	default:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A byte for the type, a byte of choices, then as much of the event as there is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const texts[] = {NULL,      "",	    "pipe2",	      "zombie",
					    "ipc.shm", "f\tg.c\tm", "fd.socket.unix", "a\tb\tc\td"};
	struct ledger *led = ledger_new();
	struct verdict *v;

	if (!led)
		return 0;
	while (size >= 4) {
		struct event ev = {0};
		size_t bytes = data[2] % (sizeof(ev.u) + 1);

		ev.type = data[0] % (EVENT_TYPES + 1);
		ev.text = texts[data[1] % (sizeof(texts) / sizeof(*texts))];
		ev.account.tgid = data[3];
		ev.account.start_ns = data[1] >> 7;
		data += 4;
		size -= 4;
		if (bytes > size)
			bytes = size;
		memcpy(&ev.u, data, bytes);
		data += bytes;
		size -= bytes;
		if (data[-1] & 1)
			tame_event(&ev);
		(void)ledger_apply(led, &ev); /* refusing is right for most */
		check(led);
	}
	if (!verdict_new(led, &v)) {
		for (size_t i = 0; i < v->finding_count; i++)
			require(v->findings[i].cause && v->findings[i].part_count);
		verdict_free(v);
	}
	ledger_free(led);
	return 0;
}
