# Tests, examples, benchmarks. `make check` runs each check-* step below; each can be run alone.

# Programs lie one folder below build/ and find the library from there. It is no prerequisite that they are rebuilt for.
C_FLAGS = -std=gnu11 $(C_WARNINGS) $(CFLAGS) $(C_MAP) $(FOREIGN_FLAGS) -MMD -MP -I include
LINK_LIB = -L $(B) -Wl,-rpath,'$$ORIGIN/..' -Wl,--as-needed -lslabmalloc
# Tests misuse on purpose, of which gcc warns since the header tells it what allocates and what deallocates.
CC_IS_GCC := $(findstring Free Software Foundation,$(shell $(CC) --version))
ALLOW_MISUSE := $(if $(CC_IS_GCC),$(addprefix -Wno-,use-after-free mismatched-dealloc free-nonheap-object array-bounds \
  alloc-size-larger-than))
define compile_program
@mkdir -p $(@D)
@echo '  CC      $@'
@$(CC) $(C_FLAGS) -o $@ $< $(LINK_LIB) $(1)
endef

# One stamp for each set of Debian packages, so that dpkg isn't asked by every make.
packages_check  := libcmocka-dev liblua5.4-dev pkg-config cmake meson ninja-build make gcc g++ tcc python3
packages_speed  := valgrind
packages_freestanding := qemu-user
packages_links := qemu-user binutils-aarch64-linux-gnu binutils-arm-none-eabi binutils-riscv64-linux-gnu
packages_format := clang-format
packages_musl := musl-tools
$(B)/packages/%: ctests/checks/check.mk
	@mkdir -p $(@D)
	@flock $(@D) ctests/checks/ensure-packages.sh $(packages_$*)
	@touch $@
.PRECIOUS: $(B)/packages/%

