#!/bin/sh
# check-core.sh BUILD_DIR: gcore of an idle process writes less than 20 MB, and gdb finds the objects in it. gdb is not
# installed for this: without it the check is skipped, which its closing line says.
set -eu
build=$(readlink -f "$1")
if ! command -v gcore >/dev/null || ! command -v gdb >/dev/null; then
  echo "=> skipped: gcore of an idle process, since gdb is not installed"
  exit 0
fi
scratch=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; rm -rf "$scratch"' EXIT

for profile in checked hardened; do
  mkfifo "$scratch/ready"
  LD_PRELOAD=$build/libslabmalloc-preload.so SLABMALLOC_PROFILE=$profile "$build/tools/idle-preloaded" \
    >"$scratch/ready" &
  pid=$!
  read -r word <"$scratch/ready"
  [ "$word" = ready ] || { echo "error: the program is not ready"; exit 1; }
  # 100 MB at most, should gcore write the reserve.
  (ulimit -f 200000 && timeout 300 gcore -o "$scratch/core" "$pid") >"$scratch/log" 2>&1 || true
  if [ ! -s "$scratch/core.$pid" ]; then
    cat "$scratch/log"
    if grep -qi 'ptrace' "$scratch/log"; then
      echo "=> skipped: gcore of an idle process, since ptrace is not permitted"
      exit 0
    fi
    exit 1
  fi
  bytes=$(stat -c %s "$scratch/core.$pid")
  [ "$bytes" -lt 20000000 ] || { echo "error: gcore writes $bytes bytes ($profile)"; exit 1; }
  gdb -batch -nx -ex 'print kept' -ex 'print kept_large' "$build/tools/idle-preloaded" "$scratch/core.$pid" \
    >"$scratch/log" 2>&1
  for text in 'a small object' 'a large object'; do
    grep -q "\"$text\"" "$scratch/log" || { cat "$scratch/log"; echo "error: $text is not in the core"; exit 1; }
  done
  kill "$pid"
  wait "$pid" 2>/dev/null || true
  rm -f "$scratch/ready" "$scratch/core.$pid"
  sizes="${sizes:+$sizes, }$profile $((bytes / 1000)) kB"
done
pid=
echo "=> gcore of an idle process: $sizes, with its objects"
