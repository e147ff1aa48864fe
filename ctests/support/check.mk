# Tests, examples, benchmarks. `make check` runs each check-* step below; each can be run alone.

# Programs lie one folder below build/ and find the library from there. It is no prerequisite that they are rebuilt for.
C_FLAGS = -std=gnu11 $(C_WARNINGS) $(CFLAGS) -MMD -MP -I include
LINK_LIB = -L $(B) -Wl,-rpath,'$$ORIGIN/..' -Wl,--as-needed -lslabmalloc
define compile_program
@mkdir -p $(@D)
@echo '  CC      $@'
@$(CC) $(C_FLAGS) -o $@ $< $(LINK_LIB) $(1)
endef

# One stamp for each set of Debian packages, so that dpkg isn't asked by every make.
packages_check  := libcmocka-dev pkg-config cmake make gcc g++ tcc liblua5.4-dev
packages_speed  := valgrind
packages_freestanding := qemu-user
packages_format := clang-format
$(B)/packages/%: ctests/support/check.mk
	@mkdir -p $(@D)
	@flock $(@D) ctests/support/ensure-packages.sh $(packages_$*)
	@touch $@
.PRECIOUS: $(B)/packages/%

TESTS := $(patsubst ctests/suites/%.c,$(B)/tests/%,$(wildcard ctests/suites/test_*.c))
$(B)/tests/%: ctests/suites/%.c ctests/support/check.mk | $(B)/libslabmalloc.so $(B)/packages/check
	$(call compile_program,-lcmocka -lpthread $(libraries_$*))
libraries_test_heap_lua = $(shell pkg-config --cflags --libs lua5.4)