EXAMPLES := $(patsubst ctests/examples/%.c,$(B)/examples/%,$(wildcard ctests/examples/*.c)) \
  $(patsubst ctests/examples/swift/%.swift,$(B)/examples/%,$(wildcard ctests/examples/swift/*.swift))
$(B)/examples/%: ctests/examples/%.c ctests/checks/check.mk | $(B)/libslabmalloc.so
	$(call compile_program)
$(B)/examples/%: ctests/examples/swift/%.swift $(HEADER) ctests/checks/check.mk | $(B)/libslabmalloc.so
	@mkdir -p $(@D)
	@echo '  SWIFT   $@'
	@$(SWIFTC) -swift-version 6 -warnings-as-errors -O -I include -o $@ $< -L $(B) -lslabmalloc -Xlinker -rpath \
	  -Xlinker '$$ORIGIN/..'

-include $(wildcard $(B)/examples/*.d)

FILE ?= README.md
.PHONY: demo
demo: $(B)/examples/word_index ## Index the words of a text in a zone: FILE=README.md
	@$< '$(FILE)'

include ctests/suites/suites.mk
include ctests/cpp/cpp.mk
include ctests/freestanding/freestanding.mk
include ctests/bench/bench.mk
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
include ctests/statistics/statistics.mk
include ctests/tool/tool.mk
include ctests/sample/sample.mk
include ctests/plugin/plugin.mk
include ctests/tools/tools.mk
include ctests/arm64/arm64.mk
include ctests/programs/programs.mk
include ctests/packaging/packages.mk

KERNEL_GUIDE := Sources/SlabMalloc/SlabMalloc.docc/Kernels.md

# --- Checks ------------------------------------------------------------------------------------------
STEPS := check-steps check-build-scripts check-floors check-names check-header check-cpp check-synopsis \
  check-compiler-help check-format check-symbols check-abi check-freestanding check-links check-archive check-plugin \
  check-override check-musl check-arm64-part check-install check-cmake check-tests check-fuzz check-swift \
  check-ownership check-examples check-speed check-malloc-speed check-swift-speed check-preload check-crash \
  check-valgrind check-core check-call-stack check-sanitizers check-soak check-replay check-statistics check-tool \
  check-sample check-model check-kernels check-kernel-speed check-docs check-man
export CC CLANG SWIFT SWIFTC SWIFT_BIN VERSION
# Random tests do the same in each run of all steps, unless SLM_TEST_SEED names another seed, or none: SLM_TEST_SEED=
# A step alone takes another one each time.
CHECK_SEED := 4711
.PHONY: check check-build $(STEPS)
check: ## Run every test; build/check/junit.xml has the results for CI systems
	+@SLM_TEST_SEED="$${SLM_TEST_SEED-$(CHECK_SEED)}" ctests/checks/run-steps.sh $(B)/check '$(MAKE)' check-build $(STEPS)

# What the steps need, at once, so that it is built in parallel.
check-build: all assert freestanding $(FREESTANDING_TESTS) $(LINK_OBJECTS) $(TESTS) $(CPP_TESTS) $(EXAMPLES) \
  $(B)/bench/instructions $(B)/bench/pairs \
  $(MALLOC_COUNTS) check-preload-build check-crash-build check-fuzz-build check-plugin-build $(SOAK) $(REPLAY_BUILDS) \
  $(B)/statistics/print_all $(TARGETS_OF_TOOL) $(LEAK_PROGRAMS) $(LEAK_TARGETS) $(SAMPLE_PROGRAMS) \
  check-tools-build check-arm64-build \
  $(B)/abi/old_program $(KERNELS) $(B)/bench/kernel/bench $(B)/packages/check

check-steps: $(B)/packages/check ## What runs these steps tells their times, and writes a JUnit file with what fails
	@ctests/checks/check-steps.sh '$(MAKE)'
check-build-scripts: ## What renames the symbols of objects does, and fails when one is missing
	@ctests/checks/check-build-scripts.sh
check-floors: ## No file of the sources names what stands above it, and what requires a lock says so and checks it
	@ctests/checks/check-floors.sh $(SWIFTC) $(TARGET)
check-names: ## No file has a name that the interface no longer has
	@ctests/checks/check-names.sh .
check-header: $(B)/packages/check ## The header compiles as C11 and newer (gcc, clang, tcc), C++11 and newer, and Swift
	@ctests/checks/check-header.sh
check-synopsis: lib $(B)/packages/check ## The synopsis of the header compiles and runs
	@ctests/checks/check-synopsis.sh $(B)
check-compiler-help: $(B)/packages/check ## gcc warns of misuse of the functions as it does with malloc
	@ctests/checks/check-compiler-help.sh
check-format: format-check ## Sources are formatted, and no line is longer than 120 columns
	@ctests/checks/check-lines.sh .
check-symbols: all ## The libraries export what they should, each function with its size, and need libc alone
	@ctests/checks/check-symbols.sh $(B)
check-freestanding: freestanding $(FREESTANDING_TESTS) $(B)/packages/freestanding
check-freestanding: ## The archives for kernels: their symbols, their sizes, and a test on each target
	@ctests/checks/check-freestanding.sh $(B)/freestanding $(FREESTANDING)
	@$(foreach t,$(FREESTANDING_ALL),grep -qF '| `$(t)` | `$(triple_$(t))` | `$(target_flags_$(t))` |' $(KERNEL_GUIDE) || \
	  { echo '$(KERNEL_GUIDE) lacks the flags of $(t)'; exit 1; };)
	@ctests/freestanding/run.sh $(B)/freestanding $(FREESTANDING)
	@$(if $(filter x86_64,$(FREESTANDING)),ctests/freestanding/check-package.sh $(B))
	@$(typed_sizes) >$(F)/typed-sizes
	@awk 'FNR == NR { if (!/^#/) limit[$$1, $$2] = $$3; next } FNR == 1 { next } { rows++ } \
	  $$3 <= 0 || $$3 > limit[$$1, $$2] { print $$1 ": a", $$2, "has", $$3, "bytes of", limit[$$1, $$2]; bad = 1 } \
	  END { exit bad || rows == 0 }' ctests/freestanding/typed-limits.txt $(F)/typed-sizes
check-links: freestanding $(LINK_OBJECTS) $(B)/packages/links
check-links: ## The README's kernel links with the archives by lld and GNU ld, at any address, without a hook
	@ctests/freestanding/check-links.sh $(B)/freestanding $(FREESTANDING)
check-archive: lib ## The static library links into C and into Swift programs
	@ctests/packaging/check-archive.sh $(B)
check-override: lib ## The override object makes slabmalloc the malloc of a program
	@ctests/packaging/check-override.sh $(B)
	@ctests/packaging/check-setuid.sh $(B)
check-musl: lib ## Programs on musl run on each of the libraries
	@ctests/packaging/check-musl.sh $(B) $(packages_musl)
check-install: all $(B)/packages/check ## pkg-config, CMake and Swift find what install puts there, uninstall removes it
	+@ctests/packaging/check-install.sh $(B) '$(MAKE)'
check-cmake: $(B)/packages/check ## A project of CMake has slabmalloc inside, from nothing
	@ctests/packaging/check-cmake.sh .
check-swift: ## The XCTest suites
	@ctests/checks/run-xctest.sh $(B)
check-ownership: ## The compiler refuses what would outlive its allocator, and accepts the rest without a warning
	@ctests/ownership/check-ownership.sh $(B)
check-examples: $(EXAMPLES) ## The examples, the demo and the README's code print what they should
	@ctests/examples/check-examples.sh $(B)/examples
	@ctests/examples/check-cpp.sh .
