# Reports: `make check-statistics` holds their JSON against the schema, and runs the commands of the guide.
STATISTICS_DIR := ctests/statistics
packages_statistics := python3 python3-jsonschema jq perl
$(B)/statistics/print_all: $(STATISTICS_DIR)/print_all.c $(STATISTICS_DIR)/statistics.mk | $(B)/libslabmalloc.so
	$(call compile_program)
-include $(wildcard $(B)/statistics/*.d)

.PHONY: check-statistics
check-statistics: $(B)/libslabmalloc-preload.so $(B)/statistics/print_all $(B)/packages/statistics
check-statistics: ## The JSON of reports is as its schema says and closes; the guide's jq commands work
	@$(STATISTICS_DIR)/check-statistics.sh $(B)
