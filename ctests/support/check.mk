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
packages_check  := libcmocka-dev pkg-config cmake make gcc g++
packages_speed  := valgrind
packages_bench  := libjemalloc2 libtcmalloc-minimal4 libmimalloc2.0
packages_format := clang-format
$(B)/packages/%: ctests/support/check.mk
	@mkdir -p $(@D)
	@flock $(@D) ctests/support/ensure-packages.sh $(packages_$*)
	@touch $@
.PRECIOUS: $(B)/packages/%

TESTS := $(patsubst ctests/suites/%.c,$(B)/tests/%,$(wildcard ctests/suites/test_*.c))
$(B)/tests/%: ctests/suites/%.c ctests/support/check.mk | $(B)/libslabmalloc.so $(B)/packages/check
	$(call compile_program,-lcmocka -lpthread)

EXAMPLES := $(patsubst ctests/examples/%.c,$(B)/examples/%,$(wildcard ctests/examples/*.c)) \
  $(patsubst ctests/examples/swift/%.swift,$(B)/examples/%,$(wildcard ctests/examples/swift/*.swift))
$(B)/examples/%: ctests/examples/%.c ctests/support/check.mk | $(B)/libslabmalloc.so
	$(call compile_program)
$(B)/examples/%: ctests/examples/swift/%.swift $(HEADER) ctests/support/check.mk | $(B)/libslabmalloc.so
	@mkdir -p $(@D)
	@echo '  SWIFT   $@'
	@$(SWIFTC) -swift-version 6 -warnings-as-errors -O -I include -o $@ $< -L $(B) -lslabmalloc -Xlinker -rpath \
	  -Xlinker '$$ORIGIN/..'

BENCHES := $(patsubst ctests/bench/%.c,$(B)/bench/%,$(wildcard ctests/bench/*.c))
$(B)/bench/%: ctests/bench/%.c ctests/support/check.mk | $(B)/libslabmalloc.so $(B)/packages/speed
	$(call compile_program,-ldl -lpthread)

-include $(wildcard $(B)/tests/*.d $(B)/examples/*.d $(B)/bench/*.d)

FILE ?= README.md
.PHONY: demo bench
demo: $(B)/examples/word_index ## Index the words of a text in a zone: FILE=README.md
	@$< '$(FILE)'

bench: $(BENCHES) $(B)/packages/bench ## Compare the speed with glibc, jemalloc, tcmalloc and mimalloc
	@ctests/bench/bench.sh $(B)

# --- Checks ------------------------------------------------------------------------------------------
STEPS := check-header check-symbols check-freestanding check-archive check-install check-tests check-swift \
  check-examples check-speed
export CC CLANG SWIFT SWIFTC SWIFT_BIN VERSION
.PHONY: check check-build $(STEPS)
check: ## Run every test
	+@ctests/support/run-steps.sh $(B)/check '$(MAKE)' check-build $(STEPS)

# What the steps need, at once, so that it is built in parallel.
check-build: all freestanding $(TESTS) $(EXAMPLES) $(BENCHES) $(B)/packages/check

check-header: $(B)/packages/check ## The header compiles as C11, C++17 and Swift without a warning
	@ctests/support/check-header.sh
check-symbols: all ## The libraries export the header's functions and no others, and need libc alone
	@ctests/support/check-symbols.sh $(B)
check-freestanding: freestanding ## Without an operating system the core needs the allow-listed symbols alone
	@ctests/support/check-freestanding.sh $(B)/freestanding $(FREESTANDING)
check-archive: lib ## The static library links into C and into Swift programs
	@ctests/packaging/check-archive.sh $(B)
check-install: all $(B)/packages/check ## pkg-config, CMake and Swift find what install puts there, uninstall removes it
	+@ctests/packaging/check-install.sh $(B) '$(MAKE)'
check-tests: $(TESTS) ## The cmocka suites
	@ctests/support/run-cmocka.sh $(TESTS)
check-swift: ## The XCTest suites
	@ctests/support/run-xctest.sh
check-examples: $(EXAMPLES) ## The examples, the demo and the README's code print what they should
	@ctests/examples/check-examples.sh $(B)/examples
check-speed: $(BENCHES) ## The instruction counts of the fast paths are within their limits
	@ctests/bench/check-instructions.sh $(B)
