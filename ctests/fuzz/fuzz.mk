# Fuzzing with libFuzzer, see README.md: `make fuzz SECONDS=60`, `make fuzz-replay TARGET_NAME=zone FILE=...`.
FUZZ := $(B)/fuzz
# Each word after the first is a flag, as in suites.mk.
FUZZ_TARGETS := zone zone-any zone-per_cpu zone-hardened cache process
# Of `make check`: for each target, two at a time.
FUZZ_CHECK_SECONDS := 12
FUZZ_FLAGS := -target $(TARGET) -std=gnu11 $(C_WARNINGS) -O1 -gdwarf-4 -I include -MMD -MP
# See random.h.
FUZZ_LINK := -fuse-ld=lld -Wl,--wrap=syscall -lcmocka -lpthread
fuzz_source = ctests/fuzz/$(firstword $(subst -, ,$(1))).c

# The core once more, with counters that show libFuzzer where a program led, and with assertions.
$(FUZZ)/SlabMalloc.o: $(SWIFT_SRC) $(C_HEADERS) $(B)/sources.txt Makefile ctests/fuzz/fuzz.mk
	@mkdir -p $(@D)
	@echo '  SWIFT   $@'
	@rm -f $@
	@$(SWIFTC) $(SWIFT_FLAGS) $(HOSTED) -D SLM_ASSERT -target $(TARGET) -sanitize=fuzzer -c -o $@ $(SWIFT_SRC)
	@$(NM) $@ | grep -q __sanitizer_cov_8bit_counters_init || { echo "error: $@ is not instrumented" >&2; exit 1; }

# Each target twice: to search, with that core; and to replay programs on the library as it is built.
FUZZ_BUILDS := $(FUZZ_TARGETS:%=$(FUZZ)/%) $(FUZZ_TARGETS:%=$(FUZZ)/replay-%)
$(FUZZ_TARGETS:%=$(FUZZ)/%): $(FUZZ)/%: $(FUZZ)/SlabMalloc.o $(PORT_OBJ) ctests/fuzz/fuzz.mk | $(B)/packages/check
	@echo '  CC      $@'
	@$(CLANG) $(FUZZ_FLAGS) $(call suite_flags,$*) -fsanitize=fuzzer -MF $@.d -o $@ $(call fuzz_source,$*) $< \
	  $(PORT_OBJ) $(FUZZ_LINK) -Wl,--gc-sections
$(FUZZ_TARGETS:%=$(FUZZ)/replay-%): $(FUZZ)/replay-%: $(B)/libslabmalloc.a ctests/fuzz/fuzz.mk | $(B)/packages/check
	@mkdir -p $(@D)
	@echo '  CC      $@'
	@$(CLANG) $(FUZZ_FLAGS) $(call suite_flags,$*) -fsanitize=fuzzer -MF $@.d -o $@ $(call fuzz_source,$*) $< \
	  $(FUZZ_LINK)
$(foreach t,$(FUZZ_TARGETS),$(eval $(FUZZ)/$(t) $(FUZZ)/replay-$(t): $(call fuzz_source,$(t))))
-include $(wildcard $(FUZZ)/*.d)

# Each target is a target of make's, so that two run side by side.
FUZZ_RUNS := $(FUZZ_TARGETS:%=run-fuzz-%)
SECONDS ?= $(FUZZ_CHECK_SECONDS)
.PHONY: fuzz check-fuzz check-fuzz-build fuzz-replay $(FUZZ_RUNS)
check-fuzz-build: $(FUZZ_BUILDS)
$(FUZZ_RUNS): run-fuzz-%: $(FUZZ)/% $(FUZZ)/replay-%
	@ctests/fuzz/run-fuzz.sh $(FUZZ) $* $(SECONDS)
fuzz: $(FUZZ_RUNS) ## Fuzz each part of the C API: SECONDS=60 for each target
check-fuzz: $(FUZZ_RUNS) ## Random programs of C calls keep to the reference model, 12 s for each target
fuzz-replay: ## Run a program that the fuzzer found: TARGET_NAME=zone FILE=build/fuzz/failed-zone/crash-...
	@[ -n '$(filter $(TARGET_NAME),$(FUZZ_TARGETS))' ] && [ '$(origin FILE)' != file ] || \
	  { echo 'please say which: TARGET_NAME= one of $(FUZZ_TARGETS), and FILE=' >&2; exit 2; }
	@$(MAKE) --no-print-directory $(FUZZ)/replay-$(TARGET_NAME)
	@$(FUZZ)/replay-$(TARGET_NAME) -timeout=20 '$(FILE)'

include ctests/fuzz/afl.mk
