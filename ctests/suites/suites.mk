# The cmocka suites: `make check-tests`. A suite about zones is compiled once for each variant that the lists below
# name: test_batch, test_batch-any, test_batch-per_cpu, test_batch-per_cpu-hardened, ... Each word of the name is a
# flag.
suite_flags_any      := -DSUITE_ANY_THREAD
suite_flags_per_cpu  := -DSUITE_PER_CPU
suite_flags_hardened := -DSUITE_HARDENED

ZONE_SUITES := bad_runs batch destroy misuse misuse_pointers model nowait provider_callbacks provider_faults realloc \
  reclaim reserve shrink statistics stress zone zone_aligned zone_directory zone_options zone_provider zone_pull \
  zone_print zone_push zone_pushed_runs zone_run_resize zone_runs zone_slabs limits shrinkers walk
SHARED_ONLY := zone_lock zone_threads cache_threads limit_threads
VARIANTS := any per_cpu hardened any-hardened per_cpu-hardened
suites_any      := $(ZONE_SUITES) fault_sweep cache constructor cache_fault_sweep $(SHARED_ONLY)
suites_per_cpu  := $(ZONE_SUITES) cache constructor $(SHARED_ONLY)
suites_hardened := $(ZONE_SUITES) constructor
suites_any-hardened     := constructor model realloc zone_pushed_runs zone_run_resize zone_runs
suites_per_cpu-hardened := batch constructor limit_threads misuse_pointers model realloc reserve shrink statistics \
  zone_directory zone_pushed_runs zone_run_resize zone_runs zone_threads

suite_source = ctests/suites/$(firstword $(subst -, ,$(notdir $(1)))).c
suite_flags = $(foreach word,$(subst -, ,$(notdir $(1))),$(suite_flags_$(word)))
PLAIN_SUITES := $(filter-out $(SHARED_ONLY:%=test_%),$(patsubst ctests/suites/%.c,%,$(wildcard ctests/suites/test_*.c)))
SUITES := $(sort $(PLAIN_SUITES) $(foreach v,$(VARIANTS),$(suites_$(v):%=test_%-$(v))))
TESTS := $(SUITES:%=$(B)/tests/%)
$(TESTS): ctests/suites/suites.mk ctests/checks/check.mk | $(B)/libslabmalloc.so $(B)/packages/check
	@mkdir -p $(@D)
	@echo '  CC      $@'
	@$(CC) $(C_FLAGS) $(ALLOW_MISUSE) $(call suite_flags,$@) -o $@ $(call suite_source,$@) $(LINK_LIB) \
	  $(suite_libraries) -lcmocka -lpthread
$(B)/tests/test_heap_lua: suite_libraries = $(shell pkg-config --cflags --libs lua5.4)
$(foreach test,$(TESTS),$(eval $(test): $(call suite_source,$(test))))
-include $(wildcard $(B)/tests/*.d)

.PHONY: check-tests
check-tests: $(TESTS) ## The cmocka suites
	@ctests/checks/run-cmocka.sh $(TESTS)
