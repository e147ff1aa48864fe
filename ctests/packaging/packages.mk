# `make check-packages`: what takes too long for `make check`, or needs a network: Debian packages, and CMake on other
# machines.
packages_check_deb := debhelper dpkg-dev lintian debootstrap
.PHONY: check-packages check-deb check-cmake-machines
check-packages: check-cmake-machines check-deb ## Packages, and projects of CMake, from nothing to a program
check-deb: $(B)/packages/deb ## Debian packages are reproducible, clean, and work in a new Debian
	+@ctests/packaging/check-deb.sh '$(MAKE)' $(VERSION) $(packages_check_deb)
check-cmake-machines: $(B)/packages/check ## CMake's other generators and machines, and its install
	@ctests/packaging/check-cmake-machines.sh .
