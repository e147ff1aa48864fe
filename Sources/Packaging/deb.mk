# `make deb`: Debian packages, in build/deb. Included by the Makefile. debian/rules builds them from a copy of the
# sources, so that nothing else is in the way of dpkg-buildpackage. DEB_DIR is where, for tests.
DEB_DIR ?= $(B)/deb
packages_deb := debhelper dpkg-dev
.PHONY: deb
deb: $(B)/packages/deb ## Build Debian packages into build/deb
	@rm -rf '$(DEB_DIR)'
	@Sources/Packaging/copy-sources.sh . '$(DEB_DIR)/slabmalloc-$(VERSION)'
	@cd '$(DEB_DIR)/slabmalloc-$(VERSION)' && env -u MAKEFLAGS -u MAKELEVEL dpkg-buildpackage -d -us -uc
	@ls -1 '$(DEB_DIR)'/*.deb
