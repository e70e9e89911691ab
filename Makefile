# SPDX-License-Identifier: MIT
# Stage Pick. `make help` lists what there is to do.
#
# Everything is built out of tree in build/<variant>/: release, or one of
# SAN=address (with undefined), SAN=thread, SAN=fuzz (clang's libFuzzer),
# SAN=faults (engine/fault.h: faults planted on purpose, never shipped).

SAN ?=
V   := $(or $(SAN),release)
B   := build/$(V)

ifeq ($(SAN),fuzz)
CC  := clang
else ifeq ($(origin CC),default)
CC  := gcc
endif

SANFLAGS_release :=
SANFLAGS_address := -fsanitize=address,undefined -fno-sanitize-recover=undefined
SANFLAGS_thread  := -fsanitize=thread
SANFLAGS_faults  := -DSP_FAULTS
SANFLAGS_fuzz    := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
SANFLAGS := $(SANFLAGS_$(V))
OPT      := $(if $(SAN),-O1,-O2) -g -fno-omit-frame-pointer
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wcast-qual -Wpointer-arith -Wvla $(if $(CI),-Werror)
LLHTTP   := /usr/share/llhttp
CPPFLAGS += -I. -isystem /usr/share/include/llhttp -D_GNU_SOURCE -DLLHTTP_STRICT_MODE=1
CFLAGS   += -std=c17 $(OPT) $(WARN) $(SANFLAGS) -pthread
LDFLAGS  += $(SANFLAGS) -pthread
LDLIBS   += -lyajl -lmsgpackc -llmdb -lsodium -lnettle -lutf8proc -luv -lm

