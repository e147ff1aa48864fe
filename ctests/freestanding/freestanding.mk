# The tests of the freestanding archives.
FREESTANDING_TEST_MAKEFILES := $(FREESTANDING_MAKEFILES) ctests/freestanding/freestanding.mk

# --- The test of each: a program that needs no operating system but for its exit, under qemu-user ---
# Swift's heap is the same code for each calling convention of a machine.
FREESTANDING_TESTS := $(foreach test,core small stack stack_small,$(FREESTANDING:%=$(F)/%/tests/$(test).test)) \
  $(foreach test,swift_heap typed,$(patsubst %,$(F)/%/tests/$(test).test,\
    $(filter-out riscv64-lp64d armv7em-hf,$(FREESTANDING))))
$(F)/%/tests/machine.o: ctests/freestanding/machine.c ctests/freestanding/machine.h $(FREESTANDING_TEST_MAKEFILES)
	$(call compile_bare_c)
$(F)/%/tests/core.o: ctests/freestanding/core.c ctests/freestanding/machine.h $(C_HEADERS) \
  $(FREESTANDING_TEST_MAKEFILES)
	$(call compile_bare_c)

# Swift's dictionaries calculate with Double: they are tried where there are instructions for that, and left out
# elsewhere.
$(F)/x86_64/tests/swift_heap.o: target_flags_x86_64 := -DDICTIONARIES
$(F)/aarch64/tests/swift_heap.o: target_flags_aarch64 := -DDICTIONARIES
$(F)/x86_64/tests/swift_program.o: swift_test_flags := -D DICTIONARIES
$(F)/aarch64/tests/swift_program.o: swift_test_flags := -D DICTIONARIES
$(F)/%/tests/swift_heap.o: ctests/freestanding/swift_heap.c ctests/freestanding/machine.h $(C_HEADERS) \
  $(FREESTANDING_TEST_MAKEFILES)
	$(call compile_bare_c)
$(F)/%/tests/swift_program.o: ctests/freestanding/swift_heap.swift $(FREESTANDING_TEST_MAKEFILES)
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
$(F)/%/tests/small.o: ctests/freestanding/core.c ctests/freestanding/machine.h $(C_HEADERS) \
  $(FREESTANDING_TEST_MAKEFILES)
	$(call compile_bare_c,-DSLM_SMALL)
$(F)/%/tests/small.test: $(F)/%/tests/small.o $(F)/%/tests/machine.o $(F)/%/Runtime.o $(F)/%/libslabmalloc-small.a
	$(link_freestanding_test)
$(F)/%/tests/core.test: $(F)/%/tests/core.o $(F)/%/tests/machine.o $(F)/%/Runtime.o $(F)/%/libslabmalloc.a
	$(link_freestanding_test)
$(F)/%/tests/stack.o: ctests/freestanding/stack.c ctests/freestanding/machine.h $(C_HEADERS) \
  $(FREESTANDING_TEST_MAKEFILES)
	$(call compile_bare_c)
$(F)/%/tests/stack_small.o: ctests/freestanding/stack.c ctests/freestanding/machine.h $(C_HEADERS) \
  $(FREESTANDING_TEST_MAKEFILES)
	$(call compile_bare_c,-DSLM_SMALL)
.PRECIOUS: $(F)/%/tests/stack.o $(F)/%/tests/stack_small.o
$(F)/%/tests/stack.test: $(F)/%/tests/stack.o $(F)/%/tests/machine.o $(F)/%/Runtime.o $(F)/%/libslabmalloc.a
	$(link_freestanding_test)
$(F)/%/tests/stack_small.test: $(F)/%/tests/stack_small.o $(F)/%/tests/machine.o $(F)/%/Runtime.o \
  $(F)/%/libslabmalloc-small.a
	$(link_freestanding_test)
