# slabmalloc: `make help` lists the targets. Tests, examples and benchmarks are in ctests/checks/check.mk.

# --- Toolchain ---------------------------------------------------------------------------------
# The linker and binutils come from the Swift toolchain, so that they know its object files.
SWIFTC ?= swiftc
SWIFT  ?= swift
SWIFT_BIN := $(dir $(shell readlink -f "$$(command -v $(SWIFTC))"))
CLANG   := $(SWIFT_BIN)clang
LLD     := $(SWIFT_BIN)ld.lld
OBJCOPY := $(SWIFT_BIN)llvm-objcopy
AR      := $(SWIFT_BIN)llvm-ar
NM      := $(SWIFT_BIN)llvm-nm
ifeq ($(origin CC),default)
CC := $(CLANG)
endif

# --- Sources and flags -------------------------------------------------------------------------
B         := build
include Sources/Packaging/arm64.mk
HEADER    := include/slabmalloc.h
# The typed containers are for Swift programs alone; the libraries are without them.
TYPED_SRC := $(sort $(shell find Sources/SlabMalloc/API/Typed -name '*.swift'))
SWIFT_SRC := $(filter-out $(TYPED_SRC),\
  $(sort $(shell find Sources/SlabMalloc -name '*.swift' -not -path '*/SwiftRuntime/*' -not -path '*.docc/*')))
