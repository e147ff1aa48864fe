# Misuse, one a program: `make check-crash`. Those of malloc/ run under the preload library and link with nothing of
# ours, those of zone/ with the library. What each class of misuse comes to is in Misuse.md, which must name them all.
CRASH_DIR := ctests/crash
CRASHES_OF = $(patsubst $(CRASH_DIR)/%.c,$(B)/crash/%,$(wildcard $(CRASH_DIR)/$(1)/*.c))
CRASHES := $(call CRASHES_OF,malloc) $(call CRASHES_OF,zone)
$(B)/crash/malloc/%: $(CRASH_DIR)/malloc/%.c $(CRASH_DIR)/crash.mk
	@mkdir -p $(@D)
	@$(CC) $(C_FLAGS) $(PRELOAD_FLAGS) -o $@ $<
$(B)/crash/zone/%: $(CRASH_DIR)/zone/%.c $(CRASH_DIR)/crash.mk | $(B)/libslabmalloc.so
	@mkdir -p $(@D)
	@$(CC) $(C_FLAGS) $(ALLOW_MISUSE) -o $@ $< -L $(B) -Wl,-rpath,'$$ORIGIN/../..' -lslabmalloc -lpthread
-include $(wildcard $(B)/crash/*/*.d)

.PHONY: check-crash check-crash-build check-misuse-table
check-crash-build: $(CRASHES)
check-crash: $(CRASHES) $(PRELOAD_LIB) check-misuse-table ## Each misuse ends with its one line, or its status
	@$(CRASH_DIR)/run-crashes.sh $(PRELOAD_LIB) $(CRASHES)
check-misuse-table: ## Each test that the table of misuses names is there, and each misuse is in the table
	@$(CRASH_DIR)/check-table.sh Sources/SlabMalloc/SlabMalloc.docc/Misuse.md
