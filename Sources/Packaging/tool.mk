# The tool `slabmalloc`: Sources/Tool, compiled together with the floors of the run house, whose types it reads memory
# by. Swift's run-time library is linked statically. Included by the Makefile.
TOOL := $(B)/tool/slabmalloc
TOOL_SRC := $(sort $(wildcard Sources/Tool/*.swift)) \
  $(filter $(addprefix Sources/SlabMalloc/,Ground/% Runs/% Heaps/% Process/%),$(SWIFT_SRC))
TOOL_PORT := $(filter-out Operators LibcNames StatusNames,$(notdir $(PORT_SRC:.c=)))
TOOL_PORT_OBJ := $(TOOL_PORT:%=$(B)/tool/%.o)
TOOL_FLAGS := -swift-version 6 -warnings-as-errors -wmo -O -parse-as-library -module-name SlabMallocTool $(HOSTED) \
  $(INCLUDES) -I Sources/Tool/include -static-stdlib $(SWIFT_MAP)
$(TOOL_PORT_OBJ): $(B)/tool/%.o: Sources/CSlabPort/%.c $(C_HEADERS) $(LAYOUT_SRC) Makefile Sources/Packaging/tool.mk
	@mkdir -p $(@D)
	@$(CLANG) $(C_TARGET) -std=gnu11 $(C_WARNINGS) -O2 -gdwarf-4 -fPIC -ffunction-sections $(INCLUDES) $(C_MAP) \
	  -DSLM_TOOL -DSLM_LAYOUT=$(LAYOUT) -c -o $@ $<
$(TOOL): $(TOOL_SRC) $(TOOL_PORT_OBJ) $(C_HEADERS) $(wildcard Sources/Tool/include/*)
	@echo '  SWIFT   $@'
	@$(SWIFTC) $(TOOL_FLAGS) $(SWIFT_TARGET) -Xlinker --gc-sections -Xlinker -s -o $@ $(TOOL_SRC) $(TOOL_PORT_OBJ)
$(B)/tool/slabmalloc.bash: $(TOOL)
	@$< completion bash >$@
