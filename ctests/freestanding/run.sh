#!/bin/sh
# run.sh DIR ARCHITECTURE...: runs the test programs of each freestanding archive, DIR/ARCHITECTURE/tests/*.test, with
# qemu-user where the machine is another, with the instructions of the smallest CPU of its kind.
set -e
dir=$1
shift
for architecture in "$@"; do
  case $architecture in
    "$(uname -m)") run= ;;
    i686) run=qemu-i386 ;;
    armv6m) run='qemu-arm -cpu arm1176' ;; # which has no Thumb-2, as a Cortex-M0
    armv7em*) run=qemu-arm ;;
    riscv64*) run=qemu-riscv64 ;;
    riscv32imc) run='qemu-riscv32 -cpu rv32,a=false' ;;
    *) run=qemu-$architecture ;;
  esac
  for program in "$dir/$architecture"/tests/*.test; do
    [ -x "$program" ] || { echo "no test for $architecture"; exit 1; }
    said=$(timeout 300 $run "$program" 2>&1) || { echo "$program failed: $said"; exit 1; }
    echo "=> $architecture $(basename "$program" .test): $said"
  done
done
