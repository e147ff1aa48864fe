#!/bin/sh
# check-pairs.sh BUILD_DIR: counts the instructions of a value that is made and dropped in each container, with
# callgrind, and holds them against limits.txt. Counts of a class instance are printed beside them. Needs valgrind.
# SWIFT, SWIFT_BIN: the tools.
set -eu
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
scratch=$build/swift-bench
${SWIFT:-swift} build -c release --omit-frame-pointers --package-path "$here" \
  --scratch-path "$scratch" --product Pairs >"$scratch.log" 2>&1 ||
  {
    cat "$scratch.log"
    exit 1
  }
# Debian 12's valgrind stops at the compiler's DWARF 5.
"${SWIFT_BIN}llvm-objcopy" --strip-debug "$scratch/release/Pairs" "$scratch/pairs"
count() { # count ROW NUMBER: instructions of the whole program
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$scratch/pairs" "$1" "$2" 2>&1 |
    sed -n 's/.*Collected : //p'
}
# Both numbers are above the warm-up of thread, heap and first slabs.
each() { echo "$(count "$1" 3000) $(count "$1" 23000)" | awk '{ printf "%.1f", ($2 - $1) / 20000 }'; }
loop=$(each loop)
failed=0
while read -r row limit; do
  case $row in '' | '#'*) continue ;; esac
  cost=$(awk -v all="$(each "$row")" -v loop="$loop" 'BEGIN { printf "%.1f", all - loop }')
  printf '%-10s %6s of %s\n' "$row" "$cost" "$limit"
  awk -v cost="$cost" -v limit="$limit" 'BEGIN { exit !(cost > 0 && cost <= limit) }' || failed=1
done <"$here/limits.txt"
printf '%-10s %6s\n' class "$(awk -v all="$(each class)" -v loop="$loop" 'BEGIN { printf "%.1f", all - loop }')"
[ $failed -eq 0 ] || { echo 'a pair takes more instructions than its limit'; exit 1; }
