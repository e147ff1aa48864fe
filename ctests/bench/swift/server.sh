#!/bin/sh
# server.sh BUILD_DIR: an hour of a server's load, compressed, with glibc's malloc, with the library, and with the
# library's delay compressed as the hour is: seconds of processor time, and resident memory at the peak, on average, and
# at the end. What the program allocates is the same in each run; the system chooses which thread serves which request.
# REQUESTS: requests a second, 200, which take a minute in all. SWIFT: the tool.
set -eu
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
scratch=$build/swift-bench
requests=${REQUESTS:-200}
${SWIFT:-swift} build -c release --package-path "$here" --scratch-path "$scratch" --product Server \
  >"$scratch.log" 2>&1 || {
  cat "$scratch.log"
  exit 1
}
server=$scratch/release/Server
library=$build/libslabmalloc-preload.so
printf '%-26s %9s %10s %10s %10s %10s\n' malloc seconds peak-KiB mean-KiB end-KiB of-glibc
expected=
glibc=
row() { # row NAME VARIABLE=VALUE...: runs the server and prints its row
  name=$1
  shift
  numbers=$(env "$@" "$server" "$requests")
  served=${numbers%% *}
  [ "${expected:=$served}" = "$served" ] || { echo "$name: the server has another result"; exit 1; }
  echo "$numbers" | awk -v name="$name" -v glibc="${glibc:-$numbers}" '{ split(glibc, base, " ")
    printf "%-26s %9.2f %10d %10d %10d %10.2f\n", name, $2, $3, $4, $5, $3 / base[3] }'
  : "${glibc:=$numbers}"
}
row glibc LD_PRELOAD=
row slabmalloc LD_PRELOAD="$library"
row 'slabmalloc, delay of 1 ms' LD_PRELOAD="$library" SLABMALLOC_PURGE_DELAY=1
