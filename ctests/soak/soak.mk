# A long run of everything at once: `make soak MINUTES=60`, and 10 seconds of it in `make check`, on the library
# that checks its invariants.
SOAK := $(B)/soak/soak
MINUTES ?= 1
$(SOAK): ctests/soak/soak.c ctests/soak/soak.mk | $(B)/packages/check
	@mkdir -p $(@D)
	@echo '  CC      $@'
	@$(CC) $(C_FLAGS) $(PRELOAD_FLAGS) -o $@ $< -lcmocka
-include $(wildcard $(B)/soak/*.d)

.PHONY: soak check-soak
soak: $(B)/packages/statistics
soak: $(SOAK) $(PRELOAD_LIB) ## Threads, fork, exec, signals and no memory at once, each object checked: MINUTES=60
	@ctests/soak/run-soak.sh $(PRELOAD_LIB) $< "$$(echo '$(MINUTES)' | awk '/^[0-9.]+$$/ { print int($$1 * 60) }')"
check-soak: $(SOAK) $(B)/libslabmalloc-assert-preload.so $(B)/packages/statistics
check-soak: ## Ten seconds of the soak test with assertions, in each profile in turn
	@ctests/soak/run-soak.sh $(B)/libslabmalloc-assert-preload.so $< 10
