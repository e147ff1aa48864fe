# Tests of the arm64 libraries under qemu-user: `make check-arm64`, of which `make check` runs a part. The rules are
# those of every other test, with MACHINE=arm64. See Sources/Packaging/arm64.mk.
ARM64_DIR := ctests/arm64
foreign_packages := libcmocka-dev libcmocka0 liblua5.4-dev liblua5.4-0

# What qemu-user cannot show:
# - it often stops at a fork in a program whose threads run (version 7.2)
ARM64_LEFT_OUT := test_exec test_fork test_fork_handlers
# - it ignores the limits of memory that its program sets, and filters of system calls are for the other machine's
ARM64_LEFT_OUT += test_limits test_refusing_system test_malloc_exhaustion
# - its own memory counts as the program's
ARM64_LEFT_OUT += test_dumps test_resident% test_giants
# - malloc copies there what it would move
ARM64_LEFT_OUT += test_malloc_large_realloc
# - these step through x86 code
ARM64_LEFT_OUT += test_malloc_interrupted test_malloc_fork_interrupted
# - glibc's own malloc ends in it
ARM64_LEFT_OUT += test_glibc_errors

ifeq ($(MACHINE),arm64)
packages_check := pkg-config
$(B)/packages/check: $(FOREIGN_ROOT)/unpacked
$(FOREIGN_ROOT)/unpacked: $(ARM64_DIR)/arm64.mk
	@ctests/checks/foreign-packages.sh $(@D) arm64 $(foreign_packages)
	@touch $@

# The part: the shared library, the archive, the preload library and the object, in each profile.
ARM64_PART := test_heap_destroy test_heap_ownership test_malloc_errno test_malloc_misuse test_malloc_misuse_remote
ARM64_PART_PRELOAD := test_hooks test_new_delete test_own_operators test_refusal
ARM64_SUITES := $(filter-out $(ARM64_LEFT_OUT),$(filter test_heap_% test_malloc_% test_provider_mmap%,$(SUITES)))
ARM64_PRELOAD := $(filter-out $(ARM64_LEFT_OUT),$(PRELOAD_SUITES))
ARM64_CRASHES := $(call CRASHES_OF,malloc)
ARM64_PLUGINS := $(B)/preload/suites/plugin.so $(EARLY)

# Pages of 16 and of 64 KiB, which some kernels for arm64 have.
LARGE_PAGED := $(filter-out test_signals test_stress,$(ARM64_PRELOAD))
.PHONY: $(ARM64_PRELOAD:%=run-large-paged-%) arm64-build arm64-part arm64-all
$(ARM64_PRELOAD:%=run-large-paged-%): run-large-paged-%: $(B)/preload/suites/% $(PRELOAD_LIB) $(ARM64_PLUGINS)
	@for size in 16384 65536; do QEMU_PAGESIZE=$$size $(PRELOAD_DIR)/run-suite.sh $(PRELOAD_LIB) $< || exit; done

arm64-build: lib $(ARM64_PART:%=$(B)/tests/%) $(ARM64_PART_PRELOAD:%=$(B)/preload/suites/%) $(ARM64_PLUGINS)
arm64-part: arm64-build $(ARM64_PART_PRELOAD:%=run-preload-%) run-hardened-test_hooks run-large-paged-test_refusal
	@ctests/checks/check-symbols.sh $(B)
	@ctests/packaging/check-archive.sh $(B)
	@ctests/packaging/check-override.sh $(B)
	@ctests/checks/run-cmocka.sh $(ARM64_PART:%=$(B)/tests/%)
arm64-all: arm64-part $(ARM64_PRELOAD:%=run-preload-%) $(LARGE_PAGED:%=run-large-paged-%) \
  $(filter $(ARM64_PRELOAD:%=run-hardened-%),$(HARDENED_RUNS)) $(ARM64_SUITES:%=$(B)/tests/%) $(ARM64_CRASHES) \
  $(PLUGINS) $(PLUGIN_HOST)
	@ctests/checks/run-cmocka.sh $(ARM64_SUITES:%=$(B)/tests/%) $(PLUGIN_HOST)
	@$(CRASH_DIR)/run-crashes.sh $(PRELOAD_LIB) $(ARM64_CRASHES)
endif

# Where the packages are missing and can't be installed, these are skipped.
check_arm64 = +@$(ARM64_DIR)/check-arm64.sh '$(MAKE)' $(1) $(packages_arm64)
.PHONY: arm64 check-arm64 check-arm64-part check-arm64-build
arm64: ## Build the libraries for arm64 Linux, on any machine, into build/arm64
	@ctests/checks/ensure-packages.sh $(packages_arm64)
	+@$(MAKE) --no-print-directory MACHINE=arm64 lib
check-arm64-build: $(B)/api.txt
	$(call check_arm64,arm64-build)
check-arm64-part: ## Some tests of the arm64 libraries
	$(call check_arm64,arm64-part)
check-arm64: ## All tests that can run, of the arm64 libraries under qemu-user
	$(call check_arm64,arm64-all)
