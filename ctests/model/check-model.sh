#!/bin/sh
# check-model.sh BUILD_DIR [long]: runs Spin over the model of remote frees. What must hold has to hold in every state,
# and every planted fault has to be found. `long` takes larger sizes: some minutes, and up to 8 GB.
set -eu
scratch=$1/model
size=${2:-short}
model=$(dirname "$0")/remote-free.pml
rm -rf "$scratch"
mkdir -p "$scratch"
cases=0

# explore OPTIMISATION THREADS SLABS SLOTS [OPTION...]: searches all states; the report is in $report.
explore() {
  optimisation=$1
  sizes="-DTHREADS=$2 -DSLABS=$3 -DSLOTS=$4"
  name="$2 threads, $3 slabs of $4 slots"
  shift 4
  options=
  for option; do
    options="$options -D$option"
    name="$name, $option"
  done
  cases=$((cases + 1))
  dir=$scratch/$cases
  report=$dir/report
  mkdir "$dir"
  cp "$(dirname "$model")"/*.pml "$dir"
  (
    cd "$dir"
    # shellcheck disable=SC2086
    spin $sizes $options -a remote-free.pml >spin.log 2>&1 || { cat spin.log; exit 1; }
    "${CC:-cc}" "$optimisation" -w -DSAFETY -DCOLLAPSE -DMEMLIM="$memory" -o pan pan.c
    ./pan -m"$depth" -w"$hash" >report 2>&1 || true
  )
  states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' "$report")
}

holds() {
  explore "$@"
  if ! grep -q 'errors: 0$' "$report" || grep -q -e 'too small' -e 'not completed' -e 'out of memory' "$report"; then
    echo "FAIL  $name"
    cat "$report"
    # shellcheck disable=SC2086
    [ ! -f "$dir/remote-free.pml.trail" ] || (cd "$dir" && spin $sizes $options -t -p remote-free.pml | tail -200)
    exit 1
  fi
  echo "holds $name: $states states"
  rm -f "$dir"/pan*
}

found() {
  explore "$@"
  if ! grep -q 'pan:1: assertion violated' "$report"; then
    echo "FAIL  not found: $name"
    cat "$report"
    exit 1
  fi
  echo "found $name: $(sed -n 's/^pan:1: \(.*\) (at depth.*/\1/p' "$report")"
  rm -f "$dir"/pan*
}

memory=1500 depth=2000000 hash=22
if [ "$size" = short ]; then
  holds -O1 3 1 2
  holds -O1 2 2 2
  holds -O0 2 1 2 WAITS
  holds -O0 2 2 1 FREER
  holds -O0 2 1 2 TWICE
  holds -O0 2 1 2 HARDENED
  holds -O0 2 1 2 HARDENED TWICE
  found -O0 2 1 2 FAULT_SPLIT
  found -O0 2 1 2 FAULT_COLLECT_ALL
  found -O0 2 1 2 FAULT_LIST_UNLOCKED
  found -O0 2 1 2 TWICE FAULT_POOLED_NONE
  found -O0 2 1 2 HARDENED FAULT_CLEARED_LATE
  found -O0 2 1 2 HARDENED FAULT_COUNTED_EARLY
  found -O0 2 1 2 HARDENED TWICE FAULT_CANARY_LATE
  echo "=> $cases searches as expected"
  exit 0
fi

memory=8000 depth=20000000 hash=26
for fault in DETACH_COUNTED POOL_ORDER STAYS_LISTED CACHED; do
  found -O0 2 1 2 FAULT_$fault
done
found -O0 3 1 1 NO_EXIT FAULT_SPLIT
found -O0 2 2 1 FREER FAULT_NEXT
found -O0 2 1 2 TWICE FAULT_EXCHANGE
holds -O2 3 1 2 WAITS
holds -O2 3 2 1
holds -O2 3 1 1 TWICE
holds -O2 3 1 2 TWICE NO_EXIT
holds -O2 2 2 1 FREER TWICE
holds -O2 2 2 2 TWICE NO_EXIT
holds -O2 2 2 2 FREER
holds -O2 2 2 1 HARDENED FREER
holds -O2 3 1 1 HARDENED TWICE
holds -O2 2 2 1 HARDENED TWICE
echo "=> $cases searches as expected"