$(F)/%/tests/swift_heap.test: $(F)/%/tests/swift_heap.o $(F)/%/tests/swift_program.o $(F)/%/tests/machine.o \
  $(F)/%/Runtime.o \
  $(F)/%/libslabmalloc-swiftheap.a $(F)/%/libslabmalloc.a
	$(link_freestanding_test)
$(F)/%/tests/typed.o: ctests/freestanding/typed.c ctests/freestanding/machine.h $(C_HEADERS) \
  $(FREESTANDING_TEST_MAKEFILES)
	$(call compile_bare_c)
TYPED_PROGRAM := ctests/freestanding/package/Sources/Typed/typed.swift
$(F)/%/tests/typed_program.o: $(TYPED_PROGRAM) $(F)/%/typed/SlabMalloc.o $(FREESTANDING_TEST_MAKEFILES)
	@$(SWIFTC) -swift-version 6 -warnings-as-errors -enable-experimental-feature Embedded -wmo \
	  -O -parse-as-library -module-name Typed -I include -I $(F)/$*/typed -Xfrontend -function-sections \
	  -Xfrontend -disable-stack-protector -target $(triple_$*) $(addprefix -Xcc ,$(target_flags_$*)) -c -o $@ $<
.PRECIOUS: $(F)/%/tests/typed.o $(F)/%/tests/typed_program.o
$(F)/%/tests/typed.test: $(F)/%/tests/typed.o $(F)/%/tests/typed_program.o $(F)/%/typed/SlabMalloc.o \
  $(F)/%/tests/machine.o $(F)/%/Runtime.o $(F)/%/libslabmalloc-swiftheap.a $(F)/%/libslabmalloc.a
	$(link_freestanding_test)

# What one use of each container adds to a kernel.
TYPED_SIZES := $(filter x86_64 riscv64 armv7em,$(FREESTANDING))
TYPED_SIZES_NEED := $(foreach t,$(TYPED_SIZES),$(addprefix $(F)/$(t)/,typed/SlabMalloc.o Runtime.o tests/machine.o \
  libslabmalloc.a libslabmalloc-swiftheap.a))
typed_sizes = $(foreach t,$(TYPED_SIZES),TRIPLE_$(t)='$(triple_$(t))' \
  FLAGS_$(t)='$(addprefix -Xcc ,$(target_flags_$(t)))') ctests/freestanding/typed-sizes.sh $(F) $(TYPED_SIZES)
.PHONY: typed-sizes
typed-sizes: $(TYPED_SIZES_NEED) ## The bytes that one use of each typed container adds to a kernel
	@$(typed_sizes)
check-freestanding: $(TYPED_SIZES_NEED)

# --- The README's kernel, to be linked by check-links: compiled as it stands, for a fixed address and for any ---
$(F)/readme_kernel.c: README.md $(FREESTANDING_TEST_MAKEFILES)
	@mkdir -p $(@D)
	@awk '/^<!-- .*kernel_start.c -->$$/ { found = 1; next } /^```/ { inside = found && !inside; found = inside; next } \
	  inside' $< >$@
	@[ -s $@ ]
LINK_OBJECTS := $(FREESTANDING:%=$(F)/%/links/objects)
$(F)/%/links/objects: ctests/freestanding/plain.c ctests/freestanding/machine.c ctests/freestanding/machine.h \
  $(F)/readme_kernel.c $(C_HEADERS) $(FREESTANDING_TEST_MAKEFILES)
	@mkdir -p $(@D)/static $(@D)/pie
	@for form in 'static -fno-pic' 'pie -fPIC'; do \
	  for file in plain.c:plain.o plain.c:plain-small.o:-DSLM_SMALL machine.c:machine.o; do \
	    set -- $$(echo "ctests/freestanding/$$file" | tr : ' '); \
	    $(bare_cc) $${form#* } $$3 -c -o $(@D)/$${form%% *}/$$2 $$1 || exit; \
	  done; \
	  $(bare_cc) $${form#* } -c -o $(@D)/$${form%% *}/kernel.o $(F)/readme_kernel.c || exit; \
	done
	@touch $@
