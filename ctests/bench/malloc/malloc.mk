# The benchmarks of whole programs: `make bench`, and the gate of malloc's instruction counts.
MALLOC_BENCH := ctests/bench/malloc
MALLOC_OUT := $(B)/bench/malloc
MALLOC_WORKLOADS := $(patsubst $(MALLOC_BENCH)/%.c,$(MALLOC_OUT)/%,$(filter-out %/launch.c %/floor_malloc.c,\
  $(wildcard $(MALLOC_BENCH)/*.c))) $(patsubst $(MALLOC_BENCH)/%.cpp,$(MALLOC_OUT)/%,$(wildcard $(MALLOC_BENCH)/*.cpp))

# -fno-builtin: a compiler that knows malloc may leave a pair out. The workloads link nothing but the C library.
MALLOC_C_FLAGS = -std=gnu11 $(C_WARNINGS) $(CFLAGS) -fno-builtin -MMD -MP
$(MALLOC_OUT)/%: $(MALLOC_BENCH)/%.c $(MALLOC_BENCH)/malloc.mk
	@mkdir -p $(@D)
	@echo '  CC      $@'
	@$(CC) $(MALLOC_C_FLAGS) -o $@ $< -lpthread
$(MALLOC_OUT)/%: $(MALLOC_BENCH)/%.cpp $(MALLOC_BENCH)/malloc.mk
	@mkdir -p $(@D)
	@echo '  CXX     $@'
	@$(CXX) -std=gnu++17 $(C_WARNINGS) $(CFLAGS) -fno-builtin -MMD -MP -o $@ $<
$(MALLOC_OUT)/libfloor-malloc.so: $(MALLOC_BENCH)/floor_malloc.c $(MALLOC_BENCH)/malloc.mk
	@mkdir -p $(@D)
	@echo '  CC      $@'
	@$(CC) $(MALLOC_C_FLAGS) -fPIC -shared -o $@ $<

# The library that is measured, made by a rule of the Makefile.
MALLOC_PRELOAD := $(B)/libslabmalloc-preload.so
MALLOC_PROGRAMS := $(MALLOC_WORKLOADS) $(MALLOC_OUT)/launch $(MALLOC_OUT)/libfloor-malloc.so
.PHONY: bench-build
bench-build: $(MALLOC_PROGRAMS)

# One by one and without failing: the runner says what is missing, and measures what is there.
MALLOC_PACKAGES := libjemalloc2 libtcmalloc-minimal4 libmimalloc2.0 redis-server redis-tools sqlite3 python3 gcc g++ \
  z3 \
  lua5.4 perl gnuplot-nox
$(B)/packages/bench-malloc: $(MALLOC_BENCH)/malloc.mk
	@mkdir -p $(@D)
	@for package in $(MALLOC_PACKAGES); do flock $(@D) ctests/checks/ensure-packages.sh $$package || true; done
	@touch $@

PYTHON3 ?= python3
OPTIONS ?=
.PHONY: bench
bench: $(MALLOC_PRELOAD) $(MALLOC_PROGRAMS) $(B)/packages/bench-malloc
bench: ## Compare whole programs with the Debian mallocs: PEERS="a.so b.so" ROWS="larson-*" ROUNDS=5 OPTIONS=--quick
	@PYTHONDONTWRITEBYTECODE=1 $(PYTHON3) $(MALLOC_BENCH)/run.py --build $(B) $(if $(ROUNDS),--rounds $(ROUNDS)) \
	  $(if $(filter command environment,$(word 1,$(origin PEERS))),--peers '$(PEERS)') --rows '$(ROWS)' $(OPTIONS)

.PHONY: bench-growth
bench-growth: $(MALLOC_PRELOAD) $(MALLOC_PROGRAMS) $(B)/packages/bench-malloc
bench-growth: ## Show how mallocs grow with threads, live objects and days of drifting sizes: PEERS= ROUNDS=3
	@PYTHONDONTWRITEBYTECODE=1 $(PYTHON3) $(MALLOC_BENCH)/growth.py --build $(B) $(if $(ROUNDS),--rounds $(ROUNDS)) \
	  $(if $(filter command environment,$(word 1,$(origin PEERS))),--peers '$(PEERS)')

# What the profiles cost: slabmalloc, which is `checked`, beside the other two, and the hardened malloc that the
# toolchain has.
SCUDO := $(wildcard $(SWIFT_BIN)../lib/clang/*/lib/linux/libclang_rt.scudo_standalone-$(shell uname -m).so)
.PHONY: bench-profiles
bench-profiles: ## Compare the profiles fast and hardened with the default, and with scudo: ROWS= ROUNDS=
	@$(MAKE) --no-print-directory bench PEERS='slabmalloc:fast slabmalloc:hardened $(SCUDO)' \
	  OPTIONS='--no-floor $(OPTIONS)'

-include $(wildcard $(MALLOC_OUT)/*.d)

# How many instructions malloc and free take, under callgrind.
MALLOC_COUNTS := $(MALLOC_OUT)/instructions/instructions
$(MALLOC_COUNTS): $(MALLOC_BENCH)/instructions/instructions.c $(MALLOC_BENCH)/malloc.mk | $(B)/packages/speed
	@mkdir -p $(@D)
	@echo '  CC      $@'
	@$(CC) $(MALLOC_C_FLAGS) -o $@ $<
.PHONY: check-malloc-speed
check-malloc-speed: $(MALLOC_COUNTS) $(MALLOC_PRELOAD)
check-malloc-speed: ## The instruction counts of malloc's fast paths are within their limits
	@ctests/bench/check-instructions.sh $(B) $(MALLOC_BENCH)/instructions/limits.txt $(MALLOC_COUNTS) \
	  '$(abspath $(MALLOC_PRELOAD))'
	@echo 'In the profile hardened:'
	@SLABMALLOC_PROFILE=hardened ctests/bench/check-instructions.sh $(B) \
	  $(MALLOC_BENCH)/instructions/limits-hardened.txt $(MALLOC_COUNTS) \
	  '$(abspath $(MALLOC_PRELOAD))'

-include $(wildcard $(MALLOC_OUT)/instructions/*.d)