# What only shared objects have is apart.
SHARED_PORT_SRC := Sources/CSlabPort/SharedForks.c
PORT_SRC  := $(filter-out $(SHARED_PORT_SRC),$(wildcard Sources/CSlabPort/*.c))
CPP_HEADERS := $(wildcard include/*.hpp include/slabmalloc/*.hpp)
C_HEADERS := $(HEADER) include/slabmalloc/port.h include/module.modulemap $(wildcard Sources/CSlabPort/include/*)
version_part = $(shell sed -n 's/^.define SLM_VERSION_$(1) *\([0-9]*\).*/\1/p' $(HEADER))
VERSION   := $(call version_part,MAJOR).$(call version_part,MINOR).$(call version_part,PATCH)
SONAME    := libslabmalloc.so.0
TARGET    ?= $(shell uname -m)-unknown-linux-gnu
SWIFT_TARGET ?= -target $(TARGET)
# Atomic operations are instructions, and no calls of gcc's run-time library, which x86 has none of.
C_TARGET = -target $(TARGET) $(if $(filter aarch64-%,$(TARGET)),-mno-outline-atomics)

INCLUDES := -I include -I Sources/CSlabPort/include
# DWARF 4, as Debian 12's valgrind stops at DWARF 5.
# -no-allocations: what would allocate behind the allocator's back doesn't compile. Function sections
# and --gc-sections leave out the parts of Embedded Swift's runtime that nothing calls.
SWIFT_FLAGS := -swift-version 6 -warnings-as-errors -enable-experimental-feature Embedded -wmo -O -g -dwarf-version=4 \
  -parse-as-library -no-allocations -module-name SlabMalloc $(INCLUDES) \
  -Xfrontend -function-sections -Xfrontend -disable-stack-protector \
  -Xfrontend -disable-llvm-merge-functions-pass
# Functions start on cache lines: what a fast path costs no longer depends on what lies before it. A kernel wants the
# bytes.
HOSTED := -D SLM_HOSTED
HOSTED_FLAGS := $(HOSTED) -Xllvm -align-all-functions=6
# What debug information calls the folder of the sources. Without it, by its path. A package sets it: what is built in
# two folders is then equal. Objects otherwise have a hash of the compiler's options, paths among them, and name files
# in its cache.
SOURCES_AS ?=
SWIFT_MAP := $(if $(SOURCES_AS),-file-prefix-map '$(CURDIR)=$(SOURCES_AS)' -file-compilation-dir '$(SOURCES_AS)' \
  -Xfrontend -disable-incremental-llvm-codegen -Xfrontend -no-clang-module-breadcrumbs)
SWIFT_FLAGS += $(SWIFT_MAP)
C_MAP := $(if $(SOURCES_AS),-ffile-prefix-map='$(CURDIR)=$(SOURCES_AS)')
C_WARNINGS := -Wall -Wextra -Werror
CFLAGS ?= -O2 -gdwarf-4

.DELETE_ON_ERROR:
.SUFFIXES:

.PHONY: all lib assert
# All that `make install` puts somewhere: root need not have the compilers.
all: lib $(B)/replay/slabmalloc-replay $(B)/tool/slabmalloc $(B)/tool/slabmalloc.bash
all: ## Build the libraries and the tools (the default)
assert: $(B)/libslabmalloc-assert.so $(B)/libslabmalloc-assert-preload.so
assert: ## Build the libraries that check their invariants
lib: $(B)/$(SONAME) $(B)/libslabmalloc.so $(B)/libslabmalloc.a $(B)/libslabmalloc-preload.so \
  $(B)/libslabmalloc-malloc.o $(B)/libslabmalloc-new.o

# --- The library -------------------------------------------------------------------------------
# The API is what the header declares. The linker gets the list, and refuses when one isn't defined.
$(B)/api.txt: $(HEADER)
	@ctests/checks/require-swift.sh $(SWIFTC)
	@mkdir -p $(@D)
	@$(CLANG) -E -P $< | grep -o '\bslm_[a-z0-9_]*(' | tr -d '(' | sort -u >$@

$(B)/exports.map: $(B)/api.txt
	@{ echo 'SLABMALLOC_0 {'; echo '  global:'; sed 's/.*/    &;/' $<; echo '  local: *;'; echo '};'; } >$@

# Changes when a source file comes or goes, which the times of those that remain don't tell.
.PHONY: FORCE
FORCE:
$(B)/sources.txt: FORCE
	@mkdir -p $(@D)
	@echo '$(SWIFT_SRC) $(PORT_SRC)' | cmp -s - $@ || echo '$(SWIFT_SRC) $(PORT_SRC)' >$@

# Functions whose arguments and results are words: name-hot.sh saves the jump that the compiler makes for C.
HOT := slm_zone_allocate slm_zone_deallocate slm_zone_deallocate_sized slm_cache_allocate slm_cache_deallocate
HOSTED_HOT := slm_malloc slm_free slm_free_sized slm_heap_allocate slm_override_new slm_override_new_array \
  slm_override_delete slm_override_delete_array slm_override_delete_sized slm_override_delete_array_sized
name_hot = @NM='$(NM)' OBJCOPY='$(OBJCOPY)' Sources/Packaging/name-hot.sh $@ $(1)

# The same with assertions: the heaps check their invariants on slow paths, and stop at the first that does not hold.
$(B)/assert/SlabMalloc.o: ASSERT_FLAGS := -D SLM_ASSERT
$(B)/obj/SlabMalloc.o $(B)/assert/SlabMalloc.o: $(SWIFT_SRC) $(C_HEADERS) $(B)/sources.txt $(B)/api.txt Makefile \
  Sources/Packaging/name-hot.sh
	@mkdir -p $(@D)
	@echo '  SWIFT   $@'
	@rm -f $@
	@$(SWIFTC) $(SWIFT_FLAGS) $(HOSTED_FLAGS) $(ASSERT_FLAGS) $(SWIFT_TARGET) -c -o $@ $(SWIFT_SRC)
	$(call name_hot,$(HOT) $(HOSTED_HOT))

# A number of the sources that a tool outside must agree with on what lies where, see Inspection.c.
LAYOUT_SRC := $(addprefix Sources/SlabMalloc/,$(addsuffix .swift,Ground/Build Ground/LinkedList Runs/OwnedLock \
  Runs/SystemMemory Runs/RunPool Runs/RunSource Runs/Segment Runs/FreeRuns Runs/PageRun Runs/LoneRun Runs/LargeObject \
  Runs/FreeRun Runs/Metadata Runs/KeptRuns Runs/RunPool+Resting Heaps/ClassArray Heaps/HeapPool Heaps/Orphans \
  Heaps/Mark Process/ProcessState))
LAYOUT := $(shell cat $(LAYOUT_SRC) | cksum | cut -d ' ' -f 1)
$(B)/obj/Inspection.o: LAYOUT_FLAG := -DSLM_LAYOUT=$(LAYOUT)
$(B)/obj/Inspection.o: $(LAYOUT_SRC)
PORT_OBJ := $(PORT_SRC:Sources/CSlabPort/%.c=$(B)/obj/%.o)
SHARED_PORT_OBJ := $(SHARED_PORT_SRC:Sources/CSlabPort/%.c=$(B)/obj/%.o)
$(PORT_OBJ) $(SHARED_PORT_OBJ): $(B)/obj/%.o: Sources/CSlabPort/%.c $(C_HEADERS) Makefile
	@mkdir -p $(@D)
	@$(CLANG) $(C_TARGET) -std=gnu11 $(C_WARNINGS) -O2 -gdwarf-4 -fPIC -fvisibility=hidden -ffunction-sections \
	  $(C_MAP) $(INCLUDES) $(LAYOUT_FLAG) -c -o $@ $<

LIB_OBJ := $(B)/obj/SlabMalloc.o $(PORT_OBJ)
ASSERT_OBJ := $(B)/assert/SlabMalloc.o $(PORT_OBJ)
define link_library
@echo '  LINK    $@'
@$(CLANG) -target $(TARGET) -fuse-ld=lld -shared -nostdlib -o $@ $(1) -lc -Wl,-soname,$(SONAME) \
  -Wl,--version-script=$(B)/exports.map -Wl,--no-undefined-version -Wl,--gc-sections \
  -Wl,-z,defs,-z,now,-z,relro,-z,nodelete,-z,initfirst,--build-id=sha1
endef
$(B)/$(SONAME): $(LIB_OBJ) $(SHARED_PORT_OBJ) $(B)/exports.map
	$(call link_library,$(LIB_OBJ) $(SHARED_PORT_OBJ))
$(B)/libslabmalloc-assert.so: $(ASSERT_OBJ) $(SHARED_PORT_OBJ) $(B)/exports.map
	$(call link_library,$(ASSERT_OBJ) $(SHARED_PORT_OBJ))

$(B)/libslabmalloc.so: $(B)/$(SONAME)
	@ln -sf $(SONAME) $@

# The same code under the names of the C library's malloc family, for LD_PRELOAD.
NAMES := Sources/SlabMalloc/API/Libc/names.txt
PRELOAD_NAMES := $(NAMES) Sources/SlabMalloc/API/Libc/operators.txt Sources/SlabMalloc/API/Libc/exits.txt
$(B)/preload.map: $(PRELOAD_NAMES)
	@mkdir -p $(@D)
	@{ echo '{'; echo '  global:'; sed 's/^\([^ ]*\) .*/    \1;/' $^; echo '  local: *;'; echo '};'; } >$@

OVERRIDE_SCRIPTS := Sources/Packaging/add-names.sh Sources/Packaging/link-object.sh
link_object = @LLD='$(LLD)' NM='$(NM)' OBJCOPY='$(OBJCOPY)' Sources/Packaging/link-object.sh
# make_override OBJECTS, NAMES...: one object that defines the functions of these lists.
define make_override
@echo '  LD      $@'
@mkdir -p $(@D)
@sed 's/.* //' $(2) >$@.roots
$(link_object) $@ $@.roots $(1)
@NM='$(NM)' OBJCOPY='$(OBJCOPY)' Sources/Packaging/add-names.sh $@ $(2)
endef
$(B)/libslabmalloc-preload.o: $(LIB_OBJ) $(SHARED_PORT_OBJ) $(PRELOAD_NAMES) $(OVERRIDE_SCRIPTS)
	$(call make_override,$(LIB_OBJ) $(SHARED_PORT_OBJ),$(PRELOAD_NAMES))
$(B)/libslabmalloc-assert-preload.o: $(ASSERT_OBJ) $(SHARED_PORT_OBJ) $(PRELOAD_NAMES) $(OVERRIDE_SCRIPTS)
	$(call make_override,$(ASSERT_OBJ) $(SHARED_PORT_OBJ),$(PRELOAD_NAMES))

define link_preload
@echo '  LINK    $@'
@$(CLANG) -target $(TARGET) -fuse-ld=lld -shared -nostdlib -o $@ $< -lc -Wl,-soname,$(@F) \
  -Wl,--version-script=$(B)/preload.map -Wl,-Bsymbolic-functions -Wl,--no-undefined-version -Wl,--gc-sections \
  -Wl,-z,defs,-z,now,-z,relro,-z,nodelete,-z,initfirst,--build-id=sha1
endef
$(B)/libslabmalloc-preload.so: $(B)/libslabmalloc-preload.o $(B)/preload.map
	$(call link_preload)
$(B)/libslabmalloc-assert-preload.so: $(B)/libslabmalloc-assert-preload.o $(B)/preload.map
	$(call link_preload)

# And as an object to link into a program.
name_code = @LLD='$(LLD)' OBJCOPY='$(OBJCOPY)' Sources/Packaging/name-code.sh
$(B)/libslabmalloc-malloc.o: $(LIB_OBJ) $(NAMES) $(OVERRIDE_SCRIPTS) Sources/Packaging/name-code.sh
	$(call make_override,$(LIB_OBJ),$(NAMES))
	@sed 's/ .*//' $(NAMES) >$@.globals
	@$(OBJCOPY) --keep-global-symbols=$@.globals $@
	$(name_code) $@

# C++'s operators for such a program. No header of a C++ library is needed to build it.
$(B)/libslabmalloc-new.o: Sources/Packaging/operators.cpp Makefile
	@mkdir -p $(@D)
	@echo '  CXX     $@'
	@$(CLANG) -target $(TARGET) -x c++ -std=c++17 -nostdinc++ $(C_WARNINGS) -O2 -gdwarf-4 -fPIC -fno-builtin \
	  -ffunction-sections $(C_MAP) -c -o $@ $<

# One object with the API as its only global symbols: Embedded Swift's weak swift_* functions
# must not replace those of the Swift program that the archive is linked into.
define make_archive
@echo '  AR      $@'
$(link_object) $(@:.a=.o) $(word 2,$^) $(1)
@$(OBJCOPY) --keep-global-symbols=$(word 2,$^) $(@:.a=.o)
$(2)
@rm -f $@
@$(AR) rcsD $@ $(@:.a=.o)
endef
$(B)/libslabmalloc.a: $(B)/obj/SlabMalloc.o $(B)/api.txt $(PORT_OBJ) Sources/Packaging/link-object.sh \
  Sources/Packaging/name-code.sh
	$(call make_archive,$(LIB_OBJ),$(name_code) $(@:.a=.o))

include Sources/Packaging/tool.mk
include Sources/Packaging/freestanding.mk
include Sources/Packaging/docs.mk
include ctests/examples/examples.mk

include Sources/Packaging/man/man.mk
include Sources/Packaging/install.mk
include Sources/Packaging/deb.mk
include ctests/checks/check.mk

# --- Housekeeping --------------------------------------------------------------------------------
C_FILES = $(shell find include Sources ctests '(' -name '*.[ch]' -o -name '*.[ch]pp' ')' -not -path '*/baseline/*')
.PHONY: format format-check clean distclean help
format: $(B)/packages/format ## Format the Swift and C sources
	@$(SWIFT) format format -i -r Package.swift Sources Tests ctests
	@clang-format -i $(C_FILES)

format-check: $(B)/packages/format ## Fail if a source is not formatted
	@$(SWIFT) format lint --strict -r Package.swift Sources Tests ctests
	@clang-format --dry-run -Werror $(C_FILES)

clean: ## Remove what was built, but for the folder of Swift's package manager
	@rm -rf $(B)

distclean: clean ## Remove .build too, the folder of Swift's package manager
	@rm -rf .build

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
