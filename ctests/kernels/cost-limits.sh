#!/bin/sh
# cost-limits.sh DIR GUIDE MACHINE...: writes new limits into the guide's table "What a call costs", from what the
# kernels counted last (DIR/MACHINE-cost.log, by check-kernels.sh). The most that a call took depends on where the
# frames lie, and they lie elsewhere when the kernel grows by a page: it gets a tenth more, rounded up to two digits.
# The mean gets 3 % more.
set -eu
dir=$1
guide=$2
shift 2
for machine; do sed -n "s/^cost:/$machine:/p" "$dir/$machine-cost.log"; done >"$dir/costs"
awk '
  function rounded_up(count,   unit) {
    for (unit = 1; count / unit > 100; unit *= 10);
    return int(count / unit + 0.999999) * unit
  }
  FNR == NR {
    name = $0
    sub(/^[^:]*:[^:]*: /, "", name)
    sub(/:.*/, "", $1)
    limit[name, $1] = rounded_up($2 * 1.1) " / " int($5 * 1.03 + 1)
    next
  }
  !/^\|/ { table = 0 }
  /^\| / && !table {
    table = split($0, column, / *\| */)
  }
  /^\| / {
    split($0, cell, / *\| */)
    name = cell[2]
    gsub(/`/, "", name)
    if ((name, column[3]) in limit) {
      $0 = "| " cell[2]
      for (i = 3; i < table; i++) $0 = $0 " | " limit[name, column[i]]
      $0 = $0 " |"
    }
  }
  { print }' "$dir/costs" "$guide" >"$dir/guide"
cat "$dir/guide" >"$guide"
