# Freestanding archives: the same sources, without an operating system. Included by the Makefile.

# A name is a machine, or a machine with a calling convention or without an instruction set. TARGETS picks some of them:
# make freestanding TARGETS='riscv64 armv6m'
FREESTANDING_ALL := x86_64 aarch64 riscv64 riscv64-lp64d riscv32 riscv32imc i686 armv7em armv7em-hf armv6m
TARGETS ?= $(FREESTANDING_ALL)
FREESTANDING := $(TARGETS)
ifneq ($(filter-out $(FREESTANDING_ALL),$(TARGETS)),)
$(error there is no target $(filter-out $(FREESTANDING_ALL),$(TARGETS)); TARGETS may name: $(FREESTANDING_ALL))
endif
F := $(B)/freestanding

triple_x86_64        := x86_64-unknown-none-elf
triple_aarch64       := aarch64-none-none-elf
triple_riscv64       := riscv64-none-none-eabi
triple_riscv64-lp64d := riscv64-none-none-eabi
triple_riscv32       := riscv32-none-none-eabi
triple_riscv32imc    := riscv32-none-none-eabi
triple_i686          := i686-unknown-none-elf
triple_armv7em       := armv7em-none-none-eabi
triple_armv7em-hf    := armv7em-none-none-eabi
triple_armv6m        := armv6m-none-none-eabi
# Neither vector registers nor memory below the stack pointer: an interrupt handler doesn't save them. Where the calling
# convention names registers for floating point, the archive still uses none: check-freestanding.
target_flags_x86_64        := -mno-red-zone -mno-sse -mno-mmx -msoft-float
target_flags_aarch64       := -mgeneral-regs-only -mstrict-align
target_flags_riscv64       := -mcmodel=medany
target_flags_riscv64-lp64d := -mcmodel=medany -march=rv64gc -mabi=lp64d
target_flags_riscv32       := -mcmodel=medany
target_flags_riscv32imc    := -mcmodel=medany -march=rv32imc -mabi=ilp32
target_flags_i686          := -mno-sse -mno-mmx -msoft-float
target_flags_armv7em       := -mfloat-abi=soft
target_flags_armv7em-hf    := -mfloat-abi=hard -mfpu=fpv4-sp-d16
target_flags_armv6m        := -mfloat-abi=soft
# Where install-freestanding puts the archives: below the triple, or one of its own where two share a triple.
install_dir_riscv64-lp64d := $(triple_riscv64)-lp64d
install_dir_riscv32imc    := $(triple_riscv32)-rv32imc
install_dir_armv7em-hf    := $(triple_armv7em)hf
install_dir = $(or $(install_dir_$(1)),$(triple_$(1)))

# On 32 bits each conversion between words and 64-bit integers mentions an array before it is optimised, at which
# -no-allocations balks. The sources are held to it by the other targets, and the archives by check-freestanding.
FREESTANDING_32 := riscv32 riscv32imc i686 armv7em armv7em-hf armv6m
# A kernel wants the bytes: no frame pointers, which C compilers leave out as well, and -Osize. Fast paths are inlined
# where they are, and cost the same instructions.
bare_swift_flags = $(patsubst -O,-Osize,\
  $(if $(filter $*,$(FREESTANDING_32)),$(filter-out -no-allocations,$(SWIFT_FLAGS)),$(SWIFT_FLAGS))) \
  -target $(triple_$*) $(addprefix -Xcc ,-ffreestanding -fomit-frame-pointer $(target_flags_$*))
# What takes a closure exists once, and not once for each closure. What is inlined always has no closure left.
FULL_FLAGS := -Xllvm -sil-disable-pass=closure-specialize

