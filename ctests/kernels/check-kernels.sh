#!/bin/sh
# check-kernels.sh DIR GUIDE MACHINE...: boots each machine's example kernel in QEMU.
# It must pass with 64 MiB and with little memory, must fail with each fault that its command line plants, and calls may
# not cost more instructions than the guide (Kernels.md) says.
# What the kernel wrote on its serial line stays in DIR: MACHINE.log, MACHINE-small.log, MACHINE-FAULT.log,
# MACHINE-cost.log.
set -u
dir=$1
guide=$2
shift 2

# boot MACHINE MEMORY SECONDS LOG COMMAND_LINE [OPTION...]: QEMU's exit status; 124 if it took longer than SECONDS.
boot() {
  machine=$1 memory=$2 seconds=$3 log=$4 command_line=$5
  shift 5
  case ${machine%-assert} in
    x86_64) set -- qemu-system-x86_64 -M q35 -vga none -no-reboot -device isa-debug-exit,iobase=0xf4,iosize=4 "$@" ;;
    aarch64) set -- qemu-system-aarch64 -M virt -cpu cortex-a57 -semihosting-config enable=on,target=native "$@" ;;
    riscv64) set -- qemu-system-riscv64 -M virt -bios none "$@" ;;
  esac
  timeout "$seconds" "$@" -smp 2 -m "$memory" -display none -serial stdio -kernel "$dir/$machine.elf" \
    -append "$command_line" </dev/null >"$log" 2>&1
}

# expect NAME LOG STATUS EXPECTED PATTERN...: the exit status, and a line for each pattern.
expect() {
  name=$1 log=$2 status=$3 expected=$4
  shift 4
  wrong=
  [ "$status" = "$expected" ] || wrong="exit status $status, not $expected; "
  for pattern in "$@"; do grep -Eq "$pattern" "$log" || wrong="${wrong}no line '$pattern'; "; done
  if [ -z "$wrong" ]; then
    echo "  ok    $name"
  else
    echo "  FAIL  $name: $wrong"
    sed 's/^/        /' "$log"
    return 1
  fi
}

# What a kernel prints if all is well. Numbers that must be above 0 start with [1-9].
passes() {
  expect "$@" '^self-test done' \
    '^CPU 0: [1-9][0-9]* objects allocated, [1-9][0-9]* freed, of them [1-9][0-9]* of another CPU;' \
    '^CPU 1: [1-9][0-9]* objects allocated, [1-9][0-9]* freed, of them [1-9][0-9]* of another CPU;' \
    '^CPU 0: [1-9][0-9]* Swift objects made, [1-9][0-9]* let go, of them [1-9][0-9]* of another CPU' \
    '^CPU 1: [1-9][0-9]* Swift objects made, [1-9][0-9]* let go, of them [1-9][0-9]* of another CPU' \
    '^CPU 0: [1-9][0-9]* interrupts, [1-9][0-9]* objects allocated in them' \
    '^CPU 1: [1-9][0-9]* interrupts, [1-9][0-9]* objects allocated in them' \
    '^ +[0-9]+ +4096 +[0-9]+ +0$' '^frames taken ([1-9][0-9]*), given back \1;' '^PASS' || return 1
  ! grep -E 'FAIL|is not used' "$log"
}

