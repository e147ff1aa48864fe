# `make install` and what belongs to it. Included by the Makefile. Nothing is built here that root lacks a compiler for.
PREFIX ?= /usr/local
# Debian's is PREFIX/lib/x86_64-linux-gnu.
LIBDIR ?= $(PREFIX)/lib
ROOT := $(DESTDIR)$(PREFIX)
LIBROOT := $(DESTDIR)$(LIBDIR)
PACKAGE_FILES := slabmalloc.pc slabmalloc-static.pc slabmalloc-malloc.pc
CMAKE_FILES := slabmalloc-config.cmake slabmalloc-config-version.cmake slabmalloc-targets.cmake
INSTALLED := $(HEADER) $(CPP_HEADERS) include/slabmalloc/port.h include/slabmalloc/module.modulemap \
  bin/slabmalloc bin/slabmalloc-replay share/slabmalloc/statistics.schema.json share/slabmalloc/slabmalloc-gdb.py \
  $(foreach page,$(notdir $(MAN_PAGES)),share/man/man$(subst .,,$(suffix $(page)))/$(page)) \
  share/bash-completion/completions/slabmalloc
INSTALLED_LIB := $(SONAME) libslabmalloc.so libslabmalloc.a libslabmalloc-preload.so libslabmalloc-malloc.o \
  libslabmalloc-new.o $(PACKAGE_FILES:%=pkgconfig/%) $(CMAKE_FILES:%=cmake/slabmalloc/%)
BARE_DIRS := $(foreach t,$(FREESTANDING),slabmalloc/$(call install_dir,$(t)))
BARE_DIRS_ALL := $(foreach t,$(FREESTANDING_ALL),slabmalloc/$(call install_dir,$(t)))
BARE_ARCHIVES := libslabmalloc.a libslabmalloc-small.a libslabmalloc-swiftheap.a
BARE_PACKAGE = pkgconfig/slabmalloc-$(notdir $(1)).pc
INSTALLED_BARE := $(foreach d,$(BARE_DIRS_ALL),$(BARE_ARCHIVES:%=$(d)/%) $(call BARE_PACKAGE,$(d)))
# Those that nobody else has, the inner ones first.
OWN_DIRS := "$(ROOT)"/share/slabmalloc "$(ROOT)"/include/slabmalloc "$(LIBROOT)"/cmake/slabmalloc \
  $(BARE_DIRS_ALL:%="$(LIBROOT)"/%) "$(LIBROOT)"/slabmalloc
# The loader looks into its cache, not into /usr/local/lib.
refresh_loader_cache = $(if $(DESTDIR),,@[ "$$(id -u)" != 0 ] || ldconfig)
define install_headers
@install -d $(addprefix "$(ROOT)"/,include/slabmalloc)
@install -m 644 $(HEADER) "$(ROOT)"/include/
@install -m 644 include/slabmalloc/port.h "$(ROOT)"/include/slabmalloc/
endef
# fill_in TEMPLATE, FILE BELOW LIBDIR, TARGET: a command of a shell.
fill_in = Sources/Packaging/fill-in.sh Sources/Packaging/$(1) "$(PREFIX)" "$(LIBDIR)" $(VERSION) $(3) \
  >"$(LIBROOT)"/$(2) && chmod 644 "$(LIBROOT)"/$(2)

.PHONY: install install-freestanding uninstall
install: all ## Install below PREFIX (/usr/local), libraries in LIBDIR (PREFIX/lib), staged in DESTDIR
	@install -d $(addprefix "$(ROOT)"/,bin share/slabmalloc share/man/man1 share/man/man3 share/man/man7 \
	  share/bash-completion/completions) \
	  $(addprefix "$(LIBROOT)"/,pkgconfig cmake/slabmalloc)
	@install -m 755 $(B)/$(SONAME) "$(LIBROOT)"/
	@ln -sf $(SONAME) "$(LIBROOT)"/libslabmalloc.so
	@install -m 644 $(B)/libslabmalloc.a $(B)/libslabmalloc-malloc.o $(B)/libslabmalloc-new.o "$(LIBROOT)"/
	@install -m 755 $(B)/libslabmalloc-preload.so "$(LIBROOT)"/
	$(install_headers)
	@install -m 644 $(filter include/slabmalloc/%,$(CPP_HEADERS)) "$(ROOT)"/include/slabmalloc/
	@install -m 644 include/slabmalloc.hpp "$(ROOT)"/include/
	@install -m 644 Sources/Packaging/module.modulemap "$(ROOT)"/include/slabmalloc/
	@install -m 644 Sources/Packaging/statistics.schema.json Sources/Packaging/slabmalloc-gdb.py \
	  "$(ROOT)"/share/slabmalloc/
	@$(foreach file,$(PACKAGE_FILES),$(call fill_in,$(file).in,pkgconfig/$(file)) &&) true
	@$(foreach file,$(filter-out %-targets.cmake,$(CMAKE_FILES)),$(call fill_in,$(file).in,cmake/slabmalloc/$(file)) &&) \
	  install -m 644 Sources/Packaging/slabmalloc-targets.cmake "$(LIBROOT)"/cmake/slabmalloc/
	@install -m 755 $(TOOL) $(B)/replay/slabmalloc-replay "$(ROOT)"/bin/
	@$(foreach section,1 3 7,install -m 644 $(filter %.$(section),$(MAN_PAGES)) \
	  "$(ROOT)"/share/man/man$(section)/ &&) true
	@install -m 644 $(B)/tool/slabmalloc.bash "$(ROOT)"/share/bash-completion/completions/slabmalloc
	$(refresh_loader_cache)
	@echo "slabmalloc $(VERSION) is installed in $(ROOT)"

install-freestanding: $(FREESTANDING_ARCHIVES)
install-freestanding: ## Install the archives for kernels into LIBDIR/slabmalloc/TARGET, and the headers
	$(install_headers)
	@install -d "$(LIBROOT)"/pkgconfig $(BARE_DIRS:%="$(LIBROOT)"/%)
	@$(foreach t,$(FREESTANDING),install -m 644 $(BARE_ARCHIVES:%=$(F)/$(t)/%) \
	  "$(LIBROOT)"/slabmalloc/$(call install_dir,$(t))/ &&) true
	@$(foreach d,$(BARE_DIRS),$(call fill_in,slabmalloc-bare.pc.in,$(call BARE_PACKAGE,$(d)),$(notdir $(d))) &&) true
	@echo "slabmalloc $(VERSION) for $(FREESTANDING) is installed in $(LIBROOT)/slabmalloc"

uninstall: ## Remove what both of these put there (same PREFIX, LIBDIR and DESTDIR)
	@rm -f $(addprefix "$(ROOT)"/,$(INSTALLED)) $(addprefix "$(LIBROOT)"/,$(INSTALLED_LIB) $(INSTALLED_BARE))
	@for dir in $(OWN_DIRS); do [ ! -d "$$dir" ] || rmdir --ignore-fail-on-non-empty "$$dir"; done
	$(refresh_loader_cache)
