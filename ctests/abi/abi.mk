# The binary interface: `make abi` compares it with that of the baseline, README.md says what may change.
packages_abi := abigail-tools
export SONAME

# The shadow of the header, see shadow.sh, is what both sides of the comparison are made of.
$(B)/abi/shadow.so: $(HEADER) ctests/abi/shadow.sh
	@mkdir -p $(@D)
	@ctests/abi/shadow.sh $< $@

$(B)/abi/old_program: ctests/abi/old_program.c ctests/abi/baseline/slabmalloc.h ctests/abi/abi.mk | \
  $(B)/libslabmalloc.so
	@mkdir -p $(@D)
	@echo '  CC      $@'
	@$(CC) -std=gnu11 $(C_WARNINGS) $(CFLAGS) -I ctests/abi/baseline -o $@ $< $(LINK_LIB) -Wl,-z,now

.PHONY: abi check-abi abi-baseline
abi: check-abi ## The same as check-abi
check-abi: $(B)/abi/old_program $(B)/$(SONAME) $(B)/packages/abi
check-abi: ## Programs built for the ABI's baseline run on this library
	@ctests/abi/check-abi.sh $(B) $(HEADER)

abi-baseline: $(B)/abi/shadow.so $(B)/packages/abi ## Make today's ABI the baseline, at a release
	@mkdir -p ctests/abi/baseline
	@abidw --no-show-locs --no-corpus-path --no-comp-dir-path --no-elf-needed --no-parameter-names \
	  --no-write-default-sizes \
	  --drop-private-types --type-id-style hash --out-file ctests/abi/baseline/$(SONAME).xml $<
	@sed -i -E 's,path=.[^ ]*shadow.so.c.,path="slabmalloc.h",' ctests/abi/baseline/$(SONAME).xml
	@sed -zE 's,/\*([^*]|\*+[^*/])*\*+/,,g' $(HEADER) | sed -e 's/ *$$//' -e '/^$$/d' >ctests/abi/baseline/slabmalloc.h