# The guide's table "What a call costs" has a column for each machine: most / mean. Each of its rows must have been
# counted, and each count must be in the table. A limit of more than 1.3 times the count should be lowered.
within_limits() {
  awk -v machine="$1" '
    FNR == NR && !/^\|/ { table = 0 }
    FNR == NR && /^\| / {
      count = split($0, cell, / *\| */)
      for (i = 3; i < count && !table; i++) if (cell[i] == machine) column = i
      if (column && split(cell[column], limit, " / ") == 2) {
        gsub(/`/, "", cell[2])
        most[cell[2]] = limit[1] + 0
        mean[cell[2]] = limit[2] + 0
      }
      table = 1
    }
    FNR != NR && /^cost: / {
      name = $0
      sub(/^[^:]*:[^:]*: /, "", name)
      if (!(name in most)) { print "        not in the guide: " name; bad = 1; next }
      if ($2 > most[name] || $5 > mean[name]) {
        print "        over the limit of " most[name] " / " mean[name] ": " $0
        bad = 1
      }
      if ($2 * 1.3 < most[name]) print "=> " machine " is far below the limit of " most[name] ": " $0
      delete most[name]
      rows++
    }
    END {
      for (name in most) { print "        not counted: " name; bad = 1 }
      exit bad || !rows
    }' "$guide" "$dir/$1-cost.log" || {
    echo "  FAIL  $1: costs (make kernel-cost-limits writes new limits)"
    return 1
  }
}

# reserved_memory DIGIT: memory starts at 0xDIGIT0000000. Boots with a device tree in which some of it is reserved, in
# both ways.
reserved_memory() {
  log=$dir/$machine-reserved.log
  tree=$dir/$machine-reserved
  boot "$machine" 64M 300 "$log" '' -machine "dumpdtb=$tree.qemu.dtb"
  node="firmware@${1}2000000 { reg = <0 0x${1}2000000 0 0x100000>; no-map; };"
  dtc -q -I dtb -O dts "$tree.qemu.dtb" | sed -e "s|^/dts-v1/;|&\n/memreserve/ 0x${1}3000000 0x10000;|" \
    -e "\$ s|^};|reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges; $node }; };|" >"$tree.dts"
  dtc -q -I dts -O dtb -o "$tree.dtb" "$tree.dts"
  boot "$machine" 64M 300 "$log" '' -dtb "$tree.dtb"
  passes "$machine with reserved memory" "$log" $? $pass "^memory ${1}[0-9a-f]* to ${1}1ffffff\$" \
    "^memory ${1}2100000 to ${1}2ffffff\$" "^memory ${1}3010000 to ${1}3[0-9a-f]*\$" || bad=1
}

check_machine() {
  machine=$1
  case $machine in
    # The smallest memory with which QEMU starts a kernel on this machine.
    x86_64) pass=33 fail=7 small=4M ;; # isa-debug-exit: 2 * status + 1
    aarch64) pass=0 fail=3 small=2M ;;
    riscv64) pass=0 fail=3 small=4M ;;
  esac
  log=$dir/$machine.log
  boot "$machine" 64M 300 "$log" ''
  passes "$machine" "$log" $? $pass '^ +[0-9]+ +[1-9][0-9]{4,} +[0-9]+ +0$' || bad=1
  log=$dir/$machine-small.log
  boot "$machine" $small 300 "$log" ''
  passes "$machine with $small" "$log" $? $pass || bad=1

  # With -icount QEMU counts instructions, and the counts are the same in each run.
  log=$dir/$machine-cost.log
  boot "$machine" 16M 300 "$log" measure -icount shift=0
  expect "$machine: what calls cost" "$log" $? $pass '^PASS' || bad=1
  within_limits "$machine" || bad=1

  # On the library that checks its invariants, where that is linked.
  plain=$machine
  if [ -e "$dir/$plain-assert.elf" ]; then
    log=$dir/$plain-assert.log
    boot "$plain-assert" 64M 300 "$log" ''
    passes "$plain with assertions" "$log" $? $pass || bad=1
    machine=$plain
  fi

  case $machine in
    aarch64) reserved_memory 4 ;;
    riscv64) reserved_memory 8 ;;
  esac

  while read -r fault line; do
    log=$dir/$machine-$fault.log
    boot "$machine" 64M 300 "$log" "fault=$fault"
    expect "$machine fails: $fault" "$log" $? $fail "$line" || bad=1
  done <<END
double-free ^FAIL: .* a double free is reported
leak        ^FAIL: .* every page frame came back
corruption  ^FAIL: .* an object is as it was made
swift-early ^FAIL: misuse of the Swift heap: SLM_ERR_NOT_INITIALIZED
swift-double-free ^FAIL: misuse of the Swift heap: SLM_ERR_DOUBLE_FREE
exception   ^FAIL: exception
END
  # It takes all the time that it gets. On a busy machine it may not come so far in a short time.
  log=$dir/$machine-hang.log
  for seconds in 5 20 80; do
    status=0
    boot "$machine" 64M $seconds "$log" fault=hang || status=$?
    ! grep -q '^hanging' "$log" || break
  done
  expect "$machine fails: hang" "$log" $status 124 '^hanging' || bad=1
  return $bad
}

bad=0
for machine in "$@"; do
  check_machine "$machine" >"$dir/$machine.result" 2>&1 &
  jobs="${jobs:-} $!"
done
for job in $jobs; do wait "$job" || bad=1; done
for machine in "$@"; do cat "$dir/$machine.result"; done
exit $bad
