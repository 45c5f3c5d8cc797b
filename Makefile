# nuncio: build, test, install. `make help` lists the goals.
#
# One build folder per mode: build/ for the usual one, build/asan, build/fuzz, build/gcc, build/clang for the others.

MODE    ?= release
PREFIX  ?= /usr/local
CAPSULE ?= capsule
RUN_FLAGS ?=
# Debian's own interpreter: the one that the python3-pytest package belongs to.
PYTHON  ?= /usr/bin/python3
FUZZ_SECONDS ?= 60
FUZZ_RUNS ?=
FUZZ_SEED ?= 1

VERSION := 0.1.0

B := $(if $(filter release,$(MODE)),build,build/$(MODE))

# ---------------------------------------------------------------- compilers

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wcast-qual \
            -Wwrite-strings -Wformat=2 -Wundef -Wvla -Wswitch-enum
CPPFLAGS += -D_GNU_SOURCE -DNUNCIO_VERSION='"$(VERSION)"' -Isrc
CFLAGS   ?= -O2 -g
HARDEN_C := -fstack-protector-strong -fPIE
HARDEN_L := -pie -Wl,-z,relro,-z,now
LDLIBS   := -luv -lssl -lcrypto -luriparser -lutf8proc -lseccomp -lconfuse

ALL_CFLAGS = -std=c11 $(WARNINGS) $(MODE_CFLAGS) $(HARDEN_C) $(CFLAGS)

ifeq ($(MODE),release)
  CPPFLAGS += -D_FORTIFY_SOURCE=2
else ifeq ($(MODE),gcc)
  CC := gcc
  CPPFLAGS += -D_FORTIFY_SOURCE=2
  MODE_CFLAGS := -Werror
else ifeq ($(MODE),clang)
  CC := clang
  CPPFLAGS += -D_FORTIFY_SOURCE=2
  MODE_CFLAGS := -Werror
else ifeq ($(MODE),asan)
  MODE_CFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
  CFLAGS := -O1 -g1
  # Linked in, the sanitizers start and end in two thirds of the time, and the tests start thousands of processes.
  LDFLAGS += $(if $(findstring clang,$(CC)),,-static-libasan -static-libubsan)
else ifeq ($(MODE),cov)
  MODE_CFLAGS := --coverage
  CFLAGS := -O0 -g
else ifeq ($(MODE),fuzz)
  CC := clang
  MODE_CFLAGS := -Werror -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all
  CFLAGS := -O1 -g1
else
  $(error MODE is one of release gcc clang asan cov fuzz, not $(MODE))
endif

# V=1 shows the whole commands, -s nothing.
Q := $(if $(V),,@)
SILENT := $(findstring s,$(firstword -$(MAKEFLAGS)))
say = $(if $(V)$(SILENT),,@printf '  %-5s %s\n' '$(1)' '$(2)')

LINK = $(CC) $(ALL_CFLAGS) $(LDFLAGS) $(HARDEN_L)

# ---------------------------------------------------------------- files, found by globbing

