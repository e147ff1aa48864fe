# Heap profiles: `make check-sample` reads those of a program with a leak by others' readers and by the tool.
SAMPLE_DIR := ctests/sample
packages_sample := python3 google-perftools binutils jq
SAMPLE_PROGRAMS := $(addprefix $(B)/sample/,leak leak-object leak-no-pie)
$(SAMPLE_PROGRAMS): $(SAMPLE_DIR)/leak.c $(SAMPLE_DIR)/sample.mk
	@mkdir -p $(@D)
	@echo '  CC      $@'
	@$(CC) $(C_FLAGS) -fno-builtin $(sample_flags) -pthread -o $@ $< $(filter %.o,$^)
$(B)/sample/leak-object: $(B)/libslabmalloc-malloc.o
# Its addresses are those of the file.
$(B)/sample/leak-no-pie: sample_flags = -no-pie
-include $(wildcard $(B)/sample/*.d)

.PHONY: check-sample
check-sample: $(B)/libslabmalloc-preload.so $(TOOL) $(SAMPLE_PROGRAMS) $(B)/packages/sample
check-sample: ## google-pprof and the tool find a leak in heap profiles, and its bytes; errors are clear
	@$(SAMPLE_DIR)/check-sample.sh $(B)
