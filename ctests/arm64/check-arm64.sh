#!/bin/sh
# check-arm64.sh MAKE TARGET PACKAGE...: makes a target for arm64. The packages have the cross compiler and the
# emulator. Where they are not there and can't be installed, or those of the other architecture can't be fetched, this
# is skipped.
set -e
make=$1
target=$2
shift 2
skip() {
  echo "=> skipped, as $1: arm64"
  exit 0
}
[ "$(uname -m)" != aarch64 ] || skip 'this machine is one, and make check tests it'
ctests/checks/ensure-packages.sh "$@" || skip 'the cross compiler and qemu-user are missing'
$make --no-print-directory MACHINE=arm64 build/arm64/packages/check || skip "Debian's packages for it cannot be fetched"
exec $make --no-print-directory MACHINE=arm64 "$target"
