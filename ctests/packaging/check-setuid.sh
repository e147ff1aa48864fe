#!/bin/sh
# check-setuid.sh BUILD_DIR: a setuid and a setgid program with libslabmalloc-malloc.o take no option from the
# environment, be they linked to the C library's shared object, to its archive, or to musl. The same program without
# these rights takes them. Root alone can make such programs and run them as somebody else.
set -e
ulimit -c 0
build=$1
here=$(dirname "$0")
if [ "$(id -u)" != 0 ] || ! command -v setpriv >/dev/null; then
  echo '=> setuid programs: skipped, since this is not root'
  exit
fi
# Everybody may go there for the time of the test.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"

# run PROGRAM: as nobody, with each option set. Prints what stderr gets.
run() {
  status=0
  # The inner shell opens the file, as the outer one writes a note of its own when a signal ends a program.
  sh -c 'exec setpriv --reuid=65534 --regid=65534 --clear-groups env SLABMALLOC_STATS=1 SLABMALLOC_HELP=1 \
    SLABMALLOC_PROFILE=hardened SLABMALLOC_TRACE="$1/trace" SLABMALLOC_RETAIN=much SLABMALLOC_ABORT_CONF=1 "$2" \
    2>"$1/errors" >/dev/null' - "$scratch" "$1" 2>/dev/null || status=$?
}

programs=0
for kind in -pie -static musl-pie musl-static; do
  case $kind in
    musl-*) command -v musl-gcc >/dev/null || continue; compiler=musl-gcc ;;
    *) compiler=$CC ;;
  esac
  "$compiler" -O1 -fno-builtin "${kind#musl}" -o "$scratch/program" "$here/secure.c" "$build/libslabmalloc-malloc.o" \
    -lpthread 2>"$scratch/link" || { cat "$scratch/link"; exit 1; }
  run "$scratch/program"
  grep -q '^slabmalloc: SLABMALLOC_RETAIN=much: not a number of MiB up to 1099511627776; fatal$' "$scratch/errors" ||
    { echo "error: $kind: without more rights the program does not take its options"; exit 1; }
  for mode in 4755 2755; do
    chmod "$mode" "$scratch/program"
    run "$scratch/program"
    [ "$status" != 1 ] || { echo "=> setuid programs: skipped, since $scratch is mounted nosuid"; exit; }
    [ "$status" = 0 ] && [ ! -s "$scratch/errors" ] && [ ! -e "$scratch/trace" ] ||
      { echo "error: $kind, mode $mode: exit status $status, and on stderr:"; cat "$scratch/errors"; exit 1; }
    programs=$((programs + 1))
  done
done
echo "=> $programs setuid and setgid programs take no option from the environment"
