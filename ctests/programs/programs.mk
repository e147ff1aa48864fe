# Large programs under the preload library: `make check-programs`. It is no step of `make check`, since they are large
# to install.
PROGRAMS_DIR := ctests/programs
ALL_PROGRAMS := $(patsubst $(PROGRAMS_DIR)/scripts/%.sh,%,$(wildcard $(PROGRAMS_DIR)/scripts/*.sh))
PROGRAMS ?= $(ALL_PROGRAMS)
# One by one and without failing: what is missing is skipped.
$(B)/packages/large-programs: $(PROGRAMS_DIR)/programs.mk
	@mkdir -p $(@D)
	@for package in postgresql nodejs ruby default-jdk-headless php-cli; do \
	  flock $(@D) ctests/checks/ensure-packages.sh $$package || true; done
	@touch $@

.PHONY: check-programs
check-programs: $(PRELOAD_LIB) $(B)/preload/witness.so $(B)/plugin/no_deepbind.so $(MALLOC_OUT)/launch
check-programs: $(B)/packages/large-programs
check-programs: ## Databases and language runtimes beside glibc's malloc: PROGRAMS="postgres node ruby java php"
	@$(PROGRAMS_DIR)/check-programs.sh $(B) $(PRELOAD_LIB) $(PROGRAMS:%=$(PROGRAMS_DIR)/scripts/%.sh)
