# Freestanding archives: the same sources, without an operating system. Included by the Makefile.

FREESTANDING := x86_64 aarch64 riscv64 i686 armv7em riscv32
F := $(B)/freestanding

triple_x86_64  := x86_64-unknown-none-elf
triple_aarch64 := aarch64-none-none-elf
triple_riscv64 := riscv64-none-none-eabi
triple_i686    := i686-unknown-none-elf
triple_armv7em := armv7em-none-none-eabi
triple_riscv32 := riscv32-none-none-eabi
# Neither vector registers nor memory below the stack pointer: an interrupt handler doesn't save them.
target_flags_x86_64  := -mno-red-zone -mno-sse -mno-mmx -msoft-float
target_flags_aarch64 := -mgeneral-regs-only -mstrict-align
target_flags_riscv64 := -mcmodel=medany
target_flags_i686    := -mno-sse -mno-mmx -msoft-float
target_flags_armv7em := -mfloat-abi=soft
target_flags_riscv32 := -mcmodel=medany

# On 32 bits each conversion between words and 64-bit integers mentions an array before it is optimised, at which
# -no-allocations balks. The sources are held to it by the other targets, and the archives by check-freestanding.
FREESTANDING_32 := i686 armv7em riscv32
bare_swift_flags = $(if $(filter $*,$(FREESTANDING_32)),$(filter-out -no-allocations,$(SWIFT_FLAGS)),$(SWIFT_FLAGS)) \
  -target $(triple_$*) $(addprefix -Xcc ,-ffreestanding $(target_flags_$*))

