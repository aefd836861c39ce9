/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * embed.c - libforktally in a server: a client may hold 64 KiB, all of them together 160 KiB. Four
 * threads serve; a client whose bytes did not all come back is told when it goes.
 *
 *	cc embed.c $(pkg-config --cflags --libs libforktally) -o embed && ./embed
 */
#include <forktally.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { CLIENTS = 4, REQUESTS = 100000, MEMORY = 0, POOLS = 1 };

struct client {
	struct ft_account *account;
	int number, refused, kept;
};

static void *serve(void *arg)
{
	struct client *c = arg;

	for (int i = 0; i < REQUESTS; i++) {
		size_t bytes = (size_t)1024 << (i + c->number) % 8; /* now and then 128 KiB */

		if (ft_charge(c->account, MEMORY, bytes) != FT_OK) {
			c->refused++;
			continue;
		}
		free(malloc(bytes)); /* the work */
		if (c->number == 3 && bytes == 32 << 10 && !c->kept++)
			continue; /* the defect: freed, and the books are not told */
		if (ft_return(c->account, MEMORY, bytes) != FT_OK)
			abort(); /* given back twice */
	}
	return NULL;
}

int main(void)
{
	struct client client[CLIENTS] = {{0}};
	pthread_t thread[CLIENTS];
	struct ft_block *server;
	struct ft_level level;
	uint64_t left;

	if (ft_root_new(POOLS, &server) || ft_block_limit(server, MEMORY, 160 << 10))
		return 1;
	for (int i = 0; i < CLIENTS; i++) {
		client[i].number = i;
		if (ft_account_new(server, &client[i].account) ||
		    ft_account_limit(client[i].account, MEMORY, 64 << 10) ||
		    pthread_create(&thread[i], NULL, serve, &client[i]))
			return 1;
	}
	for (int i = 0; i < CLIENTS; i++) {
		pthread_join(thread[i], NULL);
		if (ft_account_close(client[i].account, &left) == FT_LEAK)
			printf("client %d left %d bytes\n", i, (int)left);
		if (client[i].refused < REQUESTS / 8)
			return 1;
	}
	ft_block_read(server, MEMORY, &level);
	printf("server: %d bytes charged, peak %s limit\n", (int)level.usage,
	       level.peak <= level.limit ? "within the" : "above the");
	return ft_block_put(server) == FT_LEAK ? 0 : 1;
}
