# slabmalloc.hpp: `make check-cpp`. Each suite is compiled by both compilers, as C++17, 20 and 23, each at another level
# of optimisation, as gcc warns of what it sees when it has inlined. test_cpp_owners-gcc-17, ...
CPP_SUITES := $(patsubst ctests/cpp/%.cpp,%,$(wildcard ctests/cpp/test_cpp_*.cpp))
CPP_BUILDS := $(foreach compiler,gcc clang,$(foreach standard,17 20 23,$(compiler)-$(standard)))
CPP_TESTS := $(foreach build,$(CPP_BUILDS),$(CPP_SUITES:%=$(B)/cpp/%-$(build)))
cpp_compiler_gcc := g++
cpp_compiler_clang = $(CLANG)++
cpp_optimise_17 := -O2
cpp_optimise_20 := -O3
cpp_optimise_23 := -O0
cpp_words = $(subst -, ,$(notdir $(1)))
$(CPP_TESTS): ctests/cpp/cpp.mk | $(B)/libslabmalloc.so $(B)/packages/check
	@mkdir -p $(@D)
	@echo '  CXX     $@'
	@$(cpp_compiler_$(word 2,$(call cpp_words,$@))) -std=c++$(subst 23,2b,$(word 3,$(call cpp_words,$@))) \
	  $(cpp_optimise_$(word 3,$(call cpp_words,$@))) $(C_WARNINGS) -Wpedantic -g -MMD -MP -I include -o $@ \
	  ctests/cpp/$(word 1,$(call cpp_words,$@)).cpp $(LINK_LIB) -lcmocka -lpthread
$(foreach test,$(CPP_TESTS),$(eval $(test): ctests/cpp/$(word 1,$(call cpp_words,$(test))).cpp))
-include $(wildcard $(B)/cpp/*.d)

.PHONY: check-cpp
check-cpp: $(CPP_TESTS) ## The headers in C++: suites by gcc and clang as C++17, 20 and 23, in two profiles
	@ctests/cpp/check-cpp.sh $(B)
	@ctests/checks/run-cmocka.sh $(CPP_TESTS)
