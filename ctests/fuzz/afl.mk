# The same targets with AFL++, see README.md: `make fuzz-afl SECONDS=60`.
AFL := $(FUZZ)/afl
# What Debian's afl++ has for programs that another clang compiles: a main() for LLVMFuzzerTestOneInput, and the map of
# edges.
AFL_LIB ?= /usr/lib/afl
AFL_BUILDS := $(FUZZ_TARGETS:%=$(AFL)/%)
AFL_RUNS := $(FUZZ_TARGETS:%=run-afl-%)
packages_afl := afl++

# The core once more, with a number for each edge that AFL++ counts by. swiftc takes -sanitize-coverage with a sanitizer
# only.
$(AFL)/SlabMalloc.o: $(SWIFT_SRC) $(C_HEADERS) $(B)/sources.txt Makefile ctests/fuzz/afl.mk
	@mkdir -p $(@D)
	@echo '  SWIFT   $@'
	@rm -f $@
	@$(SWIFTC) $(SWIFT_FLAGS) $(HOSTED) -target $(TARGET) -sanitize=fuzzer -sanitize-coverage=edge,trace-pc-guard -c \
	  -o $@ $(SWIFT_SRC)
	@$(NM) $@ | grep -q __sanitizer_cov_trace_pc_guard_init || { echo "error: $@ is not instrumented" >&2; exit 1; }

$(AFL)/%.o: ctests/fuzz/afl.mk | $(B)/packages/check
	@mkdir -p $(@D)
	@$(CLANG) $(FUZZ_FLAGS) $(call suite_flags,$*) -fsanitize-coverage=trace-pc-guard -c -o $@ $(call fuzz_source,$*)
$(foreach t,$(FUZZ_TARGETS),$(eval $(AFL)/$(t).o: $(call fuzz_source,$(t))))
$(AFL_BUILDS): %: %.o $(AFL)/SlabMalloc.o $(PORT_OBJ) | $(B)/packages/afl
	@echo '  LINK    $@'
	@$(CLANG) -target $(TARGET) -o $@ $^ $(AFL_LIB)/libAFLDriver.a $(AFL_LIB)/afl-compiler-rt.o $(FUZZ_LINK) \
	  -Wl,--gc-sections
.PRECIOUS: $(AFL)/%.o
-include $(wildcard $(AFL)/*.d)

.PHONY: fuzz-afl $(AFL_RUNS)
fuzz-afl: $(AFL_RUNS) ## Fuzz each part with AFL++, another engine: SECONDS=60 for each target
$(AFL_RUNS): run-afl-%: $(AFL)/% $(FUZZ)/% $(FUZZ)/replay-%
	@ctests/fuzz/run-afl.sh $(FUZZ) $* $(SECONDS)
