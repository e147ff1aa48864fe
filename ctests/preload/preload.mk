# Tests of the preload library: `make check-preload` runs them all, `make stress` a longer stress test.
# PRELOAD_LIB may name another malloc, to see what these tests say of it. With ASSERT=1 these tests, the soak test and
# the crash programs of malloc run on the library that checks its invariants.
ifneq ($(ASSERT),)
PRELOAD_LIB ?= $(B)/libslabmalloc-assert-preload.so
endif
PRELOAD_LIB ?= $(B)/libslabmalloc-preload.so
PRELOAD_DIR := ctests/preload
packages_programs := python3 sqlite3 redis-server redis-tools perl git gcc g++ mawk coreutils diffutils

# The compiler must not replace or leave out calls of the malloc family. The programs link with nothing of ours.
PRELOAD_FLAGS := -fno-builtin -pthread
PRELOAD_SUITES := $(patsubst $(PRELOAD_DIR)/suites/%.c,%,$(wildcard $(PRELOAD_DIR)/suites/test_*.c)) \
  $(patsubst $(PRELOAD_DIR)/suites/%.cc,%,$(wildcard $(PRELOAD_DIR)/suites/test_*.cc))
PRELOAD_TESTS := $(PRELOAD_SUITES:%=$(B)/preload/suites/%)
$(B)/preload/suites/%: $(PRELOAD_DIR)/suites/%.c $(PRELOAD_DIR)/preload.mk | $(B)/packages/check
	@mkdir -p $(@D)
	@echo '  CC      $@'
	@$(CC) $(C_FLAGS) $(PRELOAD_FLAGS) -o $@ $< -lcmocka
$(B)/preload/suites/%: $(PRELOAD_DIR)/suites/%.cc $(PRELOAD_DIR)/preload.mk | $(B)/packages/check
	@mkdir -p $(@D)
	@echo '  CXX     $@'
	@$(CXX) -std=c++17 $(C_WARNINGS) $(CFLAGS) $(FOREIGN_FLAGS) -MMD -MP $(PRELOAD_FLAGS) -o $@ $< -lcmocka
$(B)/preload/suites/plugin.so: $(PRELOAD_DIR)/support/plugin.c $(PRELOAD_DIR)/preload.mk
	@mkdir -p $(@D)
	@echo '  CC      $@'
	@$(CC) $(C_FLAGS) $(PRELOAD_FLAGS) -fPIC -shared -o $@ $<
# Of the objects with this flag, the constructor of the one that was loaded last runs first, before malloc's.
$(B)/preload/suites/early-first.so: EARLY_FLAGS := -DEARLY_FIRST -Wl,-z,initfirst
EARLY := $(B)/preload/suites/early.so $(B)/preload/suites/early-first.so
$(EARLY): $(PRELOAD_DIR)/support/early.c $(PRELOAD_DIR)/preload.mk
	@mkdir -p $(@D)
	@echo '  CC      $@'
	@$(CC) $(C_FLAGS) $(PRELOAD_FLAGS) -fPIC -shared $(EARLY_FLAGS) -o $@ $<

$(B)/preload/witness.so: $(PRELOAD_DIR)/support/witness.c $(PRELOAD_DIR)/preload.mk
	@mkdir -p $(@D)
	@$(CC) $(C_FLAGS) -fPIC -shared -o $@ $<

-include $(wildcard $(B)/preload/*.d $(B)/preload/*/*.d)

# Each suite and each program is a target of its own, so that they run side by side.
PRELOAD_RUNS := $(PRELOAD_SUITES:%=run-preload-%)
$(PRELOAD_RUNS): run-preload-%: $(B)/preload/suites/% $(PRELOAD_LIB)
	@$(PRELOAD_DIR)/run-suite.sh $(PRELOAD_LIB) $<
run-preload-test_dlopen run-hardened-test_dlopen: $(B)/preload/suites/plugin.so
run-preload-test_fork_handlers run-hardened-test_fork_handlers: $(EARLY)
# What is written to after it was given back to the system is not 0 when it comes again: so nothing is given back.
run-preload-test_write_after_free: export SLABMALLOC_PURGE_DELAY = 100000
# Once more hardened, but for the suites about what that changes: writes after a free, and memory to spare.
NOT_HARDENED := test_write_after_free test_limits test_resident%
HARDENED_RUNS := $(patsubst %,run-hardened-%,$(filter-out $(NOT_HARDENED),$(PRELOAD_SUITES)))
$(HARDENED_RUNS): run-hardened-%: $(B)/preload/suites/% $(PRELOAD_LIB)
	@SLABMALLOC_PROFILE=hardened $(PRELOAD_DIR)/run-suite.sh $(PRELOAD_LIB) $<
PRELOAD_PROGRAMS := $(patsubst $(PRELOAD_DIR)/programs/%.sh,run-program-%,$(wildcard $(PRELOAD_DIR)/programs/*.sh))
$(PRELOAD_PROGRAMS): run-program-%: $(B)/preload/witness.so $(PRELOAD_LIB) $(B)/packages/programs
	@$(PRELOAD_DIR)/run-program.sh $(PRELOAD_LIB) $< $(PRELOAD_DIR)/programs/$*.sh

.PHONY: $(PRELOAD_RUNS) $(HARDENED_RUNS) $(PRELOAD_PROGRAMS) check-preload check-preload-suites \
  check-preload-programs check-preload-build stress
check-preload: check-preload-suites check-preload-programs ## All tests of the preload library
check-preload-build: $(PRELOAD_TESTS) $(B)/preload/suites/plugin.so $(EARLY) $(B)/preload/witness.so \
  $(B)/packages/programs
check-preload-suites: $(PRELOAD_RUNS) $(HARDENED_RUNS)
check-preload-suites: ## The cmocka suites under the preload library, and once more hardened
check-preload-programs: $(PRELOAD_PROGRAMS) ## Real programs do under the preload library what they do without
stress: $(B)/preload/suites/test_stress $(PRELOAD_LIB) ## A minute of random operations of threads, every object checked
	@STRESS_SECONDS=60 $(PRELOAD_DIR)/run-suite.sh $(PRELOAD_LIB) $<
