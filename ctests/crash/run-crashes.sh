#!/bin/sh
# run-crashes.sh LIBRARY PROGRAM...: runs each misuse once in each profile; those of malloc/ under the preload library.
# On stdout a program says what stderr must get, without the ids of its process and thread. Then it has to do exactly
# that: and to die by SIGABRT if that is a report of malloc's, by SIGSEGV without a word if it says so, else to exit
# with 0. Nothing is purged by the clock: what is in freed memory does not depend on how long the machine does something
# else.
set -eu
library=$(readlink -f "$1")
shift
[ $# -gt 0 ] || { echo "there are no misuses" >&2; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
ulimit -c 0

failed=0
# run PROGRAM NAME LIBRARY PROFILE
run() {
  status=0
  # The inner shell opens the files, as the outer one writes a note of its own when a signal ends a program.
  timeout 120 env "SLABMALLOC_PROFILE=$4" SLABMALLOC_PURGE_DELAY=86400000 \
    sh -c 'exec env ${1:+LD_PRELOAD="$1"} $EMULATOR "$2" >"$3/expected" 2>"$3/actual"' - "$3" "$1" "$scratch" \
    2>/dev/null || status=$?
  case $(cat "$scratch/expected") in
    'slabmalloc: '*) wanted=134 ;;
    SIGSEGV) wanted=139 ;;
    *) wanted=0 ;;
  esac
  # An emulator tells of the signal too.
  [ -z "${EMULATOR-}" ] || sed -i '/^qemu: uncaught target signal/d' "$scratch/actual"
  # Each report ends with the ids, which change.
  sed -i -E '/^slabmalloc: (double free|free|write|usable size) /s/$/ [process N, thread N]/' "$scratch/expected"
  sed -i -E 's/ \[process [0-9]+, thread [0-9]+\]$/ [process N, thread N]/' "$scratch/actual"
  [ "$wanted" -ne 139 ] || [ "$status" -ne 139 ] || echo SIGSEGV >>"$scratch/actual"
  if [ ! -s "$scratch/expected" ]; then
    complaint="does not say what it expects"
  elif [ "$status" -ne "$wanted" ]; then
    complaint="exit status $status, not $wanted"
  elif ! cmp -s "$scratch/expected" "$scratch/actual"; then
    complaint="another answer than expected"
  else
    return 0
  fi
  failed=$((failed + 1))
  echo "FAIL  $2: $complaint"
  sed 's/^/      expected: /' "$scratch/expected"
  sed 's/^/      actual:   /' "$scratch/actual"
}

runs=0
for program in "$@"; do
  name=$(basename "$(dirname "$program")")/$(basename "$program")
  case $name in
    malloc/*) preload=$library ;;
    *) preload= ;;
  esac
  for profile in fast checked hardened; do
    runs=$((runs + 1))
    run "$program" "$name ($profile)" "$preload" "$profile"
  done
done
[ "$failed" -eq 0 ] || { echo "$failed of $runs misuses don't end as they should"; exit 1; }
echo "=> $# misuses end as they should, in $runs runs"