EXAMPLES := $(patsubst ctests/examples/%.c,$(B)/examples/%,$(wildcard ctests/examples/*.c)) \
  $(patsubst ctests/examples/swift/%.swift,$(B)/examples/%,$(wildcard ctests/examples/swift/*.swift))
$(B)/examples/%: ctests/examples/%.c ctests/support/check.mk | $(B)/libslabmalloc.so
	$(call compile_program)
$(B)/examples/%: ctests/examples/swift/%.swift $(HEADER) ctests/support/check.mk | $(B)/libslabmalloc.so
	@mkdir -p $(@D)
	@echo '  SWIFT   $@'
	@$(SWIFTC) -swift-version 6 -warnings-as-errors -O -I include -o $@ $< -L $(B) -lslabmalloc -Xlinker -rpath \
	  -Xlinker '$$ORIGIN/..'

$(B)/bench/instructions: ctests/bench/instructions.c ctests/support/check.mk | $(B)/libslabmalloc.so $(B)/packages/speed
	$(call compile_program)
LINK_FLOOR = -L $(@D) -Wl,-rpath,'$$ORIGIN' -lfloor -ldl
$(B)/bench/pairs: ctests/bench/pairs.c ctests/support/check.mk | $(B)/libslabmalloc.so $(B)/bench/libfloor.so
	$(call compile_program,$(LINK_FLOOR))
$(B)/bench/libfloor.so: ctests/bench/floor.c ctests/support/check.mk
	@mkdir -p $(@D)
	@$(CC) $(C_FLAGS) -fPIC -shared -o $@ $<

$(B)/bench/descriptors: ctests/bench/descriptors.c ctests/support/check.mk
	@mkdir -p $(@D)
	@echo '  CC      $@'
	@$(CC) $(C_FLAGS) -o $@ $<

# The same program linked from archives, one for each peer. None is made where the peer's archive is not installed.
PAIRS_ARCHIVES := $(addprefix $(B)/bench/archives/,glibc jemalloc tcmalloc mimalloc)
$(B)/bench/archives/%.o: ctests/bench/%.c ctests/support/check.mk
	@mkdir -p $(@D)
	@$(CC) $(C_FLAGS) -DLINKED_AS_ARCHIVES -c -o $@ $<
archive_glibc    := libc.a
archive_jemalloc := libjemalloc.a
archive_tcmalloc := libtcmalloc_minimal.a
archive_mimalloc := libmimalloc.a
archive_options  := -lstdc++ -lpthread -lm
PAIRS_OBJ := $(B)/bench/archives/pairs.o $(B)/bench/archives/floor.o $(B)/libslabmalloc.a
$(PAIRS_ARCHIVES): $(B)/bench/archives/%: $(PAIRS_OBJ) ctests/bench/link-archive.sh | $(B)/packages/peers
	@ctests/bench/link-archive.sh $@ $(archive_$*) '$(PAIRS_OBJ)' '$(archive_options)'

# One by one and without failing, as those that are there are measured. Only tried once: bench.sh says what is missing.
PEER_PACKAGES := libjemalloc2 libtcmalloc-minimal4 libmimalloc2.0 libjemalloc-dev libgoogle-perftools-dev g++
$(B)/packages/peers: ctests/support/check.mk
	@mkdir -p $(@D)
	@for package in $(PEER_PACKAGES); do flock $(@D) ctests/support/ensure-packages.sh $$package || true; done
	@touch $@

-include $(wildcard $(addprefix $(B)/,tests/*.d examples/*.d bench/*.d bench/archives/*.d))

FILE ?= README.md
.PHONY: demo bench-zones bench-descriptors
demo: $(B)/examples/word_index ## Index the words of a text in a zone: FILE=README.md
	@$< '$(FILE)'

bench-descriptors: $(B)/bench/descriptors ## What descriptors in a table save over descriptors in the slabs, in a random live set
	@$<

bench-zones: $(B)/bench/pairs $(PAIRS_ARCHIVES) ## Compare zones with the mallocs of glibc, jemalloc, tcmalloc and mimalloc
	@ctests/bench/bench.sh $(B)

include ctests/bench/malloc/malloc.mk
include ctests/preload/preload.mk
include ctests/crash/crash.mk
include ctests/model/model.mk
include ctests/sanitize/sanitize.mk
include ctests/kernels/kernels.mk
include ctests/abi/abi.mk
include ctests/fuzz/fuzz.mk
include ctests/soak/soak.mk
include ctests/replay/replay.mk

# --- Checks ------------------------------------------------------------------------------------------
STEPS := check-floors check-header check-symbols check-abi check-freestanding check-archive check-override check-install check-tests \
  check-fuzz check-swift check-examples check-speed check-malloc-speed check-preload check-crash check-soak check-replay \
  check-model check-kernels check-kernel-speed
export CC CLANG SWIFT SWIFTC SWIFT_BIN VERSION
.PHONY: check check-build $(STEPS)
check: ## Run every test
	+@ctests/support/run-steps.sh $(B)/check '$(MAKE)' check-build $(STEPS)

# What the steps need, at once, so that it is built in parallel.
check-build: all assert freestanding $(FREESTANDING_TESTS) $(TESTS) $(EXAMPLES) $(B)/bench/instructions $(B)/bench/pairs $(MALLOC_COUNTS) \
  check-preload-build check-crash-build check-fuzz-build $(SOAK) $(REPLAY_BUILDS) $(B)/abi/old_program $(KERNELS) \
  $(B)/bench/kernel/bench $(B)/packages/check

check-floors: ## No file of the sources names what stands above it, and what requires a lock says so and checks it
	@ctests/support/check-floors.sh $(SWIFTC) $(TARGET)
check-header: $(B)/packages/check ## The header compiles as C11 (gcc, clang, tcc), C++17 and Swift without a warning
	@ctests/support/check-header.sh
check-symbols: all ## The libraries export the header's functions and no others, and need libc alone
	@ctests/support/check-symbols.sh $(B)
check-freestanding: freestanding $(FREESTANDING_TESTS) $(B)/packages/freestanding ## The archives for kernels: their symbols, their sizes, and a test on each target
	@ctests/support/check-freestanding.sh $(B)/freestanding $(FREESTANDING)
	@ctests/freestanding/run.sh $(B)/freestanding $(FREESTANDING)
check-archive: lib ## The static library links into C and into Swift programs
	@ctests/packaging/check-archive.sh $(B)
check-override: lib ## The override object makes slabmalloc the malloc of a program
	@ctests/packaging/check-override.sh $(B)
check-install: all $(B)/packages/check ## pkg-config, CMake and Swift find what install puts there, uninstall removes it
	+@ctests/packaging/check-install.sh $(B) '$(MAKE)'
check-tests: $(TESTS) ## The cmocka suites
	@ctests/support/run-cmocka.sh $(TESTS)
check-swift: ## The XCTest suites
	@ctests/support/run-xctest.sh
check-examples: $(EXAMPLES) ## The examples, the demo and the README's code print what they should
	@ctests/examples/check-examples.sh $(B)/examples
check-speed: $(B)/bench/instructions ## The instruction counts of the fast paths are within their limits
	@ctests/bench/check-instructions.sh $(B)
