# Benchmarks of zones, and the gate of their instruction counts. Those of whole programs are in malloc/malloc.mk.
$(B)/bench/instructions: ctests/bench/instructions.c ctests/bench/bench.mk | $(B)/libslabmalloc.so $(B)/packages/speed
	$(call compile_program)
LINK_FLOOR = -L $(@D) -Wl,-rpath,'$$ORIGIN' -lfloor -ldl
$(B)/bench/pairs: ctests/bench/pairs.c ctests/bench/bench.mk | $(B)/libslabmalloc.so $(B)/bench/libfloor.so
	$(call compile_program,$(LINK_FLOOR))
$(B)/bench/libfloor.so: ctests/bench/floor.c ctests/bench/bench.mk
	@mkdir -p $(@D)
	@$(CC) $(C_FLAGS) -fPIC -shared -o $@ $<

$(B)/bench/frames: ctests/bench/frames.c ctests/bench/bench.mk | $(B)/libslabmalloc.so $(B)/packages/speed
	$(call compile_program)

$(B)/bench/descriptors: ctests/bench/descriptors.c ctests/bench/bench.mk
	@mkdir -p $(@D)
	@echo '  CC      $@'
	@$(CC) $(C_FLAGS) -o $@ $<

# The same program linked from archives, one for each peer. None is made where the peer's archive is not installed.
PAIRS_ARCHIVES := $(addprefix $(B)/bench/archives/,glibc jemalloc tcmalloc mimalloc)
$(B)/bench/archives/%.o: ctests/bench/%.c ctests/bench/bench.mk
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
$(B)/packages/peers: ctests/bench/bench.mk
	@mkdir -p $(@D)
	@for package in $(PEER_PACKAGES); do flock $(@D) ctests/checks/ensure-packages.sh $$package || true; done
	@touch $@

-include $(wildcard $(addprefix $(B)/bench/,*.d archives/*.d))

# Swift's own: containers against class instances. SwiftPM builds them, and keeps what it built in $(B)/swift-bench.
.PHONY: bench-swift check-swift-speed
bench-swift: $(B)/packages/speed | $(B)/libslabmalloc-preload.so
bench-swift: ## Compare Pool with class instances, ManagedBuffer and UnsafeMutablePointer, and a server's memory
	@mkdir -p $(B)/swift-bench
	@ctests/bench/swift/bench.sh $(B)
	@ctests/bench/swift/server.sh $(B)
check-swift-speed: $(B)/packages/speed ## A box that is made and dropped takes few instructions
	@mkdir -p $(B)/swift-bench
	@ctests/bench/swift/check-pairs.sh $(B)

.PHONY: bench-zones bench-frames bench-descriptors check-speed
check-speed: $(B)/bench/instructions ## The instruction counts of the fast paths are within their limits
	@ctests/bench/check-instructions.sh $(B)
bench-descriptors: $(B)/bench/descriptors
bench-descriptors: ## What descriptors in a table save over descriptors in the slabs, in a random live set
	@$<

bench-zones: $(B)/bench/pairs $(PAIRS_ARCHIVES) bench-frames
bench-zones: ## Compare zones with the mallocs of glibc, jemalloc, tcmalloc and mimalloc, and page frames at each place
	@ctests/bench/bench.sh $(B)
# PAGES='100 1000' measures fewer than 100 to 100,000 pages.
bench-frames: $(B)/bench/frames
bench-frames: ## What random replacement costs for page frames side by side, at distances, at random and between CPUs
	@ctests/bench/bench-frames.sh $(B) $(PAGES)
