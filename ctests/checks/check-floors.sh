#!/bin/sh
# Checks that the floors of the sources hold: each compiles with those below it alone, so no file names a type or
# function of a floor above. Two houses stand on one ground floor:
#
#     Ground -> Pages -> Zones -> Zones/Shared        the zone house; Pages/Mmap is its hosted provider
#     Ground -> Runs -> Heaps -> Process              the run house
#     all of these -> API; API/Typed stands on the interface in C
#
# Then checks the fixed form of the lock's duty: a function whose comment says `Requires: the lock of the run pool.`
# starts with assertLocked(), and no other function does. A build with assertions stops there if the lock is not held.
#
# usage: check-floors.sh SWIFTC TARGET
# Prints each upward name with its file and line. FLOORS limits the check to some floors, for example FLOORS='Runs
# Heaps'.
set -u
swiftc=$1 target=$2
src=Sources/SlabMalloc
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
failed=0

files() { # files DIRECTORY...: their Swift sources
  for dir; do find "$src/$dir" -name '*.swift'; done | sort
}

floor() { # floor NAME FILES: the files compile on their own
  name=$1
  shift
  case " ${FLOORS-$name} " in *" $name "*) ;; *) return ;; esac
  if "$swiftc" -typecheck -swift-version 6 -enable-experimental-feature Embedded -wmo -parse-as-library \
    -enable-experimental-feature Lifetimes \
    -module-name SlabMalloc -D SLM_HOSTED ${DEFINES-} -target "$target" -I include -I Sources/CSlabPort/include "$@" \
    >"$work/log" 2>&1; then
    echo "$name: holds"
  else
    echo "$name: names what lies above it:"
    grep -E '^[^ ].*: error: ' "$work/log" | sed 's/: error:/:/' | sort -u | head -40
    failed=1
  fi
}

without() { grep -v "^$src/$1/"; }

ground=$(files Ground)
pages=$(files Pages | without Pages/Mmap)
zones=$(files Zones | without Zones/Shared)
floor Ground $ground
floor Pages $ground $pages
floor Zones $ground $pages $zones
floor Zones/Shared $ground $pages $(files Zones)
floor Pages/Mmap $ground $(files Pages)
floor Runs $ground $(files Runs)
floor Heaps $ground $(files Runs Heaps)
floor Process $ground $(files Runs Heaps Process)
# The typed containers see the interface in C, and of the sources the types that stand in it.
typed_ground=$(for file in Ground/AllocationError Ground/Build Ground/Layout Ground/PageSize Ground/Profile \
  Ground/Status Pages/PageProvider; do echo "$src/$file.swift"; done)
floor API/Typed $typed_ground $(files API/Typed)
floor API $(find "$src" -name '*.swift' -not -path '*/SwiftRuntime/*' -not -path '*.docc/*' | sort)

# Of each function: whether its comment has the line, and whether its body starts with the call.
files Runs Heaps Process | while read -r file; do
  awk -v file="$file" -v unchecked=': requires the lock of the run pool, and does not start with assertLocked()' '
    /^ *\/\/\// { if ($0 ~ /Requires: the lock of the run pool\./) required = 1; next }
    waiting { if ($0 !~ /assertLocked\(\)/) print file ":" NR unchecked
      waiting = 0; next }
    /(func|var|init)[ (]/ && required { open = 1; required = 0 }
    open { if ($0 ~ /\{ *$/) { waiting = 1; open = 0 } else if ($0 ~ /\{.*\} *$/) {
      print file ":" NR unchecked; open = 0 } next }
    /assertLocked\(\)/ && !/func assertLocked/ {
      print file ":" NR ": assertLocked() without a line `Requires: the lock of the run pool.`" }
    !/^ *@/ { required = 0 }
  ' "$file"
done >"$work/locks"
if [ -s "$work/locks" ]; then
  cat "$work/locks"
  failed=1
else
  checked=$(cat $(files Runs Heaps Process) | grep -c '^ *assertLocked()')
  echo "lock of the run pool: $checked functions require it and check it"
fi
exit $failed
