#!/bin/sh
# freestanding-sizes.sh DIR ARCHITECTURE...: the bytes of text, constants and data of each freestanding archive, as a
# table, and of the object in it that prints reports. Stack unwinding tables, which kernels discard, are not counted.
dir=$1
shift
printf '%-10s %-12s %8s %10s %6s\n' archive target text constants data
for profile in '' -small -print; do
  for architecture in "$@"; do
    object=$dir/$architecture/libslabmalloc$profile.o
    [ "$profile" != -print ] || object=$dir/$architecture/print.o
    [ -f "$object" ] || continue
    text=0 constants=0 data=0
    while read -r name size; do
      case $name in
        .text*) text=$((text + 0x$size)) ;;
        .rodata* | .data.rel.ro*) constants=$((constants + 0x$size)) ;;
        .data* | .bss*) data=$((data + 0x$size)) ;;
      esac
    done <<END_OF_SECTIONS
$("${SWIFT_BIN}llvm-objdump" -h "$object" | awk '$1 ~ /^[0-9]+$/ { print $2, $3 }')
END_OF_SECTIONS
    printf '%-10s %-12s %8d %10d %6d\n' "${profile:--}" "$architecture" $text $constants $data
  done
done | sed -e 's/^-small/small /' -e 's/^-print/print /' -e 's/^-    /full /'
