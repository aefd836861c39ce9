/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: what is said of one process: what it holds, what stands out beside its siblings, zombies,
 * the other ends of its descriptors, what could not be read; the text byte for byte; addresses of
 * /proc/net and groups of /proc/PID/cgroup. Does not cover: reading them from a live system.
 */
#include "golden.h"
#include <errno.h>
#include <jansson.h>
#include "census_sample.h"
#include "out/explain.h"
#include "source/names.h"
#include "source/socket_look.h"

static struct explain *make(const struct census *c, uint32_t pid, const struct census_files *files)
{
	struct explain *e;

	assert_int_equal(explain_new(c, census_find(c, pid, 0), files, &sample_names, &e), 0);
	return e;
}

/* Is there a sentence of this part that begins so? */
static bool says(const struct explain *e, enum explain_part part, const char *begin)
{
	for (size_t i = 0; i < e->sentence_count; i++) {
		if (e->sentence[i].part == part &&
		    !strncmp(e->sentence[i].text, begin, strlen(begin)))
			return true;
	}
	return false;
}

static void what_stands_out_beside_siblings_is_told(void **state)
{
	struct census *c = sample_census(CENSUS_KINDS_ALL, SOURCE_BPF);
	struct census_files none = {.err = 0};
	struct explain *e = make(c, 13, &none);

	assert_int_equal(e->siblings, 3);
	assert_true(e->same_parent);
	assert_true(
	    says(e, EXPLAIN_UNUSUAL, "It has 60 pipes, 144.3 KiB; its siblings have 1 (median)."));
	assert_true(says(e, EXPLAIN_TO_DO, "Close both ends of a pipe"));
	assert_int_equal(e->kind[0].kind, KIND_SHM_SYSV);
	assert_int_equal(e->kind[0].sharers, 3);
	assert_int_equal(e->kind[0].divided.bytes, 1 << 18);
	explain_free(e);

	e = make(c, 12, &none);
	assert_true(
	    says(e, EXPLAIN_UNUSUAL, "Beside its 3 siblings (worker, of the same parent) nothing"));
	assert_false(says(e, EXPLAIN_TO_DO, ""));
	explain_free(e);
	census_free(c);
}

static void one_without_siblings_is_not_compared(void **state)
{
	struct census *c = sample_census(CENSUS_KINDS_ALL, SOURCE_BPF);
	struct census_files none = {.err = 0};
	struct explain *e = make(c, 10, &none);

	assert_int_equal(e->siblings, 0);
	assert_int_equal(e->child_count, 5);
	assert_int_equal(c->process[e->child[0]].tgid, 15); /* the zombie first */
	assert_true(says(e, EXPLAIN_UNUSUAL, "1 of its children has ended"));
	assert_true(says(e, EXPLAIN_TO_DO, "Call waitpid(2)"));
	assert_false(says(e, EXPLAIN_UNUSUAL, "Beside"));
	explain_free(e);
	census_free(c);
}

static void zombies_and_kernel_threads_are_told_as_such(void **state)
{
	struct census *c = sample_census(CENSUS_KINDS_ALL, SOURCE_BPF);
	struct census_files none = {.err = 0};
	struct explain *e = make(c, 15, &none);

	assert_true(says(e, EXPLAIN_HOLDS,
			 "It is a zombie: it has ended, and what is left of it is "
			 "8.0 KiB"));
	assert_true(says(e, EXPLAIN_TO_DO, "server (pid 10) has not waited for it"));
	explain_free(e);
	e = make(c, 2, &none);
	assert_true(says(e, EXPLAIN_HOLDS, "It is a kernel thread"));
	assert_int_equal(e->sentence_count, 1);
	explain_free(e);
	census_free(c);
}

static void what_may_not_be_read_is_said(void **state)
{
	struct census *c = sample_census(CENSUS_KINDS_ALL, SOURCE_PROC);
	struct census_files refused = {.err = -EACCES};
	struct explain *e = make(c, 21, &refused);

	assert_true(says(e, EXPLAIN_HOLDS,
			 "It holds >=0 B of private memory and >=48.6 KiB of "
			 "kernel memory, with 1 thread and an unknown number of"));
	assert_true(says(e, EXPLAIN_NOT_SEEN, "What it has open may not be read: run as root"));
	explain_free(e);
	census_free(c);
}