# Without an operating system there is the zone house alone, and Embedded Swift's heap on it.
HOSTED_FOLDERS := Pages/Mmap Runs Heaps Process API/C/Hosted API/Libc
BARE_SRC := $(wildcard Sources/SlabMalloc/API/SwiftRuntime/*.swift) \
  $(filter-out $(HOSTED_FOLDERS:%=Sources/SlabMalloc/%/%),$(SWIFT_SRC))
PORT_HEADER := include/slabmalloc/port.h
FREESTANDING_MAKEFILES := Makefile Sources/Packaging/freestanding.mk

# The same as in slabmalloc.h, at SLM_SMALL.
SMALL_LACKS := 'statistics|batch|reserve|fragmentation|free_runs|status_name|swift_heap'

.PHONY: freestanding
FREESTANDING_ARCHIVES := $(foreach name,libslabmalloc libslabmalloc-small libslabmalloc-swiftheap,\
  $(FREESTANDING:%=$(F)/%/$(name).a))
freestanding: $(FREESTANDING_ARCHIVES) ## Build the archives for kernels and firmware
	@ctests/checks/freestanding-sizes.sh $(F) $(FREESTANDING)

# What an archive defines: zones, caches and regions, and slm_port_provider.
$(F)/api.txt: $(B)/api.txt $(PORT_HEADER) $(FREESTANDING_MAKEFILES)
	@mkdir -p $(@D)
	@{ grep -E '^slm_(zone|cache|region|status|version)' $<; echo slm_port_provider; \
	  $(CLANG) -E -P -ffreestanding $(PORT_HEADER) | grep -o '\bslm_swift_heap_[a-z_]*(' | tr -d '('; } | sort >$@
# The hooks that it has a weak definition of.
$(F)/hooks.txt: $(PORT_HEADER) $(FREESTANDING_MAKEFILES)
	@mkdir -p $(@D)
	@sed -n -e '/^ \* \[OPTIONAL\]/h' -e '/^ \* \[REQUIRED\]/h' \
	  -e '/^[a-z].*\bslm_port_[a-z_]*(/{x;/OPTIONAL/{x;s/.*\b\(slm_port_[a-z_]*\)(.*/\1/p;s/.*//;x}}' $< | \
	  sort >$@

$(F)/%/SlabMalloc.o: $(BARE_SRC) $(C_HEADERS) $(B)/sources.txt $(B)/api.txt $(FREESTANDING_MAKEFILES)
	@mkdir -p $(@D)
	@echo '  SWIFT   $@'
	@rm -f $@
	@$(SWIFTC) $(bare_swift_flags) -c -o $@ $(BARE_SRC)
	$(call name_hot,$(HOT))

define compile_bare_c
@mkdir -p $(@D)
@$(CLANG) -target $(triple_$*) -std=gnu11 $(C_WARNINGS) -Os -gdwarf-4 -ffreestanding -nostdlibinc -fno-builtin \
  -ffunction-sections \
  $(target_flags_$*) $(INCLUDES) $(1) -c -o $@ $<
endef
define make_bare_archive
@echo '  AR      $@'
@$(LLD) -r --gc-sections $$(sed 's/^/-u /' $(F)/api.txt $(F)/hooks.txt) -o $(@:.a=.o) $(filter %.o,$^)
@$(OBJCOPY) --keep-global-symbols=$(F)/api.txt --keep-global-symbols=$(F)/hooks.txt $(@:.a=.o)
@rm -f $@
@$(AR) rcsD $@ $(@:.a=.o)
endef
# The same with assertions: zones check their invariants, and a broken one traps. The example kernel is linked with it.
$(F)/%/assert/SlabMalloc.o: $(BARE_SRC) $(C_HEADERS) $(B)/sources.txt $(B)/api.txt $(FREESTANDING_MAKEFILES)
	@mkdir -p $(@D)
	@echo '  SWIFT   $@'
	@rm -f $@
	@$(SWIFTC) $(bare_swift_flags) -D SLM_ASSERT -c -o $@ $(BARE_SRC)
	$(call name_hot,$(HOT))
$(F)/%/Broken.o: Sources/CSlabPort/Broken.c $(C_HEADERS) $(FREESTANDING_MAKEFILES)
	$(call compile_bare_c)
$(F)/%/assert/libslabmalloc.a: $(F)/%/assert/SlabMalloc.o $(F)/%/StatusNames.o $(F)/%/Hooks.o $(F)/%/Runtime.o \
  $(F)/%/Broken.o $(F)/api.txt $(F)/hooks.txt
	$(call make_bare_archive)

# The small profile: the same sources without what SMALL_LACKS names.
$(F)/%/small/SlabMalloc.o: $(BARE_SRC) $(C_HEADERS) $(B)/sources.txt $(B)/api.txt $(FREESTANDING_MAKEFILES)
	@mkdir -p $(@D)
	@echo '  SWIFT   $@'
	@rm -f $@
	@$(SWIFTC) $(patsubst -O,-Osize,$(bare_swift_flags)) -D SLM_SMALL -c -o $@ $(BARE_SRC)
$(F)/small-api.txt: $(F)/api.txt $(FREESTANDING_MAKEFILES)
	@grep -v -E $(SMALL_LACKS) $< >$@
$(F)/%/libslabmalloc-small.a: $(F)/%/small/SlabMalloc.o $(F)/%/Hooks.o $(F)/%/Runtime.o $(F)/small-api.txt \
  $(F)/hooks.txt
	@echo '  AR      $@'
	@$(LLD) -r --gc-sections $$(sed 's/^/-u /' $(F)/small-api.txt $(F)/hooks.txt) -o $(@:.a=.o) $(filter %.o,$^)
	@$(OBJCOPY) --keep-global-symbols=$(F)/small-api.txt --keep-global-symbols=$(F)/hooks.txt $(@:.a=.o)
	@rm -f $@
	@$(AR) rcsD $@ $(@:.a=.o)

$(F)/%/Hooks.o: Sources/CSlabPort/Hooks.c $(C_HEADERS) $(FREESTANDING_MAKEFILES)
	$(call compile_bare_c)
$(F)/%/StatusNames.o: Sources/CSlabPort/StatusNames.c $(C_HEADERS) $(FREESTANDING_MAKEFILES)
	$(call compile_bare_c)
$(F)/%/Runtime.o: Sources/CSlabPort/Runtime.c $(C_HEADERS) $(FREESTANDING_MAKEFILES)
	$(call compile_bare_c)
$(F)/%/SwiftHeapNames.o: Sources/CSlabPort/SwiftHeapNames.c $(C_HEADERS) $(FREESTANDING_MAKEFILES)
	$(call compile_bare_c)
.PRECIOUS: $(F)/%/assert/SlabMalloc.o $(F)/%/Broken.o
.PRECIOUS: $(F)/%/small/SlabMalloc.o $(F)/%/SwiftHeapNames.o $(F)/%/SlabMalloc.o $(F)/%/Hooks.o $(F)/%/Runtime.o \
  $(F)/%/StatusNames.o

# One object, as the hosted archive's, with the weak hooks as its only other global symbols.
$(F)/%/libslabmalloc.a: $(F)/%/SlabMalloc.o $(F)/%/StatusNames.o $(F)/%/Hooks.o $(F)/%/Runtime.o $(F)/api.txt \
  $(F)/hooks.txt
	$(call make_bare_archive)

$(F)/%/libslabmalloc-swiftheap.a: $(F)/%/SwiftHeapNames.o
	@rm -f $@
	@$(AR) rcsD $@ $<

# --- The test of each: a program that needs no operating system but for its exit, under qemu-user ---
FREESTANDING_TESTS := $(foreach test,core small swift_heap,$(FREESTANDING:%=$(F)/%/tests/$(test).test))
$(F)/%/tests/machine.o: ctests/freestanding/machine.c ctests/freestanding/machine.h $(FREESTANDING_MAKEFILES)
	$(call compile_bare_c)
$(F)/%/tests/core.o: ctests/freestanding/core.c ctests/freestanding/machine.h $(C_HEADERS) $(FREESTANDING_MAKEFILES)
	$(call compile_bare_c)

# Swift's dictionaries calculate with Double: they are tried where there are instructions for that, and left out
# elsewhere.
$(F)/x86_64/tests/swift_heap.o: target_flags_x86_64 := -DDICTIONARIES
$(F)/aarch64/tests/swift_heap.o: target_flags_aarch64 := -DDICTIONARIES
$(F)/x86_64/tests/swift_program.o: swift_test_flags := -D DICTIONARIES
$(F)/aarch64/tests/swift_program.o: swift_test_flags := -D DICTIONARIES
$(F)/%/tests/swift_heap.o: ctests/freestanding/swift_heap.c ctests/freestanding/machine.h $(C_HEADERS) \
  $(FREESTANDING_MAKEFILES)
	$(call compile_bare_c)
$(F)/%/tests/swift_program.o: ctests/freestanding/swift_heap.swift $(FREESTANDING_MAKEFILES)
	@mkdir -p $(@D)
	@$(SWIFTC) -swift-version 6 -warnings-as-errors -enable-experimental-feature Embedded -wmo -O -parse-as-library \
	  -Xfrontend -function-sections -Xfrontend -disable-stack-protector -target $(triple_$*) \
	  $(or $(swift_test_flags),$(addprefix -Xcc ,$(target_flags_$*))) -c -o $@ $<
.PRECIOUS: $(F)/%/tests/small.o $(F)/%/tests/machine.o $(F)/%/tests/core.o $(F)/%/tests/swift_heap.o \
  $(F)/%/tests/swift_program.o

# Runtime is for the program itself: the archive's is private to it.
define link_freestanding_test
@$(LLD) -static --gc-sections -o $@ $^
endef
$(F)/%/tests/small.o: ctests/freestanding/core.c ctests/freestanding/machine.h $(C_HEADERS) $(FREESTANDING_MAKEFILES)
	$(call compile_bare_c,-DSLM_SMALL)
$(F)/%/tests/small.test: $(F)/%/tests/small.o $(F)/%/tests/machine.o $(F)/%/Runtime.o $(F)/%/libslabmalloc-small.a
	$(link_freestanding_test)
$(F)/%/tests/core.test: $(F)/%/tests/core.o $(F)/%/tests/machine.o $(F)/%/Runtime.o $(F)/%/libslabmalloc.a
	$(link_freestanding_test)
$(F)/%/tests/swift_heap.test: $(F)/%/tests/swift_heap.o $(F)/%/tests/swift_program.o $(F)/%/tests/machine.o \
  $(F)/%/Runtime.o \
  $(F)/%/libslabmalloc-swiftheap.a $(F)/%/libslabmalloc.a
	$(link_freestanding_test)
