# The core under sanitizers: `make check-sanitize`.
#
# AddressSanitizer: the XCTest suites, with fewer steps. ThreadSanitizer: threads.c, and suites of zones and regions
# that use threads, with the Embedded Swift core as the C library has it. Not the XCTest suites: there, Swift's own
# instrumentation takes each atomic operation through a pointer for a write. So the core is compiled to LLVM IR without,
# its functions are marked as to be sanitized, and clang does it. Lookups in a directory that CPUs share take its lock
# there: whatever changes the directory without is found. XCTest tries the lookups without the lock.
SANITIZE := $(B)/sanitize
SANITIZE_FLAGS := -target $(TARGET) -fsanitize=thread -O1 -gdwarf-4
# ThreadSanitizer of the Swift toolchain knows libdispatch, which has to be there.
SWIFT_LIBS := $(SWIFT_BIN)../lib/swift/linux

$(SANITIZE)/SlabMalloc.ll: $(SWIFT_SRC) $(C_HEADERS) $(B)/sources.txt Makefile
	@mkdir -p $(@D)
	@echo '  SWIFT   $@'
	@$(SWIFTC) $(SWIFT_FLAGS) $(HOSTED) -D SLM_LOCKED_LOOKUPS -D SLM_THREAD_SANITIZER -target $(TARGET) -emit-ir \
	  -o $@ $(SWIFT_SRC)
	@sed -i '/^attributes #/s/{/{ sanitize_thread/' $@

$(SANITIZE)/SlabMalloc.o: $(SANITIZE)/SlabMalloc.ll
	@$(CLANG) $(SANITIZE_FLAGS) -Wno-override-module -c -o $@ $<
	@$(NM) $@ | grep -q __tsan_write8 || { echo "error: $@ is not instrumented" >&2; exit 1; }

$(SANITIZE)/threads: ctests/sanitize/threads.c $(SANITIZE)/SlabMalloc.o $(PORT_SRC) ctests/sanitize/sanitize.mk
	@echo '  CC      $@'
	@$(CLANG) $(SANITIZE_FLAGS) -std=gnu11 $(C_WARNINGS) $(INCLUDES) -fuse-ld=lld -Wl,--gc-sections -o $@ $< $(PORT_SRC) \
	  $(SANITIZE)/SlabMalloc.o -L $(SWIFT_LIBS) -ldispatch -lBlocksRuntime -lpthread -Wl,-rpath,$(abspath $(SWIFT_LIBS))

SANITIZED := test_zone_cpus test_zone_threads-any test_zone_threads-per_cpu test_cache_threads-any test_region_ranges
SANITIZED_SUITES := $(SANITIZED:%=$(SANITIZE)/%)
$(SANITIZED_SUITES): $(SANITIZE)/SlabMalloc.o $(PORT_SRC) ctests/sanitize/sanitize.mk | $(B)/packages/check
	@echo '  CC      $@'
	@$(CLANG) $(SANITIZE_FLAGS) -std=gnu11 $(C_WARNINGS) $(INCLUDES) $(call suite_flags,$@) -fuse-ld=lld \
	  -Wl,--gc-sections -o $@ \
	  $(call suite_source,$@) $(PORT_SRC) $(SANITIZE)/SlabMalloc.o -L $(SWIFT_LIBS) -ldispatch -lBlocksRuntime -lcmocka \
	  -lpthread \
	  -Wl,-rpath,$(abspath $(SWIFT_LIBS))
$(foreach suite,$(SANITIZED_SUITES),$(eval $(suite): $(call suite_source,$(suite))))

.PHONY: check-sanitize check-sanitize-address check-sanitize-thread
check-sanitize: check-sanitize-thread check-sanitize-address ## The core under AddressSanitizer and ThreadSanitizer
check-sanitize-address:
	@ctests/sanitize/check-address.sh $(SANITIZE)/address
check-sanitize-thread: $(SANITIZE)/threads $(SANITIZED_SUITES)
	@ctests/sanitize/check-thread.sh $^
