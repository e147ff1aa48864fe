# `make docs`: the documentation's site, without a network. `make pictures`: what README and articles show.

DOCS := Sources/Packaging/docs
DOCC_BUNDLE := Sources/SlabMalloc/SlabMalloc.docc
packages_docs := doxygen python3
packages_pictures := python3

.PHONY: pictures docs check-docs
pictures: $(B)/packages/pictures ## Draw the pictures of README and articles from the numbers
	@PYTHONDONTWRITEBYTECODE=1 python3 $(DOCS)/pictures.py

docs: $(B)/docs/swift/index.html $(B)/docs/c/index.html ## Build the documentation's site into build/docs
	@sed 's/@VERSION@/$(VERSION)/' $(DOCS)/index.html >$(B)/docs/index.html
	@echo "The documentation is in $(B)/docs: python3 -m http.server --directory $(B)/docs"

check-docs: docs $(B)/packages/pictures ## The documentation has no warning, and the pictures of its numbers
	@PYTHONDONTWRITEBYTECODE=1 python3 $(DOCS)/pictures.py --check

# What the compiler knows of the Swift API, for DocC. The regular mode, as programs that import the module have it.
$(B)/docs/symbols/SlabMalloc.symbols.json: $(SWIFT_SRC) $(TYPED_SRC) $(C_HEADERS) $(B)/sources.txt \
  $(DOCS)/swift-symbols.py $(B)/packages/docs
	@mkdir -p $(@D) $(B)/docs/module
	@echo '  SWIFT   $@'
	@$(SWIFTC) -swift-version 6 -parse-as-library -module-name SlabMalloc -enable-experimental-feature Lifetimes \
	  $(HOSTED) $(INCLUDES) -emit-module \
	  -emit-module-path $(B)/docs/module/SlabMalloc.swiftmodule -emit-symbol-graph \
	  -emit-symbol-graph-dir $(@D) $(SWIFT_SRC) $(TYPED_SRC)
	@python3 $(DOCS)/swift-symbols.py $@

$(B)/docs/swift/index.html: $(B)/docs/symbols/SlabMalloc.symbols.json \
  $(wildcard $(DOCC_BUNDLE)/* $(DOCC_BUNDLE)/*/*)
	@rm -rf $(@D)
	@echo '  DOCC    $@'
	@$(SWIFT_BIN)docc convert $(DOCC_BUNDLE) --additional-symbol-graph-dir $(B)/docs/symbols --output-path $(@D) \
	  --fallback-display-name SlabMalloc --fallback-bundle-identifier SlabMalloc --hosting-base-path swift \
	  --transform-for-static-hosting --warnings-as-errors

$(B)/docs/c/index.html: $(HEADER) include/slabmalloc/port.h $(CPP_HEADERS) $(wildcard $(DOCS)/*) $(B)/packages/docs
	@rm -rf $(@D)
	@echo '  DOXYGEN $@'
	@{ cat $(DOCS)/Doxyfile; echo 'PROJECT_NUMBER = $(VERSION)'; echo 'OUTPUT_DIRECTORY = $(B)/docs'; } | doxygen -
