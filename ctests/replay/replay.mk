# Traces: `make replay` builds the tool, `make check-replay` tests the recorder and the tool.
REPLAY_DIR := ctests/replay
REPLAY := $(B)/replay/slabmalloc-replay
REPLAY_OBJ := $(patsubst $(REPLAY_DIR)/%.c,$(B)/replay/%.o,$(wildcard $(REPLAY_DIR)/*.c))
# -fno-builtin: what is replayed is called as it is.
$(REPLAY_OBJ): $(B)/replay/%.o: $(REPLAY_DIR)/%.c $(REPLAY_DIR)/replay.mk
	@mkdir -p $(@D)
	@$(CC) $(C_FLAGS) -fno-builtin -pthread -c -o $@ $<
# With the archive: it is installed in another place than the library.
$(REPLAY): $(REPLAY_OBJ) $(B)/libslabmalloc.a
	@echo '  CC      $@'
	@$(CC) -pthread -o $@ $^ -ldl

# A malloc with a fault, and programs to record.
REPLAY_RECORDED := $(wildcard $(REPLAY_DIR)/support/record_*.c)
REPLAY_SUPPORT := $(REPLAY_RECORDED:$(REPLAY_DIR)/support/%.c=$(B)/replay/support/%) $(B)/replay/support/faulty.so
$(B)/replay/support/%: $(REPLAY_DIR)/support/%.c $(REPLAY_DIR)/replay.mk
	@mkdir -p $(@D)
	@echo '  CC      $@'
	@$(CC) $(C_FLAGS) -fno-builtin -pthread -o $@ $<
$(B)/replay/support/%.so: $(REPLAY_DIR)/support/%.c $(REPLAY_DIR)/replay.mk
	@mkdir -p $(@D)
	@echo '  CC      $@'
	@$(CC) $(C_FLAGS) -fno-builtin -fPIC -shared -o $@ $<

-include $(wildcard $(B)/replay/*.d $(B)/replay/support/*.d)

REPLAY_BUILDS := $(REPLAY) $(REPLAY_SUPPORT) $(B)/preload/suites/early-first.so $(B)/tests/test_malloc_fork_interrupted
packages_replay := python3 perl
.PHONY: replay check-replay
replay: $(REPLAY) ## Build build/replay/slabmalloc-replay, which replays traces against any malloc
check-replay: $(MALLOC_PRELOAD) $(REPLAY_BUILDS) $(B)/packages/replay
check-replay: ## Programs are recorded, and replayed under this malloc and another; failing traces are shrunk
	@$(REPLAY_DIR)/check-replay.sh $(B)
