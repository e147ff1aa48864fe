#!/bin/sh
# check-programs.sh DIR: runs what programs.cmake built in a folder; the preload library only where this machine can.
set -e
dir=$1
for program in consumer_shared consumer_static stars_shared stars_static override override_new through_library; do
  status=0
  # A program of another machine may not get beyond the forks of override_new.
  [ -z "$EMULATOR" ] || [ $program != override_new ] || continue
  $EMULATOR "$dir/$program" >"$dir/output" 2>&1 || status=$?
  [ $status = 0 ] || { cat "$dir/output"; echo "error: $program: exit status $status"; exit 1; }
done
! readelf -d "$dir/consumer_static" | grep -q 'NEEDED.*slabmalloc' || { echo 'consumer_static is not static'; exit 1; }
preload=$(cat "$dir/preload")
[ -f "$preload" ] || { echo "no such file: $preload"; exit 1; }
if [ -z "$EMULATOR" ]; then
  ! "$dir/preloaded" 2>/dev/null || { echo "error: glibc's malloc passes for this one"; exit 1; }
  LD_PRELOAD=$preload "$dir/preloaded"
fi
