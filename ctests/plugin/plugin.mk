# Plug-ins with the static archive in them: `make check-plugin`. The loader opens the same file once, so each plug-in is
# a file of its own.
PLUGIN_DIR := ctests/plugin
PLUGINS := $(addprefix $(B)/plugin/,one.so two.so unpinned.so)
PLUGIN_HOST := $(B)/plugin/test_plugin
$(PLUGINS): $(PLUGIN_DIR)/plugin.c $(PLUGIN_DIR)/plugin.mk $(B)/libslabmalloc.a
	@mkdir -p $(@D)
	@echo '  CC      $@'
	@$(CC) $(C_FLAGS) -fPIC -shared -o $@ $< $(B)/libslabmalloc.a
# The plug-ins are to find the host's dladdr().
$(PLUGIN_HOST): $(PLUGIN_DIR)/test_plugin.c $(PLUGIN_DIR)/plugin.mk | $(B)/packages/check
	@mkdir -p $(@D)
	@echo '  CC      $@'
	@$(CC) $(C_FLAGS) -rdynamic -o $@ $< -lcmocka -ldl -lpthread
# A host that opens a plug-in with RTLD_DEEPBIND, and what the guide offers against it.
DEEPBIND := $(B)/plugin/deepbind $(B)/plugin/no_deepbind.so $(B)/preload/suites/plugin.so
$(B)/plugin/deepbind: $(PLUGIN_DIR)/deepbind.c $(PLUGIN_DIR)/plugin.mk
	@mkdir -p $(@D)
	@$(CC) $(C_FLAGS) -fno-builtin -o $@ $< -ldl
$(B)/plugin/no_deepbind.so: $(PLUGIN_DIR)/no_deepbind.c $(PLUGIN_DIR)/plugin.mk
	@mkdir -p $(@D)
	@$(CC) $(C_FLAGS) -fPIC -shared -o $@ $< -ldl
-include $(wildcard $(B)/plugin/*.d)

.PHONY: check-plugin check-plugin-build
check-plugin-build: $(PLUGINS) $(PLUGIN_HOST) $(DEEPBIND)
check-plugin: check-plugin-build $(B)/libslabmalloc-preload.so
check-plugin: ## The static library in plug-ins that are closed while their threads and objects live
	@ctests/checks/run-cmocka.sh $(PLUGIN_HOST)
	@SLABMALLOC_PROFILE=hardened ctests/checks/run-cmocka.sh $(PLUGIN_HOST)
	@$(PLUGIN_DIR)/check-deepbind.sh $(B)