static void ends_of_descriptors_are_told_in_words(void **state)
{
	struct census *c = sample_census(CENSUS_KINDS_ALL, SOURCE_BPF);
	struct census_file file[] = {
	    {.fd = 0,
	     .kind = KIND_FD_PIPE,
	     .reads = true,
	     .target = "pipe:[1]",
	     .socket = "",
	     .other = {10, 11, 999},
	     .others = 5,
	     .others_known = true,
	     .kernel_bytes = 2462},
	    {.fd = 1,
	     .kind = KIND_FD_PIPE,
	     .writes = true,
	     .target = "pipe:[2]",
	     .socket = "",
	     .others_known = true,
	     .kernel_bytes = 2462,
	     .queued_bytes = 65536},
	    {.fd = 2,
	     .kind = KIND_FD_PIPE,
	     .writes = true,
	     .target = "pipe:[3]",
	     .socket = "",
	     .both_ends = true,
	     .others_known = true,
	     .kernel_bytes = 2462},
	    {.fd = 3,
	     .kind = KIND_FD_SOCKET_INET,
	     .target = "socket:[4]",
	     .socket = "TCP 127.0.0.1:80 to 127.0.0.1:4711, CLOSE wait",
	     .queued_bytes = EVENT_UNKNOWN_BYTES,
	     .kernel_bytes = 3617},
	    {.fd = 4,
	     .kind = KIND_FD_FILE_DELETED,
	     .target = "/tmp/\033[2Jx (deleted)",
	     .socket = "",
	     .kernel_bytes = 1546},
	    {.fd = 5,
	     .kind = KIND_FD_FILE_DELETED,
	     .target = "/tmp/y (deleted)",
	     .socket = "",
	     .kernel_bytes = 1546},
	    {.fd = 6,
	     .kind = KIND_FD_PIPE,
	     .writes = true,
	     .target = "pipe:[5]",
	     .socket = "",
	     .kernel_bytes = 2462},
	};
	struct census_ipc ipc = {
	    .what = "shm", .id = 7, .created = true, .bytes = 1 << 20, .parts = 4};
	struct census_files files = {.file = file,
				     .count = sizeof(file) / sizeof(file[0]),
				     .ipc = &ipc,
				     .ipc_count = 1,
				     .limit = 8};
	struct explain *e = make(c, 13, &files);
	struct explain_print print = {.explain = e, .width = 100};
	char *text = NULL, *json = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	json_t *root;

	assert_int_equal(e->file[0].file->fd, 1); /* the largest */
	assert_string_equal(e->file[0].words, "pipe, writes to nobody: the other end is closed");
	assert_true(says(e, EXPLAIN_UNUSUAL, "1 pipe that it has open is closed"));
	assert_true(says(e, EXPLAIN_UNUSUAL, "1 connection of it is in CLOSE wait"));
	assert_true(says(e, EXPLAIN_UNUSUAL, "It has 2 deleted files open."));
	assert_true(says(e, EXPLAIN_UNUSUAL, "It uses 7 of the 8 descriptors"));
	assert_true(says(e, EXPLAIN_UNUSUAL, "64.0 KiB wait in its pipes and sockets."));
	assert_int_equal(explain_text_write(f, &print), 0);
	assert_int_equal(fclose(f), 0);
	golden_check("test/golden/explain.txt", text);
	f = open_memstream(&json, &size);
	assert_int_equal(explain_json_write(f, &print), 0);
	assert_int_equal(fclose(f), 0);
	root = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_int_equal(json_array_size(json_object_get(root, "files")), 7);
	json_decref(root);
	free(json);
	free(text);
	explain_free(e);
	census_free(c);
}

static void addresses_of_proc_net_are_read(void **state)
{
	struct socket_fact fact;

	assert_int_equal(
	    socket_parse_inet("   0: 0100007F:0050 0200007F:1267 01 00000010:00000020 00:00000000 "
			      "00000000  1000        0 4242 1 0000000000000000 20 4 30 10 -1",
			      "TCP", &fact),
	    0);
	assert_int_equal(fact.inode, 4242);
	assert_int_equal(fact.queued_bytes, 0x30);
	assert_string_equal(fact.words, "TCP 127.0.0.1:80 to 127.0.0.2:4711, established");
	assert_int_equal(
	    socket_parse_inet("   1: 00000000000000000000000000000000:0016 "
			      "00000000000000000000000000000000:0000 0A 00000000:00000003 "
			      "00:00000000 00000000     0        0 7 1 0 100 0 0 10 0",
			      "TCP", &fact),
	    0);
	assert_string_equal(fact.words, "TCP listening on [::]:22, 3 waiting to be accepted");
	assert_int_equal(fact.queued_bytes, 0);
	assert_int_equal(socket_parse_inet("  sl  local_address rem_address", "TCP", &fact),
			 -EINVAL);
	assert_int_equal(socket_parse_inet("", "TCP", &fact), -EINVAL);
	assert_int_equal(socket_parse_inet("0: zz:1 yy:2 01 0:0 0:0 0 0 0 5", "TCP", &fact),
			 -EINVAL);
}

static void the_memory_group_is_found(void **state)
{
	char path[64];

	names_cgroup_parse("4:cpu,memory:/a/b:c\n0::/other\n", path, sizeof(path));
	assert_string_equal(path, "/a/b:c");
	names_cgroup_parse("3:cpuset:/x\n0::/user.slice\n", path, sizeof(path));
	assert_string_equal(path, "/user.slice");
	names_cgroup_parse("3:cpuset:/x\n1:name=memory:/y\n", path, sizeof(path));
	assert_string_equal(path, "");
	names_cgroup_parse("", path, sizeof(path));
	assert_string_equal(path, "");
	names_cgroup_parse("nonsense\n::\n0:", path, sizeof(path));
	assert_string_equal(path, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_stands_out_beside_siblings_is_told),
	    cmocka_unit_test(one_without_siblings_is_not_compared),
	    cmocka_unit_test(zombies_and_kernel_threads_are_told_as_such),
	    cmocka_unit_test(what_may_not_be_read_is_said),
	    cmocka_unit_test(ends_of_descriptors_are_told_in_words),
	    cmocka_unit_test(addresses_of_proc_net_are_read),
	    cmocka_unit_test(the_memory_group_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
