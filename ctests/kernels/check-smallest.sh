#!/bin/sh
# check-smallest.sh BUILD_DIR GUIDE MACHINE...: the smallest kernel of each machine, which is the README's heap
# (ctests/examples/kernel/kernel_start.c) and ctests/kernels/smallest/MACHINE.c.
# The commands that build and boot it are those of the guide, after a line `<!-- smallest: MACHINE -->`; they need
# nothing of the Swift toolchain. They are followed to the letter, then with the small archive, and both with lld.
set -u
build=$(cd "$1" && pwd)
guide=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
shift 2
root=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$build/kernels/smallest
rm -rf "$scratch"
mkdir -p "$scratch"
cd "$scratch" || exit
ln -s "$root/include" "$root/ctests" .
ln -s "$build" build

commands_of() { # MACHINE
  case $1 in
    # The guide leaves two out.
    aarch64)
      cat <<END
$CLANG -target aarch64-none-none-elf -ffreestanding -O2 -mgeneral-regs-only -mstrict-align -I include \\
  -c ctests/kernels/smallest/aarch64.c ctests/examples/kernel/kernel_start.c
aarch64-linux-gnu-ld -Ttext-segment=0x40200000 -e start -o kernel.elf aarch64.o kernel_start.o \\
  build/freestanding/aarch64/libslabmalloc.a
qemu-system-aarch64 -M virt -cpu cortex-a57 -m 64 -display none -serial stdio \\
  -semihosting-config enable=on,target=native -kernel kernel.elf
END
      ;;
    armv6m)
      cat <<END
$CLANG -target armv6m-none-none-eabi -ffreestanding -O2 -I include \\
  -c ctests/kernels/smallest/armv6m.c ctests/examples/kernel/kernel_start.c
arm-none-eabi-ld --section-start=.init=0 -Ttext=0x100 -Tbss=0x20000000 -e kernel -o kernel.elf armv6m.o \\
  kernel_start.o build/freestanding/armv6m/libslabmalloc.a
qemu-system-arm -M microbit -display none -serial stdio -semihosting-config enable=on,target=native \\
  -kernel kernel.elf
END
      ;;
    *)
      awk -v marker="<!-- smallest: $1 -->" '
        /^```/ { inside = found && !inside; found = inside; next }
        inside { print }
        $0 == marker { found = 1 }' "$guide"
      ;;
  esac
}

# boots NAME STATUS: the commands on standard input build the kernel, and it ends with this status. Fails if not, as it
# runs in a subshell, whose variables nobody sees.
boots() {
  cat >commands
  rm -f kernel.elf
  said=$(timeout 120 sh -e commands 2>&1 </dev/null)
  status=$?
  if [ $status = "$2" ] && [ "$said" = 'the second free is refused' ]; then
    echo "  ok    $1"
  else
    echo "  FAIL  $1: exit status $status, not $2: $(echo "$said" | head)"
    cat commands
    return 1
  fi
}

bad=0
for machine in "$@"; do
  lines=$(cat "ctests/kernels/smallest/$machine.c" ctests/examples/kernel/kernel_start.c | wc -l)
  [ "$lines" -lt 100 ] || { echo "  FAIL  the smallest kernel of $machine has $lines lines"; bad=1; }
  commands=$(commands_of "$machine")
  status=0
  case $machine in
    x86_64) status=33 lld='--image-base=0x200000' ;; # isa-debug-exit: 2 * 16 + 1
    aarch64) lld='--image-base=0x40200000' ;;
    riscv64) # without a script lld puts what is read only before the first instruction
      sed 's/\.text\.boot/.init/' ctests/kernels/riscv64/kernel.ld >riscv64.ld
      lld='-T riscv64.ld'
      ;;
  esac
  small() { sed -e 's/ -c / -DSLM_SMALL -c /' -e 's/libslabmalloc\.a/libslabmalloc-small.a/'; }
  with_lld() { sed -e "s|^[a-z0-9-]*ld -[^ ]* |${SWIFT_BIN}ld.lld $lld |"; }
  name="$machine: smallest kernel"
  echo "$commands" | small | boots "$name, small archive" $status || bad=1
  [ "$machine" != armv6m ] || continue # its 16 KiB of memory are enough for the small archive
  echo "$commands" | boots "$name" $status || bad=1
  echo "$commands" | with_lld | boots "$name, lld" $status || bad=1
  echo "$commands" | small | with_lld | boots "$name, small archive, lld" $status || bad=1
done
exit $bad
