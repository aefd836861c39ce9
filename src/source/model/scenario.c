/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Scenarios that come with the program: one for each defect, which it switches on. */
#include <string.h>
#include "source/model/model.h"

#define CHILD_OF(name) "defect " name "\nalloc 64K\nrepeat 100\n\tfork\n"

static const struct builtin builtins[] = {
    {"q252193", "a POSIX program that forks, on the kernel that Q252193 is about",
     "defect q252193\n"
     "limit nonpaged 4M\n"
     "alloc 256K\n"
     "repeat 1000\n"
     "\tfork\n"
     "\t\texit\n"
     "\tend\n"
     "\twait\n"
     "end\n"},
    {"returned-twice", "exit gives back more than there was",
     CHILD_OF("returned-twice") "\tend\n\twait\nend\n"},
    {"wrong-block", "the family stays charged, somebody else gets the return",
     CHILD_OF("wrong-block") "\tend\n\twait\nend\n"},
    {"failed-fork", "forks that a limit refuses",
     "defect failed-fork\n"
     "limit pagefile 512K\n"
     "alloc 128K\n"
     "repeat 100\n"
     "\tfork\n"
     "\tend\n"
     "\twait\n"
     "\talloc 192K\n" /* now a copy of it all has no room */
     "\ttry fork\n"
     "\tend\n"
     "\tfree 192K\n"
     "end\n"},
    {"parent-first", "children that outlive their parent",
     CHILD_OF("parent-first") "\t\tfork\n"
			      "\t\t\tsleep 50\n"
			      "\t\tend\n"
			      "\tend\n"
			      "\twait\n"
			      "end\n"
			      "sleep 2000\n"},
    {"exit-race", "children that end at once: give it --cpus=2 or more",
     "defect exit-race\n"
     "repeat 60\n"
     "\trepeat 12\n"
     "\t\tfork\n"
     "\t\t\tsleep 20\n"
     "\t\tend\n"
     "\tend\n"
     "\twait all\n"
     "end\n"},
    {"exec-between", "children that run another program",
     CHILD_OF("exec-between") "\t\texec true\n\tend\n\twait\nend\n"},
    {"peak-not-raised", "several children at once",
     "defect peak-not-raised\n"
     "repeat 100\n"
     "\trepeat 4\n"
     "\t\tfork\n"
     "\t\t\tsleep 20\n"
     "\t\tend\n"
     "\tend\n"
     "\twait all\n"
     "end\n"},
    {"block-freed-early", "children with a quota block of their own, and memory that stays",
     CHILD_OF("block-freed-early") "\tend\n\twait\n\tfork own\n"
				   "\t\tshm segment 4K\n"
				   "\tend\n"
				   "\twait\n"
				   "\tremove segment\n"
				   "end\n"},
    {"thread-exit", "children with threads",
     CHILD_OF("thread-exit") "\t\tthread\n"
			     "\t\tend\n"
			     "\t\tsleep 20\n"
			     "\t\talloc 4K\n"
			     "\tend\n"
			     "\twait\n"
			     "end\n"},
};
#define BUILTINS (sizeof(builtins) / sizeof(*builtins))

const struct builtin *builtin_at(size_t i)
{
	return i < BUILTINS ? &builtins[i] : NULL;
}

const struct builtin *builtin_find(const char *name)
{
	for (size_t i = 0; i < BUILTINS; i++) {
		if (!strcmp(builtins[i].name, name))
			return &builtins[i];
	}
	return NULL;
}