# An archive a folder: linked in this order, a wrong dependency fails to link.
FOLDERS  := tools net storage engine
ARCHIVES := $(FOLDERS:%=$B/%.a) $B/llhttp.a
objects   = $(patsubst %.c,$B/%.o,$(wildcard $1/*.c))
# What npm brings, as package-lock.json says: installed once, and again when that changes.
MODULES  := node_modules/.installed-run
MAINS    := $(patsubst %.c,$B/%.o,$(wildcard tools/main.c))

TESTS    := $(patsubst %.c,$B/%,$(wildcard tests/engine/*_test.c tests/storage/*_test.c \
              tests/net/*_test.c tests/tools/*_test.c tests/bench/*_test.c tests/sim/*_test.c))
FUZZERS  := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*_fuzz.c))
SHIMS    := $(patsubst %.c,$B/%.so,$(wildcard tests/support/*_shim.c))

.PHONY: all help deps run test check-fast e2e sim nightly fuzz fuzzers units bench format lint install uninstall clean FORCE tests-support
all: $B/stagepick tests-support
tests-support: $(SHIMS)

help:
	@sed -n 's/^##* *\(make [a-z].*\)/\1/p' Makefile

## make deps          install what is missing (Debian packages; root or sudo; npm's come with the build)
deps:
	@tools/install-deps.sh $(or $(filter test bench,$(MAKECMDGOALS)),run)

## make run           install, build, serve the demo on 127.0.0.1:8080
run: deps
	@$(MAKE) --no-print-directory -j2 all
	@exec $B/stagepick serve --demo --data $(or $(DATA),./data) --listen $(or $(LISTEN),127.0.0.1:8080)

## make test          install, build, run every test; ends with `N passed, N failed`
test: deps
	@tests/run.sh all
## make check-fast    unit tests alone (SAN=address or SAN=thread to check under it)
check-fast:
	@SAN=$(SAN) tests/run.sh fast
## make e2e           end-to-end tests alone (ONLY=name for one file)
e2e:
	@SAN=$(SAN) tests/run.sh e2e
## make sim SEED=n    one simulation, printed step by step
sim: $B/tests/sim/sim
	$B/tests/sim/sim --seed $(or $(SEED),1) $(if $(STEPS),--steps $(STEPS)) --verbose
## make nightly       simulation of new seeds for SECONDS=n (3600)
nightly: $B/tests/sim/sim
	$B/tests/sim/sim --seed $(or $(SEED),1000000) --seconds $(or $(SECONDS),3600)
## make fuzz          every fuzzer for SECONDS=n (60)
fuzz:
	@$(MAKE) --no-print-directory -j2 SAN=fuzz fuzzers
	@tests/run.sh fuzz $(or $(SECONDS),60)
## make bench         install the peers, build, measure everything; 15 min (BENCH_ARGS=--quick: 4)
bench: deps
	@$(MAKE) --no-print-directory -j2 $B/stagepick
	@node bench/run.mjs --program $B/stagepick $(BENCH_ARGS)
## make format        clang-format over all C files
format:
	clang-format -i $(wildcard */*.[ch] tests/*/*.[ch])
## make lint          cppcheck
lint:
	cppcheck --quiet --std=c11 --enable=warning,portability --inline-suppr -I. \
	  --suppress=missingIncludeSystem $(FOLDERS) bench
## make install       program, man page, unit, examples into $(DESTDIR)$(PREFIX) (/usr/local)
install:
	@DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' tools/operation/install.sh install $B/stagepick
## make uninstall     remove them again; data and settings stay
uninstall:
	@DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' tools/operation/install.sh uninstall
## make clean         remove build/
clean:
	rm -rf build

units: $(TESTS)
fuzzers: $(FUZZERS:%=$B/tests/fuzz/%)

# One short line a file; `make Q=` shows the commands.
Q := @
say = @printf '  %-4s %s\n' $1 $@

$B/stagepick: $(MAINS) $(ARCHIVES)
	$(call say,LD)
	$Q$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
	@$(if $(SAN),,ln -sf release/stagepick build/stagepick)

$(B)/tools.a: $(filter-out $(MAINS),$(call objects,tools)) $(call objects,bench)
$(B)/net.a: $(call objects,net) $B/net/pages_files.o
$(B)/storage.a: $(call objects,storage)
$(B)/engine.a: $(call objects,engine)
$(B)/support.a: $(filter-out %_shim.o,$(call objects,tests/support))
$(B)/%.a:
	$(call say,AR)
	$Qrm -f $@ && $(AR) rcsD $@ $^

$B/llhttp.a: $(patsubst %,$B/llhttp/%.o,api http llhttp)
$B/llhttp/%.o: $(LLHTTP)/%.c $B/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$Q$(CC) $(CPPFLAGS) -std=c17 $(OPT) $(SANFLAGS) -w -c -o $@ $<

$B/net/pages_files.o: net/pages_files.S $(wildcard net/pages/*) $(MODULES) $B/flags
	@mkdir -p $(@D)
	$(call say,AS)
	$Q$(CC) -c -o $@ $<
$(MODULES): package-lock.json
	@tools/install-modules.sh run

$B/%.o: %.c $B/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$Q$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$B/tests/sim/sim: $(filter-out %_test.o,$(call objects,tests/sim)) $B/support.a $(ARCHIVES)
	$(call say,LD)
	$Q$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka
$B/tests/%_test: $B/tests/%_test.o $B/support.a $(ARCHIVES)
	$(call say,LD)
	$Q$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka
$B/tests/fuzz/%_fuzz: $B/tests/fuzz/%_fuzz.o $B/support.a $(ARCHIVES)
	$(call say,LD)
	$Q$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS) -lcmocka
$B/tests/support/%_shim.so: tests/support/%_shim.c $B/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$Q$(CC) $(CPPFLAGS) -std=c17 -O2 -g $(WARN) -fPIC -shared -o $@ $< -ldl

# A changed flag rebuilds.
FLAGS := $(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(LDLIBS)
$B/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' > $@
FORCE:
.SECONDARY:

-include $(shell find $B -name '*.d' 2>/dev/null)
