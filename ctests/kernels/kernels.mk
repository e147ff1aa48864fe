# Example kernels for three machines, booted in QEMU.
packages_kernels := qemu-system-x86 qemu-system-arm qemu-system-misc device-tree-compiler gcc \
  gcc-riscv64-unknown-elf binutils-aarch64-linux-gnu binutils-arm-none-eabi
K := $(B)/kernels
KERNEL_MACHINES := x86_64 aarch64 riscv64
KERNEL_C := $(wildcard ctests/kernels/*.c)
# Tasks may use floating point, as Swift's Dictionary does. Handlers and the allocator don't, so its registers needn't
# be saved.
task_flags_x86_64  := -mno-red-zone
task_flags_aarch64 := -mstrict-align
task_flags_riscv64 := -mcmodel=medany -march=rv64gc -mabi=lp64

define kernel_rules
KERNEL_OBJ_$(1) := $$(KERNEL_C:ctests/kernels/%.c=$(K)/$(1)/%.o) $(K)/$(1)/boot.o $(K)/$(1)/machine.o \
  $(K)/$(1)/tasks.swift.o $(F)/$(1)/typed/SlabMalloc.o
kernel_cc_$(1) = $$(CLANG) -target $$(triple_$(1)) -ffreestanding -nostdlibinc -fno-builtin $$(target_flags_$(1)) \
  -I include -MMD -MP
$(K)/$(1)/%.o: ctests/kernels/%.c ctests/kernels/kernels.mk
	@mkdir -p $$(@D)
	@$$(kernel_cc_$(1)) -std=gnu11 $(C_WARNINGS) -O2 -g -ffunction-sections -c -o $$@ $$<
$(K)/$(1)/math.o: target_flags_$(1) := $$(task_flags_$(1))
$(K)/$(1)/machine.o: ctests/kernels/$(1)/machine.c ctests/kernels/kernels.mk
	@mkdir -p $$(@D)
	@$$(kernel_cc_$(1)) -std=gnu11 $(C_WARNINGS) -O2 -g -c -o $$@ $$<
$(K)/$(1)/boot.o: ctests/kernels/$(1)/boot.S ctests/kernels/kernels.mk
	@mkdir -p $$(@D)
	@$$(kernel_cc_$(1)) -g -c -o $$@ $$<
$(K)/$(1)/tasks.swift.o: ctests/kernels/tasks.swift ctests/kernels/kernel.h ctests/kernels/config.h \
  ctests/kernels/module.modulemap $(F)/$(1)/typed/SlabMalloc.o $(C_HEADERS) ctests/kernels/kernels.mk
	@mkdir -p $$(@D)
	@echo '  SWIFT   $$@'
	@$(SWIFTC) -swift-version 6 -warnings-as-errors -enable-experimental-feature Embedded -wmo -O -g \
	  -parse-as-library -module-name KernelTasks -I include -I $(F)/$(1)/typed -I ctests/kernels \
	  -Xfrontend -function-sections \
	  -Xfrontend -disable-stack-protector -target $$(triple_$(1)) $$(addprefix -Xcc ,-ffreestanding $$(task_flags_$(1))) \
	  -c -o $$@ $$<
$(K)/$(1).elf: $$(KERNEL_OBJ_$(1)) ctests/kernels/$(1)/kernel.ld $(F)/$(1)/libslabmalloc.a \
  $(F)/$(1)/libslabmalloc-swiftheap.a
	@echo '  LD      $$@'
	@$(LLD) --gc-sections --no-undefined -T ctests/kernels/$(1)/kernel.ld -o $$@ $$(KERNEL_OBJ_$(1)) \
	  $(F)/$(1)/libslabmalloc-swiftheap.a $(F)/$(1)/libslabmalloc.a
# The same kernel on the library that checks its invariants.
$(K)/$(1)-assert.elf: $$(KERNEL_OBJ_$(1)) ctests/kernels/$(1)/kernel.ld $(F)/$(1)/assert/libslabmalloc.a \
  $(F)/$(1)/libslabmalloc-swiftheap.a
	@echo '  LD      $$@'
	@$(LLD) --gc-sections --no-undefined -T ctests/kernels/$(1)/kernel.ld -o $$@ $$(KERNEL_OBJ_$(1)) \
	  $(F)/$(1)/libslabmalloc-swiftheap.a $(F)/$(1)/assert/libslabmalloc.a
endef
$(foreach machine,$(KERNEL_MACHINES),$(eval $(call kernel_rules,$(machine))))
-include $(wildcard $(K)/*/*.d)

KERNELS := $(KERNEL_MACHINES:%=$(K)/%.elf) $(K)/x86_64-assert.elf
.PHONY: kernels check-kernels
kernels: $(KERNELS) ## Build the example kernels for x86_64, aarch64 and riscv64

# The archives that the smallest kernels are linked with.
SMALLEST_NEEDS := $(foreach machine,$(KERNEL_MACHINES),$(F)/$(machine)/libslabmalloc.a \
  $(F)/$(machine)/libslabmalloc-small.a) $(F)/armv6m/libslabmalloc-small.a
check-kernels: $(KERNELS) $(SMALLEST_NEEDS) $(B)/packages/kernels
check-kernels: ## The example kernels pass their checks in QEMU, and fail with each planted fault
	@ctests/kernels/check-kernels.sh $(K) Sources/SlabMalloc/SlabMalloc.docc/Kernels.md $(KERNEL_MACHINES)
	@ctests/kernels/check-smallest.sh $(B) Sources/SlabMalloc/SlabMalloc.docc/Kernels.md $(KERNEL_MACHINES) armv6m
.PHONY: kernel-cost-limits
kernel-cost-limits: ## Write what the kernels of the last check-kernels counted into the guide, as limits
	@ctests/kernels/cost-limits.sh $(K) Sources/SlabMalloc/SlabMalloc.docc/Kernels.md $(KERNEL_MACHINES)

# --- Zones against the heaps that kernels start with ---------------------------------------------------------------
# The archive for x86_64 needs no operating system, so it also runs in a program of this one.
KERNEL_BENCH_SRC := $(wildcard ctests/bench/kernel/*.c)
$(B)/bench/kernel/bench: $(KERNEL_BENCH_SRC) ctests/bench/kernel/heap.h ctests/kernels/kernels.mk \
  $(F)/x86_64/libslabmalloc.a | $(B)/packages/speed
	@mkdir -p $(@D)
	@echo '  CC      $@'
	@$(CC) -std=gnu11 $(C_WARNINGS) $(CFLAGS) -I include -no-pie -o $@ $(KERNEL_BENCH_SRC) $(F)/x86_64/libslabmalloc.a

.PHONY: bench-kernel check-kernel-speed
bench-kernel: $(B)/bench/kernel/bench ## Compare zones with a linked list, TLSF and buddies
	@ctests/bench/kernel/bench-kernel.sh $(B)
check-kernel-speed: $(B)/bench/kernel/bench
check-kernel-speed: ## Zones take fewer instructions than a linked list, however many objects live
	@ctests/bench/kernel/bench-kernel.sh $(B) gate