SRC   := $(sort $(wildcard src/*/*.c))
OBJ   := $(SRC:%.c=$B/%.o)
UNIT  := $(sort $(wildcard tests/unit/*/test_*.c tests/core/test_*.c))
FUZZ  := $(sort $(wildcard tests/fuzz/fuzz_*.c))
HELP_C := $(sort $(wildcard tests/support/*.c))
UNIT_BIN := $(UNIT:%.c=$B/%)
FUZZ_BIN := $(FUZZ:%.c=$B/%)
FLOOR := $B/tests/bench/floor
REPLAY_BIN := $(FUZZ:tests/fuzz/fuzz_%.c=$B/tests/fuzz/replay_%)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: all help deps deps-bench run test unit e2e scan asan fuzz fuzz-replay bench bench-lost bench-scaling lint layers \
        format format-check tidy cppcheck warnings warnings-gcc warnings-clang cov clean

all: $B/nuncio ## build build/nuncio

$B/nuncio: $B/src/main.o $B/libnuncio.a
	$(call say,link,$@)
	$(Q)$(LINK) -o $@ $^ $(LDLIBS)

$B/libnuncio.a: $(OBJ)
	$(call say,ar,$@)
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

$B/%.o: %.c Makefile | needs
	$(call say,$(CC),$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$B/tests/unit/%: $B/tests/unit/%.o $(HELP_C:%.c=$B/%.o) $B/libnuncio.a
	$(call say,link,$@)
	$(Q)$(LINK) -o $@ $^ $(LDLIBS) -lcmocka
# Tests in which memory runs out: see tests/support/short_memory.h.
SHORT_MEMORY := $(foreach f,malloc calloc realloc free,-Wl,--wrap=$f)
$B/tests/unit/net/test_conn_memory $B/tests/unit/site/test_map: LINK += $(SHORT_MEMORY)
$B/tests/unit/net/test_conn_visitor: LINK += -Wl,--wrap=site_start
$B/tests/core/%: $B/tests/core/%.o $(HELP_C:%.c=$B/%.o) $B/libnuncio.a
	$(call say,link,$@)
	$(Q)$(LINK) -o $@ $^ $(LDLIBS) -lcmocka
$B/tests/fuzz/replay_%: $B/tests/fuzz/fuzz_%.o $B/tests/fuzz/replay.o $B/libnuncio.a
	$(call say,link,$@)
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LDLIBS)
$B/tests/fuzz/fuzz_%: $B/tests/fuzz/fuzz_%.o $B/libnuncio.a
	$(call say,link,$@)
	$(Q)$(LINK) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LDLIBS)
# Whole connections run over a kernel in memory, and paths are looked up on a disk that is watched: what they ask of the
# system's goes there.
ON_DISK := syscall open openat __openat_2 preadv2 pread read
ON_LOOP := recv send shutdown setsockopt getsockopt getsockname ioctl close epoll_create1 epoll_ctl epoll_wait uv_now uv_close \
           uv_timer_init uv_timer_start uv_timer_stop uv_timer_get_due_in uv_poll_init uv_poll_start log_write log_line
FOLDER_OBJ := $B/tests/fuzz/disk.o $(filter %/fill.o %/folder.o,$(HELP_C:%.c=$B/%.o))
CONN_OBJ := $(FOLDER_OBJ) $(patsubst %,$B/tests/fuzz/%.o,loopback same_random tls_peer conn_answer conn_client conn_times conn_world) \
            $(filter %/pool.o,$(HELP_C:%.c=$B/%.o))
CONN_BIN := $B/tests/fuzz/fuzz_conn $B/tests/fuzz/replay_conn
RESOLVE_BIN := $B/tests/fuzz/fuzz_resolve $B/tests/fuzz/replay_resolve
$(CONN_BIN): $(CONN_OBJ)
$(CONN_BIN): LDLIBS += $(ON_DISK:%=-Wl,--wrap=%) $(ON_LOOP:%=-Wl,--wrap=%) -lcmocka
$(RESOLVE_BIN): $(FOLDER_OBJ)
$(RESOLVE_BIN): LDLIBS += $(ON_DISK:%=-Wl,--wrap=%) -lcmocka
$B/tests/fuzz/fuzz_tls $B/tests/fuzz/replay_tls: $B/tests/fuzz/same_random.o
$(FLOOR): $B/tests/bench/floor.o
	$(call say,link,$@)
	$(Q)$(LINK) -o $@ $^ -lssl -lcrypto

# Objects of tests are kept, so that an unchanged tree builds nothing.
.SECONDARY:
-include $(shell find $B/src $B/tests -type f -name '*.d' 2>/dev/null)

# ---------------------------------------------------------------- what must be installed

DEPS_BUILD := libuv1-dev libssl-dev liburiparser-dev libutf8proc-dev libseccomp-dev libconfuse-dev
DEPS_TEST  := libcmocka-dev musl-tools python3 python3-pytest python3-pytest-xdist openssl netcat-openbsd curl lynx gopher tmux \
              bombadillo amfora gnutls-bin libnss3-tools sslscan systemd
DEPS_SCAN  := testssl.sh sslscan openssl python3 python3-pytest
DEPS_LINT  := clang clang-tidy clang-format cppcheck gcc mandoc shellcheck
DEPS_DEB   := dpkg-dev debhelper lintian
DEPS_CHECK := debootstrap openssl iproute2
DEPS_FUZZ  := clang libclang-rt-14-dev
DEPS_BENCH := python3 openssl
# The servers that `make bench` compares with, and the inetd that one of them needs.
PEERS      := molly-brown gophernicus openbsd-inetd pygopherd

DEPS_GOALS := deps deps-bench
GOALS := $(or $(filter-out $(DEPS_GOALS),$(MAKECMDGOALS)),all)
DEPS_WANTED := $(sort $(DEPS_BUILD) \
  $(if $(filter test unit e2e asan cov faults,$(GOALS)),$(DEPS_TEST)) \
  $(if $(filter lint warnings tidy cppcheck format format-check layers manual shell,$(GOALS)),$(DEPS_TEST) $(DEPS_LINT)) \
  $(if $(filter fuzz,$(GOALS)),$(DEPS_FUZZ)) \
  $(if $(filter scan,$(GOALS)),$(DEPS_SCAN)) \
  $(if $(filter deb deb-check,$(GOALS)),$(DEPS_DEB)) \
  $(if $(filter deb-check,$(GOALS)),$(DEPS_CHECK)) \
  $(if $(filter bench bench-lost bench-scaling,$(GOALS)),$(DEPS_BENCH)))

# With `deps` on the command line everything else waits for it, under -j too.
.PHONY: needs
needs: $(filter $(DEPS_GOALS),$(MAKECMDGOALS))

deps: $(if $(filter bench,$(GOALS)),deps-bench) ## install the Debian packages that the other goals on the line need
	@missing=""; \
	have=" $$(dpkg-query -W -f='$${db:Status-Status}:$${Package} ' $(DEPS_WANTED) 2>/dev/null)"; \
	for p in $(DEPS_WANTED); do case "$$have" in *" installed:$$p "*) ;; *) missing="$$missing $$p";; esac; done; \
	if [ -n "$$missing" ]; then \
	  sudo=""; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	  if [ -n "$$sudo" ] && ! command -v sudo >/dev/null; then \
	    echo "deps: missing$$missing: install them as root (apt-get install$$missing)" >&2; exit 1; fi; \
	  echo "deps: installing$$missing"; \
	  $$sudo apt-get update -q && \
	  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $$missing; \
	fi

deps-bench: ## install the servers that `make bench` compares with; none of them is started
	@tests/bench/install-peers.sh $(PEERS)

# ---------------------------------------------------------------- using it

run: $B/nuncio ## serve ./capsule on gemini port 1965 and gopher port 7070
	@exec $B/nuncio serve $(if $(findstring --gopher,$(RUN_FLAGS)),,--gopher 7070) $(RUN_FLAGS) "$(CAPSULE)"

include src/dist/dist.mk

# ---------------------------------------------------------------- tests

# The unit tests run side by side under -j: what some of them measure is the time of the processor.
test: $(UNIT_BIN) $(REPLAY_BIN) $B/nuncio $(FLOOR) ## every test: unit, core, corpora, end to end
	+@$(MAKE) --no-print-directory unit
	+@$(MAKE) --no-print-directory fuzz-replay
	+@$(MAKE) --no-print-directory e2e

UNIT_RUN := $(UNIT_BIN:%=%.run)
.PHONY: $(UNIT_RUN)
unit: $(UNIT_RUN) ## unit and core tests (cmocka)

$(UNIT_RUN): %.run: %
	@CMOCKA_MESSAGE_OUTPUT=stdout timeout 300 $< >$<.out 2>&1 || { cat $<.out; echo "FAILED: $<"; exit 1; }
	@grep -E '^\[  (PASSED|SKIPPED)' $<.out | sed "s|^|$(<:$B/tests/%=%): |"

fuzz-replay: $(REPLAY_BIN) ## the corpora of the fuzz targets, without a fuzzer
	@for t in $^; do name=$${t##*/replay_}; timeout 300 $$t tests/fuzz/corpus/$$name || { echo "FAILED: $$t"; exit 1; }; done

# Most tests wait more than they work: a few files at a time, whose servers take ports of the system's choice.
E2E_JOBS ?= 4
e2e: $B/nuncio $(FLOOR) ## end-to-end tests (pytest): a real server, real clients
	NUNCIO=$(abspath $B/nuncio) FLOOR=$(abspath $(FLOOR)) NUNCIO_MODE=$(MODE) timeout 1200 \
	  $(PYTHON) -B -m pytest -q -p no:cacheprovider -n $(E2E_JOBS) --dist loadfile tests/e2e $(PYTEST_FLAGS)

# SCAN=short: what matters most, in a minute.
scan: $B/nuncio ## sslscan and testssl.sh on a running server: minutes; reports into build/scan
	@NUNCIO=$(abspath $B/nuncio) SCAN=$(SCAN) SCAN_REPORTS=$(abspath build/scan) timeout 1800 \
	  $(PYTHON) -B -m pytest -q -s -p no:cacheprovider tests/e2e/test_tls_scanners.py tests/e2e/scan_testssl.py

asan: | needs ## the whole suite under the address and undefined-behaviour sanitizers
	+$(MAKE) --no-print-directory MODE=asan test

# FUZZ_RUNS=N with FUZZ_SEED=N does the same every time: so many inputs, and the same ones from the same corpus.
fuzz: | needs ## run every fuzz target for FUZZ_SECONDS (or FUZZ_RUNS inputs) under libFuzzer (clang)
	+$(MAKE) --no-print-directory MODE=fuzz fuzz-run

FUZZ_RUN := $(FUZZ_BIN:%=%.run)
.PHONY: fuzz-run $(FUZZ_RUN)
fuzz-run: $(FUZZ_RUN)

$(FUZZ_RUN): %.run: %
	@FUZZ_SECONDS="$(FUZZ_SECONDS)" FUZZ_RUNS="$(FUZZ_RUNS)" FUZZ_SEED="$(FUZZ_SEED)" tests/fuzz/run.sh $B/found $<

cov: | needs ## line coverage of the unit and end-to-end tests, by gcov
	+$(MAKE) --no-print-directory MODE=cov test
	@cd build/cov && find . -name '*.gcda' -path './src/*' | xargs gcov -r -s $(CURDIR) 2>/dev/null | \
	  awk '/^File/ {f=$$2} /^Lines/ {print f, $$2, $$4}' | grep "'src/" | sort

# FAULTS=short: in a minute or two, as .ci/run has it. FAULTS_ONLY="name ...": some of them (see tests/faults/faults.py).
.PHONY: faults
faults: $B/nuncio ## fault tests: floods, slow clients, what runs out, what breaks; the table in build/faults/faults.md
	@NUNCIO=$(abspath $B/nuncio) NUNCIO_MODE=$(MODE) $(PYTHON) -B tests/faults/faults.py $B/faults

# ---------------------------------------------------------------- measurements, never part of a pass or fail

# BENCH_CASES="name ...", BENCH_ROUNDS=9, BENCH_SECONDS=2, BENCH_PEERS=no and others: see tests/bench/bench.py.
bench: $B/nuncio $(FLOOR) ## how fast it is: ours, the floor and other servers, into build/bench/result.md
	@$(PYTHON) -B tests/bench/bench.py $B/nuncio $(FLOOR) build/bench

# BENCH_ROUNDS and BENCH_SECONDS as above. As root, since it sets quotas.
bench-scaling: $B/nuncio ## two workers against one, each with a share of a core, into build/bench/scaling.md
	@$(PYTHON) -B tests/bench/scaling.py $B/nuncio build/bench

# LOST_SECONDS=60: how long each part takes.
bench-lost: $B/nuncio ## what reloads, upgrades, kills and a crowd lose under load, into build/bench/lost.md
	@$(PYTHON) -B tests/bench/lost.py $B/nuncio build/bench

# ---------------------------------------------------------------- checks

lint: layers format-check manual shell cppcheck tidy warnings ## layers, format, manual, scripts, cppcheck, clang-tidy, gcc and clang with -Werror

layers: | needs ## the order of the folders, from their #include lines
	@$(PYTHON) -B tests/layers.py src

C_FILES = $(sort $(wildcard src/*.c src/*/*.c src/*/*.h tests/unit/*/*.c tests/core/*.c tests/support/*.[ch] tests/fuzz/*.[ch] \
            tests/bench/*.c tests/faults/*.c))

# Not what stands in for functions of the C library: it declares them otherwise.
WARN_C = $(filter-out tests/faults/%,$(filter %.c,$(C_FILES)))

format: ## let clang-format write every C file
	clang-format -i $(C_FILES)

format-check: | needs ## whether clang-format would change anything
	@clang-format --dry-run -Werror $(C_FILES)

cppcheck: | needs ## cppcheck on src/
	@cppcheck --quiet --std=c11 --language=c --error-exitcode=1 --inline-suppr --enable=warning,performance,portability \
	  --suppress=missingIncludeSystem -D_GNU_SOURCE -DNUNCIO_VERSION='""' -Isrc src

TIDY_OK := $(SRC:%.c=build/tidy/%.ok) build/tidy/src/main.ok
tidy: $(TIDY_OK) ## clang-tidy and clang's own warnings on src/
build/tidy/%.ok: %.c .clang-tidy Makefile $(wildcard src/*/*.h) | needs
	@mkdir -p $(@D)
	@clang-tidy --quiet --warnings-as-errors='*' $< -- -std=c11 $(CPPFLAGS) $(WARNINGS) 2>$@.err >$@.log || { cat $@.log; exit 1; }
	@touch $@

# gcc warns of some things only as it optimises; clang finds what it has to say as it reads, and of src/ clang-tidy says
# the same (clang-diagnostic-*).
WARN_GCC = $(WARN_C:%.c=build/gcc/%.o)
WARN_CLANG = $(patsubst %.c,build/clang/%.ok,$(filter tests/%,$(WARN_C)))
WARN ?= gcc clang
warnings: $(WARN:%=warnings-%) ## gcc and clang, warnings as errors, tests included

warnings-gcc: | needs
	+@$(MAKE) --no-print-directory MODE=gcc $(WARN_GCC)

warnings-clang: | needs
	+@$(MAKE) --no-print-directory MODE=clang $(WARN_CLANG)

build/clang/%.ok: %.c Makefile | needs
	$(call say,clang,$<)
	$(Q)mkdir -p $(@D)
	$(Q)clang $(CPPFLAGS) $(ALL_CFLAGS) -fsyntax-only -MMD -MP -MF $(@:.ok=.d) -MT $@ $<
	$(Q)touch $@

clean: ## remove what was built
	rm -rf build

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(filter-out %.d,$(MAKEFILE_LIST))
