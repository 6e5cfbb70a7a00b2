# Ordeal. `make help` lists the targets; README.md says how to start.
#
# B is the build folder: every flavour (plain, asan, tsan, fuzz) has one of its own. Files register
# by being there: a *.c directly in a kind's folder is a plug-in of that kind (CONTRIBUTING.md).

MAKEFLAGS += --no-builtin-rules
SHELL   := bash
B       ?= build
CC      ?= cc
PREFIX  ?= /usr/local
CFLAGS  ?= -O2 -g
WARN    := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
           -Wold-style-definition -Wpointer-arith -Wwrite-strings -Wvla -Wformat=2 -Wundef
ALL     := -std=c17 -D_GNU_SOURCE -fPIC -pthread -MMD -MP $(WARN) $(WERROR) $(CFLAGS) $(SAN)
JOBS    ?= $(shell nproc)
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)

ifeq ($(V),)
Q := @
say = @printf '  %-7s %s\n' $(1) $(2)
endif

# -- what belongs to what ---------------------------------------------------------------------------

c_in      = $(sort $(wildcard $(addsuffix /*.c,$(1))))
needs     = $(shell grep -lE '^/\* needs: ' $(1) /dev/null 2>/dev/null)
BASE      := $(call c_in,harness/base)
CHECK     := $(BASE) $(call c_in,harness/history harness/history/formats checkers checkers/engine \
             checkers/cap checkers/levels checkers/models checkers/staleness)
LIBRARY   := $(call c_in,checkers/library)
TARGETS   := $(call c_in,targets)
PLUGINS   := $(call needs,$(TARGETS))
REFERENCE := $(call c_in,targets/reference/host)
NODE      := $(call c_in,targets/reference $(addprefix targets/reference/,local_write paxos raft runtime)) $(BASE)
CLIENT    := harness/agent/client.c harness/agent/clock_sample.c harness/agent/wire.c
AGENT     := $(BASE) harness/world.c harness/part.c $(filter-out harness/agent/client.c,$(call c_in,harness/agent harness/agent/host))
DISK      := $(call c_in,harness/disk)
LOSSFS    := $(if $(shell pkg-config --exists fuse3 2>/dev/null && echo y),$(call c_in,harness/disk/lossfs))
PROGRAM   := $(call c_in,harness harness/lab harness/transports harness/runner harness/report harness/suite \
             harness/commands nemesis workloads workloads/lib) $(CLIENT) $(REFERENCE) \
             $(filter-out $(PLUGINS),$(TARGETS))
MAIN      := harness/commands/main.c
KINDS     := checker:checkers:checkers model:checkers/models:models nemesis:nemesis:nemeses \
             workload:workloads:workloads \
             target:targets:targets transport:harness/transports:transports \
             command:harness/commands:commands protocol:targets/reference:protocols \
             format:harness/history/formats:formats
TESTS     := $(sort $(wildcard tests/*/test_*.c))
BENCH     := $(sort $(wildcard tests/bench/bench_*.c))
TEST_LIB  := $(call c_in,tests/lib)

obj        = $(patsubst %.c,$(B)/%.o,$(1))
CHECK_O   := $(call obj,$(CHECK)) \
             $(addprefix $(B)/registry/,version.o checkers.o models.o formats.o)
PROGRAM_O := $(call obj,$(filter-out $(MAIN),$(PROGRAM))) $(addprefix $(B)/registry/, \
             nemeses.o workloads.o targets.o transports.o commands.o)
LIBS      := -ljansson -lpcre2-8 -lz -lzstd -lip4tc -lip6tc -lm
LIBCHECK  := $(B)/libordeal-check.a $(B)/libordeal-check.so.1
LIBCHECK_O := $(call obj,$(LIBRARY)) $(filter-out %/base/log.o,$(CHECK_O))
PLUGIN_SO := $(patsubst targets/%.c,$(B)/plugins/target-%.so,$(PLUGINS))
BINARIES  := $(B)/ordeal $(B)/ordeal-agent $(B)/ordeal-node $(if $(LOSSFS),$(B)/ordeal-lossfs)

MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := all
.PHONY: all clean help FORCE

all: $(BINARIES) $(PLUGIN_SO) $(LIBCHECK)  ## build everything into build/

$(B)/ordeal: $(call obj,$(MAIN)) $(PROGRAM_O) $(CHECK_O)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL) -rdynamic -o $@ $^ $(LIBS)

