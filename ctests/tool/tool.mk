# The tool `slabmalloc`: `make check-tool` looks with it at programs on each of the libraries.
TOOL_DIR := ctests/tool
packages_tool := python3 python3-jsonschema jq gdb
TARGETS_OF_TOOL := $(addprefix $(B)/tool/target-,preload shared static object)
$(TARGETS_OF_TOOL): $(TOOL_DIR)/target.c $(TOOL_DIR)/tool.mk
	@mkdir -p $(@D)
	@echo '  CC      $@'
	@$(CC) $(C_FLAGS) -fno-builtin $(target_flags) -pthread -o $@ $< $(filter %.o %.a,$^) $(target_libraries)
$(B)/tool/target-shared: target_flags = -DUSE_SLM
$(B)/tool/target-shared: target_libraries = $(LINK_LIB)
$(B)/tool/target-shared: | $(B)/libslabmalloc.so
$(B)/tool/target-static: target_flags = -DUSE_SLM -no-pie -s
$(B)/tool/target-static: $(B)/libslabmalloc.a
$(B)/tool/target-object: $(B)/libslabmalloc-malloc.o
-include $(wildcard $(B)/tool/*.d)

.PHONY: tool check-tool
tool: $(TOOL) ## Build build/tool/slabmalloc, which runs programs on slabmalloc and looks into their heaps
check-tool: $(TOOL) $(B)/libslabmalloc-preload.so $(REPLAY) $(TARGETS_OF_TOOL) $(B)/packages/tool
check-tool: ## The tool tells of programs, running and in core files, what they say themselves; errors are clear
	@$(TOOL_DIR)/check-tool.sh $(B)
