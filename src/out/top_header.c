/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The machine's pools, what no process holds, how many processes. */
#include <string.h>
#include "out/top.h"
#include "view/quantity.h"

#define SECOND_NS 1000000000ULL
#define TENTH_NS  100000000ULL

/* The machine's own figures, as pools. */
struct pools {
	struct amount private, kernel, shared, cache, free, total;
};

static struct pools pools_of(const struct census_machine *m)
{
	return (struct pools){
	    .private = m->anon,
	    .kernel = amount_add(amount_add(m->slab_unreclaimable, m->kernel_stack),
				 amount_add(m->page_table, m->percpu)),
	    .shared = m->shmem,
	    /* The page cache has the pages of shared memory too. */
	    .cache = amount_add(amount_sub(m->cached, m->shmem), m->slab_reclaimable),
	    .free = m->free,
	    .total = m->total,
	};
}

static void put_amount(struct top_line *line, const char *before, struct amount a,
		       enum top_style style)
{
	char buf[QUANTITY_BYTES];

	top_line_put(line, TOP_PLAIN, before);
	top_line_put(line, style, quantity_short(buf, a));
}

static void put_count(struct top_line *line, const char *before, uint64_t n, const char *one,
		      const char *many)
{
	char buf[QUANTITY_BYTES];

	top_line_put(line, TOP_PLAIN, before);
	top_line_put(line, TOP_BOLD, quantity_count(buf, n));
	top_line_put(line, TOP_PLAIN, n == 1 ? one : many);
}

static void put_seconds(struct top_line *line, const char *before, uint64_t ns)
{
	top_line_format(line, TOP_PLAIN, "%s%llu.%llu s", before,
			(unsigned long long)(ns / SECOND_NS),
			(unsigned long long)(ns % SECOND_NS / TENTH_NS));
}

static void title(const struct top_show *show, struct top_line *line)
{
	top_line_put(line, TOP_BOLD, "forktally top");
	top_line_format(line, TOP_PLAIN, "  %s  source ", show->clock);
	top_line_put(line, TOP_PLAIN, show->source);
	put_seconds(line, "  every ", show->interval_ns);
	if (show->all_kinds_ns)
		put_seconds(line, ", all kinds every ", show->all_kinds_ns);
	if (show->frozen) {
		top_line_put(line, TOP_PLAIN, "  ");
		top_line_put(line, TOP_WARN, "FROZEN (f)");
	}
}

/* A bar of the machine's memory; each pool has its letter, for those who see no colours. */
static void bar(const struct top_show *show, const struct pools *pools, struct top_line *line)
{
	const struct {
		struct amount amount;
		char letter;
		enum top_style style;
	} part[] = {{pools->private, 'p', TOP_PRIVATE},
		    {pools->kernel, 'k', TOP_KERNEL},
		    {pools->shared, 's', TOP_SHARED},
		    {pools->cache, 'c', TOP_CACHE}};
	size_t room = show->width > 42 ? show->width - 36 : 6, used = 0;
	long double sum = 0;
	struct amount in_use = amount_sub(pools->total, pools->free);

	if (room > 100)
		room = 100;
	top_line_put(line, TOP_PLAIN, "Memory [");
	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		size_t until;

		if (part[i].amount.known == KNOWN_NOT || pools->total.bytes <= 0 ||
		    part[i].amount.bytes < 0)
			continue;
		sum += part[i].amount.bytes;
		until = (size_t)(sum * room / pools->total.bytes + 0.5);
		if (until > room)
			until = room;
		if (until <= used)
			continue;
		top_line_fill(line, part[i].style, part[i].letter, until - used);
		used = until;
	}
	top_line_fill(line, TOP_PLAIN, ' ', room - used);
	put_amount(line, "] ", in_use, TOP_BOLD);
	put_amount(line, " of ", pools->total, TOP_BOLD);
	top_line_put(line, TOP_PLAIN, " not free");
}

static void pool_line(const struct top_show *show, const struct pools *pools, struct top_line *line)
{
	put_amount(line, "private ", pools->private, TOP_PRIVATE);
	put_amount(line, "  kernel ", pools->kernel, TOP_KERNEL);
	put_amount(line, "  shared ", pools->shared, TOP_SHARED);
	put_amount(line, "  cache ", pools->cache, TOP_CACHE);
	put_amount(line, "  free ", pools->free, TOP_BOLD);
	put_amount(line, "  swap ", show->census->machine.swap_used, TOP_BOLD);
}

static void unattributed(const struct top_show *show, struct top_line *line)
{
	const struct census *c = show->census;

	put_amount(line, "processes hold: private ", c->all.private, TOP_PRIVATE);
	put_amount(line, " kernel ", c->all.kernel, TOP_KERNEL);
	put_amount(line, " shared ", c->all.shared, TOP_SHARED);
	put_amount(line, "; unattributed ", c->unattributed, TOP_BOLD);
}

static void counts(const struct top_show *show, struct top_line *line)
{
	const struct census_sum *sum = &show->census->all;

	put_count(line, "", sum->processes, " process, ", " processes, ");
	put_count(line, "", sum->threads, " thread, ", " threads, ");
	put_count(line, "", sum->zombies, " zombie", " zombies");
	if (show->census->hidden == CENSUS_UNKNOWN_COUNT)
		top_line_put(line, TOP_WARN, ", others hidden");
	else if (show->census->hidden)
		put_count(line, ", ", show->census->hidden, " hidden", " hidden");
	if (*show->query->filter) {
		put_count(line, "; ", show->view->count, " matches ", " match ");
		top_line_escaped(line, TOP_WARN, show->query->filter, 0);
	}
	if (show->passed.known) {
		put_count(line, show->passed.estimate ? "; ~" : "; ", show->passed.last,
			  " came and went", " came and went");
		put_count(line, ", ", show->passed.all, " so far", " so far");
	}
}

void top_header_line(const struct top_show *show, unsigned i, struct top_line *line)
{
	struct pools pools = pools_of(&show->census->machine);

	switch (i) {
	case 0:
		title(show, line);
		break;
	case 1:
		bar(show, &pools, line);
		break;
	case 2:
		pool_line(show, &pools, line);
		break;
	case 3:
		unattributed(show, line);
		break;
	default:
		counts(show, line);
		break;
	}
}