# Copied to hosts that have no libraries of ours: static, unless a sanitizer forbids it.
$(B)/ordeal-agent: $(call obj,$(AGENT)) $(B)/registry/version.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL) $(if $(SAN),,-static) -o $@ $^ -ljansson -lm

$(B)/ordeal-node: $(call obj,$(NODE)) $(B)/registry/protocols.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL) -o $@ $^ -luv -ljansson -lm

# For other programs: nothing is visible but what include/ordeal-check.h declares. Statically that is
# one object, made of all, whose other names are its own.
EXPORTS := checkers/library/exports.map

$(B)/libordeal-check.a: $(LIBCHECK_O) $(EXPORTS)
	$(call say,AR,$@)
	$(Q)ld -r -o $(B)/libordeal-check.o $(LIBCHECK_O)
	$(Q)objcopy --wildcard $$(sed -nE 's/^ +(ordeal_[^;]*);/-G \1/p' $(EXPORTS)) $(B)/libordeal-check.o
	$(Q)rm -f $@ && ar rcs $@ $(B)/libordeal-check.o

$(B)/libordeal-check.so.1: $(LIBCHECK_O) $(EXPORTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL) -shared -Wl,-soname,$(@F) -Wl,--version-script=$(EXPORTS) $(if $(SAN),,-Wl,-z,defs) \
	  -o $@ $(LIBCHECK_O) -lpcre2-8 -lz -lzstd -lm

# The disk that can lose power, where libfuse is; without it those faults are missing, and said to be.
$(call obj,$(LOSSFS)): ALL += -D_FILE_OFFSET_BITS=64
$(B)/ordeal-lossfs: $(call obj,$(LOSSFS) $(DISK) $(BASE))
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL) -o $@ $^ $$(pkg-config --libs fuse3) -lm

# Everything but main, for the tests: the program's and the agent's.
$(B)/libordeal-all.a: $(sort $(PROGRAM_O) $(CHECK_O) $(call obj,$(LIBRARY)) $(filter-out %/agent/main.o,$(call obj,$(AGENT) $(DISK))))
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

# A file of a kind's folder whose first lines name a library is opened when it is used; with it go
# the files of the folder of its name. Where the library is missing a note is left instead, from
# which `ordeal` tells what to install.
$(B)/plugins/target-%.so: targets/%.c
	$(call say,PLUGIN,$@)
	$(Q)rm -rf $(@:.so=.objects) && mkdir -p $(@:.so=.objects)
	$(Q)read -r lib package <<< "$$(sed -nE \
	  's|^/\* needs: ([^ ]+) \(([^)]*)\).*|\1 \2|p' $< | head -n 1)"; \
	rm -f $(@:.so=.skipped); \
	if ! pkg-config --exists "$$lib"; then \
	  echo "$$package" > $(@:.so=.skipped); \
	  echo "  skipped target '$*': $$package is missing (make deps)"; exit; fi; \
	note=$(@:.so=.objects)/note.c; \
	echo "#include \"targets/plugin.h\"" > $$note; \
	for source in $< $(wildcard targets/$*/*.c) $$note; do \
	  object=$(@:.so=.objects)/$$(basename $$source .c); \
	  $(CC) $(ALL) -I. -MT $@ -MF $$object.d -DPLUGIN_PACKAGE="\"$$package\"" \
	    $$(pkg-config --cflags "$$lib") -c -o $$object.o $$source || exit; \
	done; \
	$(CC) $(ALL) -shared -Wl,-Bsymbolic -o $@ $(@:.so=.objects)/*.o $$(pkg-config --libs "$$lib")

$(B)/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL) -c -o $@ $<

# Copied into other programs: nothing may be added to it.
$(B)/harness/agent/clock_code.o: harness/agent/clock_code.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=c17 -D_GNU_SOURCE -fPIC -MMD -MP $(WARN) $(WERROR) -O2 -g -fno-stack-protector \
	  -mgeneral-regs-only -fcf-protection=none -fno-jump-tables -fno-tree-vectorize -c -o $@ $<

# -- registration -----------------------------------------------------------------------------------

$(B)/registry/%.o: $(B)/registry/%.c
	$(Q)$(CC) $(ALL) -I. -c -o $@ $<

# One sorted table per kind; written anew only when it changed, so that a deleted file counts too.
$(B)/registry/%.c: FORCE
	$(Q)mkdir -p $(@D)
	$(Q){ echo '/* Generated by make: do not edit. */'; \
	for kind in $(KINDS); do \
	  IFS=: read -r noun dir table <<< "$$kind"; [ $$table = $* ] || continue; \
	  echo "#include \"$$(ls harness/$$noun.h $$dir/$$table.h $$dir/runtime/$$noun.h 2>/dev/null)\""; \
	  names=$$(ls $$dir/*.c 2>/dev/null | grep -vxF "$$(printf '%s\n' $(PLUGINS) -)" | \
	    if [ -e harness/$$noun.h ]; then cat; \
	    else xargs grep -l "^const struct $$noun $${noun}_"; fi | \
	    xargs -rn1 basename | sed 's/\.c$$//'); \
	  for n in $$names; do echo "extern const struct $$noun $${noun}_$$n;"; done; \
	  echo "const struct $$noun *const $$table[] = {"; \
	  for n in $$names; do echo "    &$${noun}_$$n,"; done; \
	  echo "    0,"; echo "};"; \
	done; } > $@.new; cmp -s $@ $@.new && rm $@.new || mv $@.new $@

