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
# Programs that lose objects. They are the same for every tool, but LeakSanitizer is compiled in.
LEAK_DIR := $(TOOL_DIR)/leaks
LEAK_NAMES := $(basename $(notdir $(wildcard $(LEAK_DIR)/*.c)))
LEAK_PROGRAMS := $(LEAK_NAMES:%=$(B)/tool/leaks/%)
SANITIZED_LEAKS := $(LEAK_PROGRAMS:%=%-sanitized)
leak_flags = -std=gnu11 $(C_WARNINGS) -O1 -gdwarf-4 -fno-builtin -MMD -MP -pthread
$(LEAK_PROGRAMS): $(B)/tool/leaks/%: $(LEAK_DIR)/%.c $(TOOL_DIR)/tool.mk
	@mkdir -p $(@D)
	@$(CC) $(leak_flags) -o $@ $<
$(SANITIZED_LEAKS): $(B)/tool/leaks/%-sanitized: $(LEAK_DIR)/%.c $(TOOL_DIR)/tool.mk
	@mkdir -p $(@D)
	@gcc $(leak_flags) -fsanitize=address -o $@ $<
LEAK_TARGETS := $(B)/tool/heaps $(B)/tool/signals $(B)/tool/slabs
$(B)/tool/heaps: $(TOOL_DIR)/heaps.c $(TOOL_DIR)/tool.mk | $(B)/libslabmalloc.so
	@mkdir -p $(@D)
	@$(CC) $(leak_flags) -I include -o $@ $< $(LINK_LIB)
$(B)/tool/signals $(B)/tool/slabs: $(B)/tool/%: $(TOOL_DIR)/%.c $(TOOL_DIR)/tool.mk
	@mkdir -p $(@D)
	@$(CC) $(leak_flags) -o $@ $<
-include $(wildcard $(B)/tool/*.d $(B)/tool/leaks/*.d)

.PHONY: tool check-tool check-browser bench-leaks
tool: $(TOOL) ## Build build/tool/slabmalloc, which runs programs on slabmalloc and looks into their heaps
check-tool: $(TOOL) $(B)/libslabmalloc-preload.so $(REPLAY) $(TARGETS_OF_TOOL) $(LEAK_PROGRAMS) $(LEAK_TARGETS)
check-tool: $(B)/packages/tool
check-tool: ## The tool tells of programs, running and in core files, what they say themselves; errors are clear
	@$(TOOL_DIR)/check-tool.sh $(B)
	@$(TOOL_DIR)/check-leaks.sh $(B)
	@$(TOOL_DIR)/check-map.sh $(B)
	@$(TOOL_DIR)/check-gdb.sh $(B)
	@CC=$(CC) $(TOOL_DIR)/check-memory.sh $(B)
# No step of `make check`: a browser is large.
packages_browser := python3 perl chromium
check-browser: $(TOOL) $(B)/libslabmalloc-preload.so $(B)/tool/slabs $(B)/packages/browser
check-browser: ## The pages and pictures of slabmalloc map, of thousands of slabs, in Debian's chromium
	@$(TOOL_DIR)/check-browser.sh $(B)
bench-leaks: $(TOOL) $(B)/libslabmalloc-preload.so $(LEAK_PROGRAMS) $(SANITIZED_LEAKS) $(B)/packages/speed
bench-leaks: ## A table of what slabmalloc leaks, LeakSanitizer and Valgrind find in small programs
	@/usr/bin/python3 $(LEAK_DIR)/compare_leaks.py $(B)
