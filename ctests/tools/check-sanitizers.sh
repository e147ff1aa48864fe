#!/bin/sh
# check-sanitizers.sh BUILD_DIR: programs of gcc's AddressSanitizer and ThreadSanitizer find under the preload library
# what they find without: with the sanitizer's runtime in the program, and with the runtime named first in LD_PRELOAD.
set -eu
build=$(readlink -f "$1")
preload=$build/libslabmalloc-preload.so
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
runs=0
skipped=0

# run LD_PRELOAD PROGRAM FAULT: prints the exit status and what was found. Where the kernel maps things at random over
# more than 28 bits, ThreadSanitizer's memory may be in use: then it may start the next time.
run() {
  for attempt in $(seq 20); do
    status=0
    LD_PRELOAD=$1 timeout 300 "$2" "$3" >"$scratch/out" 2>&1 || status=$?
    grep -q 'FATAL: ThreadSanitizer: unexpected memory mapping' "$scratch/out" || break
  done
  echo "$status $(sed -n 's/^SUMMARY: //p' "$scratch/out" | head -n 1)"
}

# check SANITIZER FAULT WORD: the word is what the report has; "" for none.
check() {
  for kind in static shared; do
    program=$build/tools/sanitized-$1-$kind
    first=
    [ "$kind" = static ] || first="$(gcc -print-file-name="lib$4.so") "
    plain=$(run '' "$program" "$2")
    # Some kernels and sandboxes stop a sanitizer.
    case $plain in
      *"$3"*) ;;
      *)
        skipped=$((skipped + 1))
        continue
        ;;
    esac
    under=$(run "$first$preload" "$program" "$2")
    [ "$plain" = "$under" ] || { echo "error: $1 ($kind) $2: '$under', not '$plain'"; cat "$scratch/out"; exit 1; }
    runs=$((runs + 1))
  done
}

check address '' '0 ' asan
check address use heap-use-after-free asan
check address leak 'leaked in 1 allocation' asan
check thread '' '0 ' tsan
check thread use heap-use-after-free tsan
check thread race 'data race' tsan

# As the guide says.
run "$preload" "$build/tools/sanitized-address-shared" '' >"$scratch/status"
grep -q 'ASan runtime does not come first' "$scratch/out" ||
  { echo 'error: a shared runtime that does not come first is not refused'; cat "$scratch/out"; exit 1; }
echo "=> sanitizers find the same under the library in $runs runs, $skipped skipped"