# Without an operating system there is the zone house alone, and Embedded Swift's heap on it.
HOSTED_FOLDERS := Pages/Mmap Runs Heaps Process API/C/Hosted API/Libc
SMALL_SRC := $(filter-out $(HOSTED_FOLDERS:%=Sources/SlabMalloc/%/%),$(SWIFT_SRC))
BARE_SRC := $(wildcard Sources/SlabMalloc/API/SwiftRuntime/*.swift) $(SMALL_SRC)
PORT_HEADER := include/slabmalloc/port.h
FREESTANDING_MAKEFILES := Makefile Sources/Packaging/freestanding.mk

# The same as in slabmalloc.h, at SLM_SMALL.
SMALL_LACKS_NAMES := statistics print batch reserve fragmentation free_runs status_name swift_heap limit shrinker \
  for_each destroy_with registry constructor zone_provider
empty :=
SMALL_LACKS := '$(subst $(empty) $(empty),|,$(strip $(SMALL_LACKS_NAMES)))'

# For other build systems: a line for each archive, with its name and the folder that it is installed in.
.PHONY: list-freestanding
list-freestanding:
	@printf '%s\n' $(foreach t,$(FREESTANDING_ALL),'$(t) $(call install_dir,$(t))')

.PHONY: freestanding
FREESTANDING_ARCHIVES := $(foreach name,libslabmalloc libslabmalloc-small libslabmalloc-swiftheap,\
  $(FREESTANDING:%=$(F)/%/$(name).a))
freestanding: $(FREESTANDING_ARCHIVES) ## Build the archives for kernels and firmware
	@ctests/checks/freestanding-sizes.sh $(F) $(FREESTANDING)

# What an archive defines: zones, caches and regions, and slm_port_provider. Reports are apart: a kernel that prints
# none is not linked with what prints them.
PRINTS := slm_zone_print slm_cache_print
$(F)/print-api.txt: $(FREESTANDING_MAKEFILES)
	@mkdir -p $(@D)
	@printf '%s\n' $(PRINTS) >$@
$(F)/api.txt: $(B)/api.txt $(F)/print-api.txt $(PORT_HEADER) $(FREESTANDING_MAKEFILES)
	@mkdir -p $(@D)
	@{ grep -E '^slm_(zone|cache|region|registry|status|version)' $< | grep -v -x -f $(F)/print-api.txt; \
	  echo slm_port_provider; \
	  $(CLANG) -E -P -ffreestanding $(PORT_HEADER) | grep -o '\bslm_swift_heap_[a-z_]*(' | tr -d '('; } | sort >$@
# The hooks that it has a weak definition of.
$(F)/hooks.txt: $(PORT_HEADER) $(FREESTANDING_MAKEFILES)
	@mkdir -p $(@D)
	@sed -n -e '/^ \* \[OPTIONAL\]/h' \
	  -e '/^[a-z].*\bslm_port_[a-z_]*(/{x;/OPTIONAL/{x;s/.*\b\(slm_port_[a-z_]*\)(.*/\1/p;s/.*//;x}}' $< | \
	  sort >$@

$(F)/%/SlabMalloc.o: $(BARE_SRC) $(C_HEADERS) $(B)/sources.txt $(B)/api.txt $(FREESTANDING_MAKEFILES)
	@mkdir -p $(@D)
	@echo '  SWIFT   $@'
	@rm -f $@
	@$(SWIFTC) $(bare_swift_flags) $(FULL_FLAGS) -c -o $@ $(BARE_SRC)
	$(call name_hot,$(HOT))

bare_cc = $(CLANG) -target $(triple_$*) -std=gnu11 $(C_WARNINGS) -Os -gdwarf-4 -ffreestanding -nostdlibinc \
  -fomit-frame-pointer \
  -fno-builtin -ffunction-sections $(target_flags_$*) $(INCLUDES)
# Position independent, as Swift's code is: the archives link at any address, and into what is loaded at any address.
define compile_bare_c
@mkdir -p $(@D)
@$(bare_cc) -fPIC $(1) -c -o $@ $<
endef
# make_bare_archive API, OBJECTS: one object, as the hosted archive's, with the weak hooks as its only other global
# symbols, and other objects beside it.
define make_bare_archive
@echo '  AR      $@'
@$(LLD) -r --gc-sections $$(sed 's/^/-u /' $(1) $(F)/hooks.txt) -o $(@:.a=.o) $(filter-out $(2),$(filter %.o,$^))
@$(OBJCOPY) --keep-global-symbols=$(1) --keep-global-symbols=$(F)/hooks.txt $(@:.a=.o)
@rm -f $@
@$(AR) rcsD $@ $(@:.a=.o) $(2)
endef

# What is in C. The small library has neither names of statuses nor Swift's heap.
define bare_c_rule
$(F)/%/$(1).o: Sources/CSlabPort/$(1).c $(C_HEADERS) $(FREESTANDING_MAKEFILES)
	$$(call compile_bare_c)
.PRECIOUS: $(F)/%/$(1).o
endef
SMALL_C := Hooks Runtime
BARE_C := StatusNames FreestandingState $(SMALL_C)
$(foreach name,$(BARE_C) Broken SwiftHeapNames,$(eval $(call bare_c_rule,$(name))))
SMALL_C_OBJ := $(foreach name,$(SMALL_C),$(F)/%/$(name).o)
BARE_C_OBJ := $(foreach name,$(BARE_C),$(F)/%/$(name).o)

$(F)/%/libslabmalloc.a: $(F)/%/SlabMalloc.o $(BARE_C_OBJ) $(F)/%/print.o $(F)/api.txt $(F)/hooks.txt
	$(call make_bare_archive,$(F)/api.txt,$(F)/$*/print.o)
# What prints reports, with a copy of the walks that it needs. Hooks are those of the program, or of the other object.
$(F)/%/print.o: $(F)/%/SlabMalloc.o $(F)/%/Runtime.o $(F)/print-api.txt
	@$(LLD) -r --gc-sections $(PRINTS:%=-u %) -o $@ $(filter %.o,$^)
	@$(OBJCOPY) --keep-global-symbols=$(F)/print-api.txt $@

# The same with assertions: zones check their invariants, and a broken one traps. The example kernel is linked with it.
$(F)/%/assert/SlabMalloc.o: $(BARE_SRC) $(C_HEADERS) $(B)/sources.txt $(B)/api.txt $(FREESTANDING_MAKEFILES)
	@mkdir -p $(@D)
	@echo '  SWIFT   $@'
	@rm -f $@
	@$(SWIFTC) $(bare_swift_flags) $(FULL_FLAGS) -D SLM_ASSERT -c -o $@ $(BARE_SRC)
	$(call name_hot,$(HOT))
$(F)/%/assert/libslabmalloc.a: $(F)/%/assert/SlabMalloc.o $(BARE_C_OBJ) $(F)/%/Broken.o $(F)/%/print.o $(F)/api.txt \
  $(F)/hooks.txt
	$(call make_bare_archive,$(F)/api.txt,$(F)/$*/print.o)

# The small profile: the same sources without what SMALL_LACKS names.
$(F)/%/small/SlabMalloc.o: $(SMALL_SRC) $(C_HEADERS) $(B)/sources.txt $(B)/api.txt $(FREESTANDING_MAKEFILES)
	@mkdir -p $(@D)
	@echo '  SWIFT   $@'
	@rm -f $@
	@$(SWIFTC) $(bare_swift_flags) -D SLM_SMALL -c -o $@ $(SMALL_SRC)
$(F)/small-api.txt: $(F)/api.txt $(FREESTANDING_MAKEFILES)
	@grep -v -E $(SMALL_LACKS) $< >$@
$(F)/%/libslabmalloc-small.a: $(F)/%/small/SlabMalloc.o $(SMALL_C_OBJ) $(F)/small-api.txt $(F)/hooks.txt
	$(call make_bare_archive,$(F)/small-api.txt)

# The typed containers as a Swift module and its object, for programs that plain swiftc compiles with -I. The same files
# as the product SlabMallocEmbedded of Package.swift has.
TYPED_GROUND := $(addprefix Sources/SlabMalloc/,$(addsuffix .swift,Ground/AllocationError Ground/Build Ground/Layout \
  Ground/PageSize Ground/Profile Ground/Status Pages/PageProvider))
TYPED_BARE_SRC := $(TYPED_GROUND) $(filter-out Sources/SlabMalloc/API/Typed/Hosted/%,$(TYPED_SRC))
$(F)/%/typed/SlabMalloc.o: $(TYPED_BARE_SRC) $(C_HEADERS) $(B)/sources.txt $(FREESTANDING_MAKEFILES)
	@mkdir -p $(@D)
	@echo '  SWIFT   $@'
	@$(SWIFTC) -swift-version 6 -warnings-as-errors -enable-experimental-feature Embedded \
	  -enable-experimental-feature Lifetimes -wmo -Osize -g -parse-as-library -module-name SlabMalloc -I include \
	  -Xfrontend -function-sections -Xfrontend -disable-stack-protector -target $(triple_$*) \
	  $(addprefix -Xcc ,-ffreestanding $(target_flags_$*)) \
	  -emit-module -emit-module-path $(@:.o=.swiftmodule) -c -o $@ $(TYPED_BARE_SRC)
.PRECIOUS: $(F)/%/typed/SlabMalloc.o

$(F)/%/libslabmalloc-swiftheap.a: $(F)/%/SwiftHeapNames.o
	@rm -f $@
	@$(AR) rcsD $@ $<
.PRECIOUS: $(F)/%/print.o $(F)/%/SlabMalloc.o $(F)/%/small/SlabMalloc.o $(F)/%/assert/SlabMalloc.o
