# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# make            build build/forktally and libforktally
# make demo       install what is missing, build, run the main job on a leaking server
# make check      install what is missing, build, pass all tests (LONG=1: the long ones too)
# make dst        random programs on the simulated kernel; SECONDS=600
# make corpus     every kind of leak and every look-alike, as a table: found, and what the kernel says
# make bench      what it costs, against bare programs and peers
# make install    DESTDIR= PREFIX=/usr/local LIBDIR=PREFIX/lib: the program, libforktally, man pages
# V=1 shows commands; SAN=1 builds with ASan and UBSan; WERROR=1 makes warnings errors
# CC=clang works as well as CC=gcc

PREFIX  ?= /usr/local
DESTDIR ?=
LIBDIR  ?= $(PREFIX)/lib
BUILD   ?= build$(if $(SAN),-san)
CC      ?= gcc
CLANG   ?= clang
OBJCOPY ?= objcopy
# Ubuntu's bpftool runs the one of the running kernel, which a container may not have.
BPFTOOL := $(or $(BPFTOOL),$(shell PATH=$$PATH:/usr/sbin:/sbin; \
	for b in bpftool /usr/lib/linux-tools/*/bpftool; do \
	$$b --version >/dev/null 2>&1 && command -v $$b && exit; done; echo bpftool))
PKG_CONFIG ?= pkg-config

VERSION := $(shell sed -n 's/^\#\# \([0-9.]*\).*/\1/p' NEWS.md 2>/dev/null | head -n 1)

LIBS     := libbpf libelf libdw jansson libzstd ncursesw
CFLAGS   ?= -O2 -g
comma    := ,
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wno-unused-parameter
OURFLAGS := -std=gnu11 -D_GNU_SOURCE -DFORKTALLY_VERSION='"$(VERSION)"' -Isrc -Iinclude -I$(BUILD) $(WARN) \
            $(if $(WERROR),-Werror) \
            $(if $(SAN),-fsanitize=address$(comma)undefined -fno-omit-frame-pointer)
DEPFLAGS  = $(shell $(PKG_CONFIG) --cflags $(LIBS))
LDLIBS    = $(shell $(PKG_CONFIG) --libs $(LIBS)) -lpthread -lm
Q        := $(if $(V),,@)
say       = $(if $(V),@:,@printf '  %-7s %s\n' $(1) $(2))

BPF_ARCH := $(shell uname -m | sed 's/x86_64/x86/;s/aarch64/arm64/;s/ppc64le/powerpc/;s/riscv64/riscv/;s/s390x/s390/')
BPF_SRC  := $(wildcard src/bpf/*.bpf.c)
SKEL     := $(BPF_SRC:src/bpf/%.bpf.c=$(BUILD)/bpf/%.skel.h)
MADE     := $(SKEL) $(BUILD)/base/syscall_names.h

SRC      := $(filter-out src/main.c,$(wildcard src/*/*.c src/source/*/*.c))
HOOK_SRC := $(wildcard src/heap/*.c)
SRC      := $(filter-out $(BPF_SRC) $(HOOK_SRC),$(SRC))
OBJ      := $(SRC:%.c=$(BUILD)/%.o)
WORKLOAD := $(patsubst test/workload/%.c,$(BUILD)/workload/%,$(wildcard test/workload/*.c))
LIBOBJ   := $(patsubst %.c,$(BUILD)/pic/%.o,$(wildcard src/quota/*.c))
LIB      := $(BUILD)/libforktally.so.0 $(BUILD)/libforktally.a
BENCH    := $(patsubst bench/%.c,$(BUILD)/bench/%,$(wildcard bench/*.c))
FUZZ     := $(patsubst test/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard test/fuzz/*.c))
UNIT     := $(patsubst test/unit/%.c,$(BUILD)/unit/%,$(wildcard test/unit/test_*.c))

.PHONY: all demo check dst corpus bench install clean workloads units benches fuzzers deps
.SECONDARY:
all: $(BUILD)/forktally $(LIB) $(BUILD)/libforktally-heap.so

$(BUILD)/forktally: $(BUILD)/src/main.o $(OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(OURFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# The library shows what forktally.h declares and nothing else, shared or static.
$(BUILD)/pic/%.o: %.c
	$(call say,PIC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(OURFLAGS) -fPIC -fvisibility=hidden -MMD -MP -c -o $@ $<

$(BUILD)/libforktally.so.0: $(LIBOBJ) src/quota/libforktally.map
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(OURFLAGS) $(LDFLAGS) -shared -Wl,-soname,libforktally.so.0 -Wl,-z,nodelete \
		-Wl,--version-script=src/quota/libforktally.map -o $@ $(LIBOBJ) -lpthread
	$(Q)ln -sf libforktally.so.0 $(BUILD)/libforktally.so

$(BUILD)/libforktally.a: $(LIBOBJ)
	$(call say,AR,$@)
	$(Q)$(LD) -r -o $(BUILD)/pic/libforktally.o $(LIBOBJ)
	$(Q)$(OBJCOPY) --localize-hidden $(BUILD)/pic/libforktally.o
	$(Q)rm -f $@ && $(AR) rcs $@ $(BUILD)/pic/libforktally.o

# Loaded into other programs: it needs nothing but libc, not even the library of gcc's unwinder.
$(BUILD)/libforktally-heap.so: $(HOOK_SRC) $(wildcard src/heap/*.h)
	$(call say,HOOK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -O2 -g -std=gnu11 -D_GNU_SOURCE -Isrc $(WARN) $(if $(WERROR),-Werror) -fPIC -shared \
		-fvisibility=hidden -static-libgcc -Wl,--exclude-libs,ALL -Wl,-z,now $(LDFLAGS) -o $@ $(HOOK_SRC)

$(BUILD)/%.o: %.c | $(MADE)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(OURFLAGS) $(DEPFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/bpf/%.bpf.o: src/bpf/%.bpf.c $(wildcard src/bpf/*.h) $(wildcard src/event/*.h)
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) -target bpf -mcpu=v3 -g -O2 $(WARN) -Wno-missing-prototypes -Isrc -D__TARGET_ARCH_$(BPF_ARCH) \
		$(shell $(PKG_CONFIG) --cflags libbpf) -c -o $@ $<

$(BUILD)/bpf/exact_old.bpf.o: src/bpf/exact.bpf.c
$(BUILD)/bpf/walk_old.bpf.o: src/bpf/walk.bpf.c

$(BUILD)/bpf/%.skel.h: $(BUILD)/bpf/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $(subst -,_,$*)_bpf > $@.tmp && mv $@.tmp $@

$(BUILD)/base/syscall_names.h: Makefile
	$(call say,NAMES,$@)
	$(Q)mkdir -p $(@D)
	$(Q)echo '#include <sys/syscall.h>' | $(CC) -E -dM - | \
		sed -n '/__NR_\(arch_specific_syscall\|syscalls\) /d; s/^#define \(__NR_\([a-z_][a-z0-9_]*\)\) .*/{\1, "\2"},/p' | sort >$@.tmp && mv $@.tmp $@

workloads: $(WORKLOAD)
$(BUILD)/workload/%: test/workload/%.c test/workload/workload.h
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -O1 -g -fno-omit-frame-pointer -Wall -Wextra -D_GNU_SOURCE -o $@ $< -lpthread -lrt

benches: $(BENCH)
$(BUILD)/bench/quota: bench/quota.c $(BUILD)/libforktally.so.0
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -O2 -g -Wall -Wextra -D_GNU_SOURCE -Iinclude \
		$(if $(SAN),-fsanitize=address$(comma)undefined) -o $@ $< -L$(BUILD) -lforktally -Wl,-rpath,'$$ORIGIN/..' -lpthread
$(BUILD)/bench/census: bench/census.c $(OBJ)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(OURFLAGS) $(DEPFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)
$(BUILD)/bench/%: bench/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -O2 -g -Wall -Wextra -D_GNU_SOURCE $(DEPFLAGS) -o $@ $< -Wl,--as-needed $(LDLIBS)

units: $(UNIT)
$(BUILD)/unit/%: $(BUILD)/test/unit/%.o $(OBJ)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(OURFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

# Random programs on the simulated kernel: make dst SECONDS=600
SECONDS ?= 60
dst: $(BUILD)/dst/dst
	$(Q)$(BUILD)/dst/dst --seeds test/dst/seeds --seconds $(SECONDS)
DST := $(patsubst %.c,$(BUILD)/%.o,$(wildcard test/dst/*.c))
$(BUILD)/dst/dst: $(DST) $(OBJ)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(OURFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# All for a minute: test/fuzz/run.sh. One by hand: build/fuzz/fuzz_log -max_total_time=60
FUZZFLAGS := -O1 -g -fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined
FUZZOBJ   := $(SRC:%.c=$(BUILD)/fuzz/obj/%.o)
fuzzers: $(FUZZ)
$(BUILD)/fuzz/obj/%.o: %.c | $(MADE)
	$(call say,FUZZ,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(FUZZFLAGS) -fsanitize=fuzzer-no-link $(OURFLAGS) $(DEPFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/fuzz/%: test/fuzz/%.c $(FUZZOBJ)
	$(call say,FUZZ,$@)
	$(Q)$(CLANG) $(FUZZFLAGS) -fsanitize=fuzzer $(OURFLAGS) $(DEPFLAGS) -o $@ $^ $(LDLIBS)

# Its stack is the sample: one that frame pointers do not lead through.
$(BUILD)/test/unit/test_unwind.o: OURFLAGS += -fomit-frame-pointer

deps:
	$(Q)./script/deps.sh

demo: deps
	$(Q)$(MAKE) --no-print-directory $(if $(V),,-s) all workloads
	$(Q)BUILD=$(BUILD) ./script/demo.sh

check: deps
	$(Q)$(MAKE) --no-print-directory $(if $(V),,-s) all workloads units benches $(BUILD)/dst/dst
	$(Q)BUILD=$(BUILD) ./test/check.sh

corpus: deps
	$(Q)$(MAKE) --no-print-directory all workloads
	$(Q)BUILD=$(BUILD) ./test/corpus.sh $(CORPUS)

bench: deps
	$(Q)$(MAKE) --no-print-directory $(if $(V),,-s) all benches
	$(Q)BUILD=$(BUILD) ./bench/run.sh

install: all
	$(Q)install -D -m 755 $(BUILD)/forktally $(DESTDIR)$(PREFIX)/bin/forktally
	$(Q)install -D -m 644 include/forktally.h $(DESTDIR)$(PREFIX)/include/forktally.h
	$(Q)install -D -m 644 $(BUILD)/libforktally.a $(DESTDIR)$(LIBDIR)/libforktally.a
	$(Q)install -D -m 755 $(BUILD)/libforktally.so.0 $(DESTDIR)$(LIBDIR)/libforktally.so.0
	$(Q)ln -sf libforktally.so.0 $(DESTDIR)$(LIBDIR)/libforktally.so
	$(Q)mkdir -p $(DESTDIR)$(LIBDIR)/pkgconfig && sed 's,@PREFIX@,$(PREFIX),; s,@LIBDIR@,$(LIBDIR),; s,@VERSION@,$(VERSION),' \
		script/libforktally.pc.in >$(DESTDIR)$(LIBDIR)/pkgconfig/libforktally.pc
	$(Q)install -D -m 644 $(BUILD)/libforktally-heap.so \
		$(DESTDIR)$(PREFIX)/lib/forktally/libforktally-heap.so
	$(Q)for p in doc/man/*.[1-8]; do [ -e "$$p" ] || continue; \
		install -D -m 644 $$p $(DESTDIR)$(PREFIX)/share/man/man$${p##*.}/$${p##*/}; done
	$(Q)install -D -m 644 script/completion.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/forktally

clean:
	$(Q)rm -rf build build-san

-include $(OBJ:.o=.d) $(FUZZOBJ:.o=.d) $(LIBOBJ:.o=.d) $(BUILD)/src/main.d $(DST:.o=.d) $(UNIT:$(BUILD)/unit/%=$(BUILD)/test/unit/%.d)
