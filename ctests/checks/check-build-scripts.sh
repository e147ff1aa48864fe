#!/bin/sh
# check-build-scripts.sh: name-hot.sh and add-names.sh do what their heads say, and fail when a function is missing.
set -eu
scripts=$PWD/Sources/Packaging
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

printf 'malloc slm_hot\nxmalloc slm_hot\nfree slm_hotter\n' >names
cp twins.o named.o
"$scripts/add-names.sh" named.o names
for pair in malloc:slm_hot xmalloc:slm_hot free:slm_hotter; do
  [ "$(place named.o "${pair%:*}")" = "$(place twins.o "${pair#*:}")" ] || { echo "$pair: another place"; exit 1; }
done
[ "$("$NM" --defined-only --extern-only -j named.o | sort | tr '\n' ' ')" = 'free malloc xmalloc ' ] ||
  { echo 'not exactly the new names are global:'; "$NM" --extern-only named.o; exit 1; }
printf 'malloc slm_hot\ncalloc slm_missing\n' >names
fails 'no function' 'no function slm_missing' "$scripts/add-names.sh" broken.o names
echo '=> the scripts that rename symbols do, and fail without the symbols'
