# What a program asks its malloc for, recorded and done again: README.md.
REPLAY := $(B)/replay
REPLAY_BUILDS := $(REPLAY)/record.so $(REPLAY)/replay $(REPLAY)/threads
$(REPLAY)/record.so: ctests/replay/record.c ctests/replay/replay.mk
	@mkdir -p $(@D)
	@echo '  CC      $@'
	@$(CC) $(C_FLAGS) -fno-builtin -fPIC -shared -o $@ $< -ldl -lpthread
$(REPLAY)/%: ctests/replay/%.c ctests/replay/replay.mk
	@mkdir -p $(@D)
	@echo '  CC      $@'
	@$(CC) $(C_FLAGS) $(PRELOAD_FLAGS) -o $@ $<
-include $(wildcard $(REPLAY)/*.d)

TRACE ?= $(REPLAY)/trace
.PHONY: record replay check-replay
record: $(REPLAY)/record.so ## Record what a program asks its malloc for: PROGRAM='perl -e 1' TRACE=file
	@rm -f '$(TRACE)'
	@REPLAY_TRACE='$(TRACE)' LD_PRELOAD=$(abspath $<) $(PROGRAM)
replay: $(REPLAY)/replay $(PRELOAD_LIB) ## Do again what was recorded, with glibc's malloc and with this one: TRACE=file
	@echo 'glibc:' && $< '$(TRACE)'
	@echo 'slabmalloc:' && LD_PRELOAD=$(abspath $(PRELOAD_LIB)) $< '$(TRACE)'
check-replay: $(REPLAY_BUILDS) $(PRELOAD_LIB) $(B)/packages/check ## Programs that were recorded do the same again, with each malloc
	@ctests/replay/check-replay.sh $(B) $(PRELOAD_LIB)
