# arm64 Linux from another machine: `make arm64` builds the libraries into build/arm64. Included by the Makefile.
#
# MACHINE=arm64 turns the rules of all make files to that machine and that folder: `make MACHINE=arm64 check-tests`.
#
#     Swift   its compiler for a bare aarch64, with Linux's headers: on other machines the toolchain has no standard
#             library of Embedded Swift for arm64 Linux, and that of the bare machine is the same code
#     C       the toolchain's clang, against Debian's libc6-dev-arm64-cross
#     tests   Debian's gcc-aarch64-linux-gnu; qemu-user runs them
packages_arm64 := gcc-aarch64-linux-gnu g++-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static
ARM64_ROOT := /usr/aarch64-linux-gnu
FOREIGN_ROOT := build/arm64/foreign

ifeq ($(MACHINE),arm64)
B      := build/arm64
TARGET := aarch64-unknown-linux-gnu
SWIFT_TARGET = -target aarch64-none-none-elf \
  $(addprefix -Xcc ,-fhosted -fPIC -fasynchronous-unwind-tables -D__linux__ -D_GNU_SOURCE) \
  $(addprefix -Xcc ,-isystem $(ARM64_ROOT)/include)
CC  := aarch64-linux-gnu-gcc
CXX := aarch64-linux-gnu-g++
# Programs of tests find the libraries that Debian has no cross packages of. Without warnings: gcc has some of misuse on
# purpose, and the other build has them.
FOREIGN_FLAGS := $(addprefix -isystem $(FOREIGN_ROOT)/usr/include,/aarch64-linux-gnu /) \
  -L $(FOREIGN_ROOT)/usr/lib/aarch64-linux-gnu -Wl,-rpath,$(abspath $(FOREIGN_ROOT))/usr/lib/aarch64-linux-gnu -w
# The static one, since the system's loader would preload the library into the other.
export EMULATOR := qemu-aarch64-static
export QEMU_LD_PREFIX := $(ARM64_ROOT)
else ifneq ($(MACHINE),)
$(error MACHINE may be arm64, or be left out)
endif
