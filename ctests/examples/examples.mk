# The examples in C++; those in C and Swift have their rules in check.mk.

CPP_EXAMPLES := $(patsubst ctests/examples/%.cpp,$(B)/examples/%,$(wildcard ctests/examples/*.cpp))
$(CPP_EXAMPLES): $(B)/examples/%: ctests/examples/%.cpp ctests/examples/examples.mk \
  | $(B)/libslabmalloc.so $(B)/packages/check
	@mkdir -p $(@D)
	@echo '  CXX     $@'
	@$(CXX) -std=c++17 $(C_WARNINGS) $(CFLAGS) -MMD -MP -I include -o $@ $< $(LINK_LIB)
check-examples check-build: $(CPP_EXAMPLES)
