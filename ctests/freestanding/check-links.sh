#!/bin/sh
# check-links.sh DIR TARGET...: links the README's kernel, as it stands there, with each archive of each target, by lld
# and by GNU ld, with and without --gc-sections:
#   static     at the linker's own address; runs under qemu-user
#   pie        position independent; has no relocation that a loader would have to apply, and runs too
#   so         a shared object, with no relocation in what is read only
#   ADDRESS    in the higher half, where the machine's kernels lie
# The last two are linked without --gc-sections alone. No form has a hook. A relocation that needs a fixed or a low
# address stops one of the links.
set -u
dir=$1
shift
lld=${SWIFT_BIN}ld.lld
nm=${SWIFT_BIN}llvm-nm
objdump=${SWIFT_BIN}llvm-objdump
allowed=$(dirname "$0")/../checks/freestanding-symbols.txt

fail() {
  echo "$target, $archive, $linker $gc: $*"
  return 1
}

# try FORM OBJECTS OPTION...: links the program; a shared object is the kernel alone.
try() {
  form=$1 objects=$out/$2
  shift 2
  count=$((count + 1))
  program=$out/$form-$archive$gc
  files="$objects/kernel.o $runtime" start=
  [ "$form" = so ] || files="$files $objects/machine.o $objects/$plain.o" start='-e _start'
  said=$($linker "$@" $gc $start -o "$program" $files "$dir/$target/$archive.a" 2>&1) ||
    fail "$form: $said"
}

runs() {
  said=$(timeout 60 $run "$program" 2>&1) || fail "$form does not run: $said"
}

# A position-independent program that runs where it was loaded, before anybody applies relocations.
has_no_relocations() {
  said=$("$objdump" --dynamic-reloc "$program" 2>/dev/null | grep ' R_')
  [ -z "$said" ] || fail "$form has relocations for a loader: $said"
}

link_all() {
  try static static -static && runs || return
  try pie pie -pie --no-dynamic-linker -z text && has_no_relocations && runs || return
  # The others with all of the archive, which --gc-sections only takes from.
  [ "$gc" = --no-gc-sections ] || return 0
  # GNU ld makes no shared object for a CPU with Thumb-1 alone.
  [ "$target" = armv6m ] || try so pie -shared -z text -u heap_start -u kmalloc -u kfree || return
  for address in $addresses; do
    case $linker in
      *lld) try "$address" pie -static "--image-base=$address" || return ;;
      *) try "$address" pie -static "-Ttext-segment=$address" || return ;;
    esac
  done
}

# A kernel with a plain zone needs memcpy, memmove and memset, or fewer with --gc-sections, and nothing else.
needs_no_hook() {
  linker=$lld gc=--gc-sections
  said=$("$lld" -r --gc-sections -u heap_start -u kmalloc -u kfree -o "$out/needs.o" "$out/static/kernel.o" \
    "$dir/$target/$archive.a" 2>&1) || fail "is not linked: $said" || return
  said=$("$nm" -u "$out/needs.o" | awk '{ print $NF }' | grep -v -x -e _GLOBAL_OFFSET_TABLE_ -f "$allowed")
  [ -z "$said" ] || fail "the README's kernel needs $said"
}

check_target() {
  target=$1 count=0 addresses= runtime=
  out=$dir/$target/links
  # GNU ld and the emulator; the kernel runs with the instructions of the smallest CPU of its kind.
  case $target in
    x86_64) gnu='ld -m elf_x86_64' run= addresses='0xffffffff80000000 0xffff800000000000' ;;
    i686) gnu='ld -m elf_i386' run=qemu-i386 addresses=0xc0100000 ;;
    aarch64) gnu=aarch64-linux-gnu-ld run=qemu-aarch64 addresses='0xffff000000080000 0xffffffc008000000' ;;
    riscv64*)
      gnu='riscv64-linux-gnu-ld -m elf64lriscv' run=qemu-riscv64
      addresses='0xffffffff80200000 0xffffffc080000000'
      ;;
    riscv32) gnu='riscv64-linux-gnu-ld -m elf32lriscv' run=qemu-riscv32 addresses=0xc0400000 ;;
    riscv32imc) gnu='riscv64-linux-gnu-ld -m elf32lriscv' run='qemu-riscv32 -cpu rv32,a=false' addresses=0xc0400000 ;;
    armv6m) gnu=arm-none-eabi-ld run='qemu-arm -cpu arm1176' ;; # qemu-user runs no Cortex-M; this one has no Thumb-2
    arm*) gnu=arm-none-eabi-ld run=qemu-arm ;;
  esac
  # The test's own C needs a compiler's run-time library here. The archive's is private to it.
  case $target in arm*) runtime=$dir/$target/Runtime.o ;; esac
  [ "$(uname -m)" = x86_64 ] || [ "$target" != x86_64 ] || run=qemu-x86_64
  for archive in libslabmalloc libslabmalloc-small; do
    plain=plain
    [ $archive = libslabmalloc ] || plain=plain-small
    needs_no_hook || return
    for linker in "$lld" "$gnu"; do
      for gc in --gc-sections --no-gc-sections; do link_all || return; done
    done
  done
  echo "=> $target: $count links"
}

bad=0
jobs=
for target in "$@"; do
  check_target "$target" >"$dir/$target/links/result" 2>&1 &
  jobs="$jobs $!"
done
for job in $jobs; do wait "$job" || bad=1; done
for target in "$@"; do cat "$dir/$target/links/result"; done
exit $bad