$(B)/registry/version.c: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)printf '#include "harness/base/version.h"\nconst char ordeal_version[] = "%s";\n' '$(VERSION)' \
	  > $@.new; cmp -s $@ $@.new && rm $@.new || mv $@.new $@

.SECONDARY:

# -- tests ------------------------------------------------------------------------------------------

# tests/X/test_y.c is a cmocka program of its own; it may use everything but main.
TEST_BIN := $(patsubst tests/%.c,$(B)/tests/%,$(TESTS))

$(B)/tests/%: $(B)/tests/%.o $(call obj,$(TEST_LIB)) $(B)/libordeal-all.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL) -rdynamic -o $@ $(filter %.o,$^) $(B)/libordeal-all.a $(LIBS) -lcmocka

# Flavours: the same tests under sanitizers, each in a build folder of its own.
ASAN := B=$(B)/asan CFLAGS="-O1 -g" SAN="-fsanitize=address,undefined -fno-omit-frame-pointer"
TSAN := B=$(B)/tsan CFLAGS="-O1 -g" SAN=-fsanitize=thread
E2E  := $(sort $(wildcard tests/e2e/*.sh))

# Stands in for the agent in tests of the lab; static too, but for sanitizers.
STAND_IN := $(B)/tests/lab/stand_in/ordeal-agent

$(STAND_IN): tests/lab/stand_in/agent.c
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL) $(if $(SAN),,-static) -o $@ $<

# A foreign program for the tests of clocks, in both ways of linking and without sanitizers.
TELLERS := $(B)/tests/agent/clock_teller/dynamic $(B)/tests/agent/clock_teller/static

$(TELLERS): tests/agent/clock_teller/teller.c
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=c17 -D_GNU_SOURCE -pthread -O2 -g $(WARN) $(if $(filter %static,$@),-static) -o $@ $<

# The first process of a virtual machine: a host whose clock may be changed.
VM_INIT := $(B)/tests/vm/host_clock

$(VM_INIT): $(B)/tests/vm/host_clock.o $(call obj,$(filter-out %/main.c,$(AGENT))) $(B)/registry/version.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL) -static -o $@ $^ -ljansson -lm

.PHONY: vm
vm: $(VM_INIT) $(B)/ordeal-agent  ## the clock of a host, in a virtual machine (needs qemu-system-x86 and cpio)
	$(Q)tools/fetch-kernel $(B)/vm
	$(Q)B=$(B) JOBS=1 tests/run vm tests/e2e/host_clock.sh

.PHONY: unit unit-asan unit-tsan e2e test tests-built
tests-built: $(TEST_BIN) $(STAND_IN) $(TELLERS) $(filter-out $(B)/ordeal,$(BINARIES)) $(PLUGIN_SO)

unit: tests-built  ## unit tests, no root needed
	$(Q)B=$(B) tests/run unit $(TEST_BIN)

# Any bytes through every parser of what comes from outside, from the seeds and what was found since.
FUZZERS      := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SECONDS ?= 60
FUZZ         := B=$(B)/fuzz CC=clang CFLAGS="-O1 -g" \
                SAN="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all"

$(B)/tests/fuzz/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/fuzz.o $(B)/libordeal-all.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL) -fsanitize=fuzzer -o $@ $^ $(LIBS)

.PHONY: fuzz fuzz-built
fuzz-built: $(FUZZERS:%.c=$(B)/%)

fuzz:  ## every parser, FUZZ_SECONDS each (clang)
	$(Q)$(MAKE) --no-print-directory $(FUZZ) fuzz-built
	$(Q)tests/fuzz/run $(B)/fuzz $(FUZZ_SECONDS) $(FUZZERS:%.c=$(B)/fuzz/%)

unit-asan:  ## unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) $(ASAN) tests-built
	$(Q)B=$(B)/asan tests/run asan $(TEST_BIN:$(B)/%=$(B)/asan/%)

# ThreadSanitizer wants addresses that are not randomised. Not under it: tests whose processes come from
# raw clones, in which its runtime now and then waits for a lock that nobody there will release.
CLONES   := $(filter $(B)/tests/disk/test_lossfs $(B)/tests/agent/test_disk $(B)/tests/lab/% $(B)/tests/transports/%,$(TEST_BIN))
TSAN_BIN := $(patsubst $(B)/%,$(B)/tsan/%,$(filter-out $(CLONES),$(TEST_BIN)))

unit-tsan:  ## unit tests under ThreadSanitizer
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) $(TSAN) tests-built
	$(Q)B=$(B)/tsan WRAP="setarch -R" tests/run tsan $(TSAN_BIN)

e2e: all packages $(B)/tests/lab/test_leftovers $(STAND_IN) $(VM_INIT)  ## the real program on real clusters
	$(Q)B=$(B) TEST_TIMEOUT=600 tests/run e2e $(E2E)

test: deps  ## everything: unit tests under sanitizers, and end to end
	$(Q)[ "$$(id -u)" -ne 0 ] || tools/deps test
	$(Q)mkdir -p $(B) && rm -f $(B)/results
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) all tests-built packages
	$(Q)for step in unit-asan unit-tsan e2e; do \
	  RESULTS=$(abspath $(B))/results $(MAKE) --no-print-directory $$step || true; done
	$(Q)tests/summary $(B)/results

.PHONY: soak
soak: all  ## every fault family mixed, seeds 1-200, 5 s each, on targets that are correct
	$(Q)B=$(B) JOBS=$(JOBS) tests/soak/mixed

# -- proof ------------------------------------------------------------------------------------------

SEED ?= 1

.PHONY: prove
prove: $(B)/tests/prove/prove  ## the checkers against brute force: all small histories, millions of random
	$(Q)$< --list | xargs -P 2 -n 1 $< --seed $(SEED)

.PHONY: mutants
mutants:  ## break each checker in small ways: every mutant is killed by the quick tests
	$(Q)B=$(B) CC="$(CC)" tests/mutants/run

# -- the machine ------------------------------------------------------------------------------------

.PHONY: deps deps-dev packages demo install lint format
deps:  ## install the libraries that building needs (prints the command first)
	$(Q)tools/deps

deps-dev:  ## and what linting and fuzzing need
	$(Q)tools/deps dev

packages: all  ## fetch the databases that are not on this machine into build/packages
	$(Q)tools/fetch-packages $(B)/ordeal

demo: deps  ## get what is missing, build, and run the main job: three clusters on trial
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) all packages
	$(Q)tools/demo $(B)/ordeal

PLANS := $(patsubst targets/reference/%,$(B)/%,$(wildcard targets/reference/plans/*.json))
all: $(PLANS)
$(B)/plans/%.json: targets/reference/plans/%.json
	$(Q)mkdir -p $(@D) && cp $< $@

install: all  ## install under PREFIX (default /usr/local), below DESTDIR
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/ordeal/plugins \
	  $(DESTDIR)$(PREFIX)/lib $(DESTDIR)$(PREFIX)/include
	install $(B)/ordeal $(DESTDIR)$(PREFIX)/bin/
	install $(filter-out $(B)/ordeal,$(BINARIES)) $(DESTDIR)$(PREFIX)/libexec/ordeal/
	install -d $(DESTDIR)$(PREFIX)/libexec/ordeal/plans
	install -m 644 $(PLANS) $(DESTDIR)$(PREFIX)/libexec/ordeal/plans/
	$(if $(wildcard $(B)/plugins/*.so),install -m 644 $(wildcard $(B)/plugins/*.so) \
	  $(DESTDIR)$(PREFIX)/libexec/ordeal/plugins/)
	install -d $(DESTDIR)$(PREFIX)/lib/pkgconfig
	install -m 644 $(LIBCHECK) $(DESTDIR)$(PREFIX)/lib/
	ln -sf libordeal-check.so.1 $(DESTDIR)$(PREFIX)/lib/libordeal-check.so
	install -m 644 include/ordeal-check.h include/ordeal-model.h $(DESTDIR)$(PREFIX)/include/
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|' checkers/library/ordeal-check.pc.in \
	  > $(DESTDIR)$(PREFIX)/lib/pkgconfig/ordeal-check.pc

# -- style ------------------------------------------------------------------------------------------

C_FILES := $(sort $(shell git ls-files '*.c' '*.h' 2>/dev/null))

lint: all  ## format, clang-tidy, cppcheck and our own rules
	$(Q)B=$(B) tests/lint.sh $(C_FILES)

format:  ## apply the format
	$(Q)clang-format -i $(C_FILES)

# -- measurements -----------------------------------------------------------------------------------

# tests/bench/bench_x.c prints what it measures; all of them in one run, so that ratios mean something.
# bench_table is for the checkers; check, levels and read measure one history, with more to say of it.
BENCH_ALONE := %/bench_check %/bench_levels %/bench_read
BENCH_BIN := $(patsubst tests/%.c,$(B)/tests/%,$(BENCH))

.PHONY: bench bench-lab bench-nemesis
bench-lab: $(B)/tests/bench/bench_lab $(STAND_IN)  ## measure: how fast nodes and partitions come
	$(Q)$<

# Each bench_nemesis_* prints rows of one table (docs/nemeses.md).
BENCH_NEMESIS := $(filter $(B)/tests/bench/bench_nemesis_%,$(BENCH_BIN))

bench-nemesis: $(BENCH_NEMESIS) $(BINARIES) $(STAND_IN) $(TELLERS)  ## measure: each fault from outside, beside what was declared
	$(Q)printf '| fault | declared | measured from outside | promised |\n|---|---|---|---|\n'
	$(Q)since=$$(tests/bench/stolen); for bench in $(BENCH_NEMESIS); do B=$(B) $$bench || exit 1; done; \
	  tests/bench/stolen $$since

bench: $(BENCH_BIN) $(BINARIES) $(STAND_IN)  ## measure: lab, faults, record, checkers
	$(Q)since=$$(tests/bench/stolen); \
	for bench in $(filter-out $(BENCH_ALONE) $(BENCH_NEMESIS),$(BENCH_BIN)) tests/bench/bench_run.sh; do \
	  echo "== $${bench##*/bench_}"; B=$(B) $$bench || exit 1; done; tests/bench/stolen $$since

clean:  ## remove the build folder
	rm -rf $(B)

help:  ## list the targets
	@sed -nE 's/^([a-z0-9-]+):.*  ## (.*)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name about; do \
	  printf '  make %-14s %s\n' "$$name" "$$about"; done

# Neither other flavours' nor what packages bring.
-include $(shell find $(B) -mindepth 1 \( -name packages -o -name asan -o -name tsan -o -name fuzz -path "$(B)/fuzz" \) -prune -o -name '*.d' -type f -print 2>/dev/null)
