# Tools that look at a program from outside, and what it says to those who look for a misuse: `make check-valgrind`,
# `make check-core`, `make check-call-stack`, `make check-sanitizers`.
TOOLS_DIR := ctests/tools
STATIC_STACKS := $(B)/tools/misuse-static-stack $(B)/tools/misuse-static-pie-stack
TOOL_PROGRAMS := $(foreach program,leak clean misuse,$(B)/tools/$(program)-preloaded $(B)/tools/$(program)-linked) \
  $(B)/tools/idle-preloaded $(B)/tools/misuse-static $(STATIC_STACKS)
tool_compile_c = $(CC) $(C_FLAGS) -fno-builtin
tool_compile_cc = $(CXX) -std=c++17 $(C_WARNINGS) $(CFLAGS) -fno-builtin -MMD -MP
$(B)/tools/%-preloaded: $(TOOLS_DIR)/%.c $(TOOLS_DIR)/tools.mk
	@mkdir -p $(@D)
	@$(tool_compile_c) -o $@ $< -lpthread
$(B)/tools/%-linked: $(TOOLS_DIR)/%.c $(B)/libslabmalloc-malloc.o $(TOOLS_DIR)/tools.mk
	@mkdir -p $(@D)
	@$(tool_compile_c) -o $@ $< $(B)/libslabmalloc-malloc.o -lpthread
$(B)/tools/%-preloaded: $(TOOLS_DIR)/%.cc $(TOOLS_DIR)/tools.mk
	@mkdir -p $(@D)
	@$(tool_compile_cc) -o $@ $< -lpthread
$(B)/tools/%-linked: $(TOOLS_DIR)/%.cc $(B)/libslabmalloc-malloc.o $(B)/libslabmalloc-new.o $(TOOLS_DIR)/tools.mk
	@mkdir -p $(@D)
	@$(tool_compile_cc) -o $@ $< $(B)/libslabmalloc-malloc.o $(B)/libslabmalloc-new.o -lpthread
$(B)/tools/%-static: $(TOOLS_DIR)/%.c $(B)/libslabmalloc-malloc.o $(TOOLS_DIR)/tools.mk
	@mkdir -p $(@D)
	@$(tool_compile_c) -static -o $@ $< $(B)/libslabmalloc-malloc.o -lpthread
# With an unwinder, as the guide says. By gcc: its static programs must register themselves with the unwinder.
$(B)/tools/misuse-static-stack: STATIC_FLAGS := -static
$(B)/tools/misuse-static-pie-stack: STATIC_FLAGS := -static-pie -fPIE
$(STATIC_STACKS): $(TOOLS_DIR)/misuse.c $(B)/libslabmalloc-malloc.o $(TOOLS_DIR)/tools.mk | $(B)/packages/check
	@mkdir -p $(@D)
	@gcc $(C_FLAGS) -fno-builtin $(STATIC_FLAGS) -o $@ $< $(B)/libslabmalloc-malloc.o -lpthread -Wl,-u,backtrace
# gcc's sanitizers: their runtimes are shared objects, or in the program.
SANITIZED_PROGRAMS := $(foreach s,address thread,$(B)/tools/sanitized-$(s)-static $(B)/tools/sanitized-$(s)-shared)
$(SANITIZED_PROGRAMS): $(TOOLS_DIR)/sanitized.c $(TOOLS_DIR)/tools.mk | $(B)/packages/check
	@mkdir -p $(@D)
	@gcc -std=gnu11 -O1 -g -fno-builtin -fsanitize=$(word 2,$(subst -, ,$(@F))) \
	  $(if $(filter %-static,$@),-static-lib$(patsubst address,a,$(patsubst thread,t,$(word 2,$(subst -, ,$(@F)))))san) \
	  -o $@ $< -lpthread
-include $(wildcard $(B)/tools/*.d)

.PHONY: check-valgrind check-core check-call-stack check-sanitizers check-tools-build
check-tools-build: $(TOOL_PROGRAMS) $(SANITIZED_PROGRAMS)
check-valgrind: $(TOOL_PROGRAMS) $(B)/libslabmalloc-preload.so $(B)/packages/speed
check-valgrind: ## Valgrind counts allocations and finds a leak, under the preload library and the override object
	@$(TOOLS_DIR)/check-valgrind.sh $(B)
check-core: $(B)/tools/idle-preloaded $(B)/libslabmalloc-preload.so ## gcore of an idle process is small and complete
	@$(TOOLS_DIR)/check-core.sh $(B)
check-call-stack: $(TOOL_PROGRAMS) $(B)/libslabmalloc-preload.so
check-call-stack: ## A misuse shows its call stack on request, down to the program's functions
	@$(TOOLS_DIR)/check-call-stack.sh $(B)
check-sanitizers: $(SANITIZED_PROGRAMS) $(B)/libslabmalloc-preload.so
check-sanitizers: ## Programs of sanitizers find under the preload library what they find without
	@$(TOOLS_DIR)/check-sanitizers.sh $(B)
