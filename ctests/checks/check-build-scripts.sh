#!/bin/sh
# check-build-scripts.sh: name-hot.sh, add-names.sh and link-object.sh do what their heads say, and the first two fail
# when a function is missing.
set -eu
scripts=$PWD/Sources/Packaging
export LLD="${SWIFT_BIN}ld.lld"
export NM="${SWIFT_BIN}llvm-nm" OBJCOPY="${SWIFT_BIN}llvm-objcopy" OBJDUMP="${SWIFT_BIN}llvm-objdump"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

# Two functions as the Swift compiler emits them, and one of which there are two.
cat >twins.c <<'END'
int hot_twin(int x) __asm__("$e4Test7slm_hotyS2iF");
int hot_twin(int x) { return x + 1; }
int slm_hot(int x);
int slm_hot(int x) { return hot_twin(x); }
int slm_hotter(int x);
int slm_hotter(int x) { return x; }
int one(int x) __asm__("$e4Test9slm_twiceyS2iF");
int one(int x) { return x; }
int two(int x) __asm__("$e5Other9slm_twiceyS2iF");
int two(int x) { return x; }
int slm_twice(int x);
int slm_twice(int x) { return x; }
END
"$CLANG" -O1 -ffunction-sections -c -o twins.o twins.c
place() { "$OBJDUMP" -t "$1" | awk -v name="$2" '$NF == name { print $1, $(NF - 2) }'; } # its section and offset

# fails WHAT MESSAGE COMMAND...: the command fails with this message and leaves the object as it was.
fails() {
  what=$1
  message=$2
  shift 2
  cp twins.o broken.o
  ! "$@" 2>message || { echo "$what: did not fail"; exit 1; }
  grep -q "$message" message || { echo "$what: another message:"; cat message; exit 1; }
  cmp twins.o broken.o || { echo "$what: changed the object"; exit 1; }
}

cp twins.o named.o
twin=$(place twins.o '$e4Test7slm_hotyS2iF')
jump=$(place twins.o slm_hot)
"$scripts/name-hot.sh" named.o slm_hot
[ -n "$twin" ] && [ "$(place named.o slm_hot)" = "$twin" ] ||
  { echo 'the name is not that of the Swift function'; exit 1; }
[ -n "$jump" ] && [ "$(place named.o jump_slm_hot)" = "$jump" ] || { echo 'the jump has no other name'; exit 1; }
fails 'no twin' 'slm_hotter has no Swift function' "$scripts/name-hot.sh" broken.o slm_hot slm_hotter
fails 'two twins' 'slm_twice has more than one' "$scripts/name-hot.sh" broken.o slm_hot slm_twice

# The size and the visibility of a function.
shape() { "$OBJDUMP" -t "$1" | awk -v name="$2" '$NF == name { sub(/.*\t/, ""); print }' | sed "s/ $2//"; }
printf 'malloc slm_hot\n' >names
printf 'free slm_hotter\n' >more
cp twins.o named.o
"$scripts/add-names.sh" named.o names more
for pair in malloc:slm_hot free:slm_hotter; do
  [ "$(place named.o "${pair%:*}")" = "$(place twins.o "${pair#*:}")" ] || { echo "$pair: another place"; exit 1; }
  [ "$(shape named.o "${pair%:*}")" = "$(shape twins.o "${pair#*:}")" ] || { echo "$pair: another size"; exit 1; }
  [ -z "$(place named.o "${pair#*:}")" ] || { echo "$pair: the former name is left"; exit 1; }
done
printf 'malloc slm_hot\ncalloc slm_missing\n' >names
fails 'no function' 'no function slm_missing' "$scripts/add-names.sh" broken.o names
printf 'malloc slm_hot\nxmalloc slm_hot\n' >names
fails 'two names' 'slm_hot gets two names' "$scripts/add-names.sh" broken.o names
# What is needed has its unwind information, and what is not needed is gone, with what it needs.
cat >used.c <<'END'
int other(int x);
int used(int x);
int used(int x) { return other(x) + 1; }
int missing(int x);
int unused(int x);
int unused(int x) { return missing(x) + 1; }
END
cat >other.c <<'END'
int other(int x);
int other(int x) { return x * 3; }
END
for name in used other; do "$CLANG" -O1 -ffunction-sections -fasynchronous-unwind-tables -c -o $name.o $name.c; done
echo used >roots
"$scripts/link-object.sh" linked.o roots used.o other.o
[ "$("$NM" -j linked.o | grep -v '^[.]' | sort | tr '\n' ' ')" = 'other used ' ] ||
  { echo 'not exactly what is needed is linked:'; "$NM" linked.o; exit 1; }
"$CLANG" -fuse-ld=lld -nostdlib -shared -o linked.so linked.o
[ "$("$OBJDUMP" --dwarf=frames linked.so | grep -c ' FDE ')" = 2 ] ||
  { echo 'a function has no unwind information'; exit 1; }
echo '=> the scripts that link and rename objects do, and fail without the symbols'
