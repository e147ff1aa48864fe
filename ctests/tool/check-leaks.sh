#!/bin/sh
# check-leaks.sh BUILD_DIR: `slabmalloc leaks` finds what programs have lost and nothing else, lets them go on, and ends
# with a clear error where it cannot look.
set -eu
build=$(readlink -f "$1")
here=$(dirname "$(readlink -f "$0")")
. "$here/targets.sh"
enter_scratch

planted() { sed -n 's/^ready //p' said; }
# found, and wrong: objects of the sizes that are lost on purpose, and all others.
of_planted='.large or .slot_bytes >= 777 and .slot_bytes < 1024'
found() { jq "[.groups[] | select($of_planted) | .objects] | add // 0" leaks.json; }
wrong() { jq "[.groups[] | select(($of_planted) | not) | .objects] | add // 0" leaks.json; }
state() { awk '/^State:/ { print $2 }' "/proc/$1/status"; }

# exact WHAT: all that is planted is found, and nothing else. Each sum is that of the groups.
exact() {
  same "what is lost: $1" "$(($(planted) - ${missed:-0}))" "$(found)"
  same "what is not lost: $1" "${more:-0}" "$(wrong)"
  same "the sums: $1" "$(jq -c '[.lost_objects, .lost_bytes, .direct_objects]' leaks.json)" \
    "$(jq -c '.groups | [map(.objects), map(.bytes), map(.direct)] | map(add // 0)' leaks.json)"
}

# --- Programs ----------------------------------------------------------------------------------------
for profile in checked hardened; do
  for program in "$here"/leaks/*.c; do
    name=$(basename "$program" .c)
    # No scan sees a pointer that is not stored as one, and each takes a number for the address that it is.
    missed=0 more=0
    [ "$name" != hidden ] || more=9
    [ "$name" != numbers ] || missed=5
    start env SLABMALLOC_PROFILE=$profile LD_PRELOAD="$preload" "$build/tool/leaks/$name"
    "$tool" leaks --json "$pid" >leaks.json || fail "leaks of $name"
    exact "$name, $profile"
    same "threads of $name that do not run" '' "$(cat "/proc/$pid/task"/*/status | awk '/^State:\t[tT]/')"
    # The core says the same. What the kernel keeps is not in it.
    if [ "$profile" = checked ] && [ "$name" != kernel ]; then
      jq -c .groups leaks.json >running.json
      gcore -o core "$pid" >gcore.out 2>&1 || fail 'gcore writes no core file' gcore.out
      "$tool" leaks --json "core.$pid" >leaks.json || fail "leaks of a core of $name"
      exact "$name in a core file"
      same "the groups of $name in a core file" "$(cat running.json)" "$(jq -c .groups leaks.json)"
      [ "$name" = stacks ] && mv "core.$pid" core || rm "core.$pid"
    fi
    stop
  done
done
missed=0 more=0

start env LD_PRELOAD="$preload" "$build/tool/leaks/list"
"$tool" leaks --json "$pid" >leaks.json
same 'the head of a list' 1 "$(jq .direct_objects leaks.json)"
same 'what follows it' 9 "$(jq '.groups[] | select(.content == "pointer to an object").objects' leaks.json)"
stop
start env LD_PRELOAD="$preload" "$build/tool/leaks/interior"
"$tool" leaks --json --starts "$pid" >leaks.json
same 'objects that only their insides are pointed to' 10 "$(wrong)"
stop

# What is in an object is shown on request alone.
start env LD_PRELOAD="$preload" "$build/tool/leaks/plain"
for json in '' --json; do
  "$tool" leaks $json "$pid" >shown
  ! grep -q xxxx shown || fail 'the content of an object is shown' shown
  "$tool" leaks $json --content "$pid" >shown
  grep -q xxxxxxxxxxxxxxxx shown || fail 'the content of an object is not shown' shown
  checks=$((checks + 2))
done
"$tool" leaks "$pid" >shown
grep -q '^plain \[[0-9]*\]: 10 of [0-9]* objects are lost, 8960 of' shown || fail 'the heading' shown
grep -q '^the process stood still for [0-9]*\.[0-9]* ms, in 2 stops$' shown || fail 'the time' shown
example=$("$tool" leaks --json "$pid" | jq -r '.groups[0].examples[0]')
same 'an example' live "$("$tool" where --json "$pid" "$example" | jq -r .state)"
"$tool" leaks --exit-code 23 "$pid" >shown && fail 'lost objects give status 0'
same 'the status with lost objects' 23 $?
# A process that was stopped before stays so.
kill -STOP "$pid"
until [ "$(state "$pid")" = T ]; do sleep 0.01; done
"$tool" leaks --json "$pid" >leaks.json
exact 'a stopped process'
same 'the state of a stopped process' T "$(state "$pid")"
kill -CONT "$pid"
# So does one that nobody has a debugger at, and one that has one is refused.
gdb -q -batch -p "$pid" -ex "shell '$tool' leaks $pid >shown 2>errors; echo \$? >status" >gdb.out 2>&1
same 'the status beside a debugger' 3 "$(cat status)"
grep -q "process $pid cannot be stopped: Operation not permitted: process [0-9]* traces it" errors ||
  fail 'a debugger is not named' errors
stop

# Nothing is lost.
start env LD_PRELOAD="$preload" "$build/tool/target-preload"
"$tool" leaks --exit-code 23 "$pid" >shown
grep -q ' 0 of 200[0-9]* objects are lost, 0 of' shown || fail 'objects are lost that are not' shown
"$tool" leaks --json "$pid" >leaks.json
same 'nothing lost' '0 []' "$(jq -r '"\(.lost_objects) \(.groups)"' leaks.json)"
stop
# Heaps: what is in one that something points to is no leak.
start "$build/tool/heaps"
"$tool" leaks --json "$pid" >leaks.json
exact heaps
stop
for kind in shared static object; do
  start "$build/tool/target-$kind"
  "$tool" leaks --json "$pid" >leaks.json
  same "objects that target-$kind has lost" 0 "$(jq .lost_objects leaks.json)"
  stop
done
# The recorder of traces has the addresses of all objects, and does not hide a leak.
start env LD_PRELOAD="$preload" SLABMALLOC_TRACE=leaks.trace "$build/tool/leaks/tree"
"$tool" leaks --json "$pid" >leaks.json
exact 'a program with a trace'
stop

# --- A process that is busy --------------------------------------------------------------------------
for profile in checked hardened; do
  start env SLABMALLOC_PROFILE=$profile LD_PRELOAD="$preload" "$build/tool/target-preload" busy
  for _ in $(seq 25); do "$tool" leaks --json "$pid"; done >leaks.json || fail 'leaks of a busy program'
  same "what a busy program loses, $profile" 0 "$(jq .lost_objects leaks.json | awk '{ sum += $1 } END { print sum }')"
  stop
done
# No signal gets lost, and each is delivered once.
start env LD_PRELOAD="$preload" "$build/tool/signals"
# Many come, so that some arrive just when a thread is stopped.
/usr/bin/python3 - "$tool" "$pid" >sent <<'END_OF_PYTHON'
import os, signal, subprocess, sys
sent = 0
for _ in range(50):
    with subprocess.Popen([sys.argv[1], "leaks", sys.argv[2]], stdout=subprocess.DEVNULL) as tool:
        # Fewer than the system keeps: others would be merged.
        for _ in range(1000):
            if tool.poll() is not None:
                break
            os.kill(int(sys.argv[2]), signal.SIGRTMIN)
            sent += 1
        tool.wait()
    assert tool.returncode == 0
print("signals", sent)
END_OF_PYTHON
stop
same 'the signals that have come' "$(cat sent)" "$(tail -n 1 said)"

# --- The tool ends -----------------------------------------------------------------------------------
# However it does, the process goes on. It is caught while the process stands still, sooner or later.
start env LD_PRELOAD="$preload" "$build/tool/target-preload"
for signal in INT TERM KILL; do
  caught=
  for _ in $(seq 500); do
    # Background jobs of a shell ignore INT.
    /usr/bin/python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$tool" leaks "$pid" >shown 2>errors &
    looking=$!
    while kill -0 $looking 2>/dev/null; do
      [ "$(state "$pid")" != t ] || { kill -$signal $looking 2>/dev/null && caught=yes; break; }
    done
    status=0
    { wait $looking; } 2>/dev/null || status=$?
    [ -z "$caught" ] || [ $status -lt 128 ] || break
    caught=
  done
  [ -n "$caught" ] || fail "the tool is not caught by $signal"
  waits=0
  until [ "$(state "$pid")" = S ]; do
    waits=$((waits + 1))
    [ $waits -lt 600 ] || fail "the process stands still after $signal"
    sleep 0.1
  done
  checks=$((checks + 1))
done
stop

# --- Errors ------------------------------------------------------------------------------------------
ends 3 'no process 4194305' "$tool" leaks 4194305
ends 2 'it takes a process or a core file' "$tool" leaks
ends 2 '--exit-code takes a number from 1 to 255' "$tool" leaks --exit-code 0 core
ends 2 '--exit-code takes a number from 1 to 255' "$tool" leaks --exit-code 256 core
ends 1 'no slabmalloc in' "$tool" leaks $$
"$tool" leaks core >shown
ends 3 'cannot be written: No space' sh -c '"$1" leaks core >/dev/full' - "$tool"
# A process that ends meanwhile: between the look for its heaps and the stop, or in it.
start env LD_PRELOAD="$preload" "$build/tool/target-preload"
gone=$pid
while "$tool" leaks "$gone" >shown 2>errors; do
  [ -z "$pid" ] || { exec 9>&-; wait "$pid" || true; pid=; }
done
grep -q "process $gone\( has ended\|$\)" errors || fail 'an end is not told' errors
for _ in $(seq 20); do
  start env LD_PRELOAD="$preload" "$build/tool/target-preload"
  "$tool" leaks "$pid" >shown 2>errors &
  looking=$!
  until [ "$(state "$pid")" = t ] || ! kill -0 $looking 2>/dev/null; do :; done
  kill -KILL "$pid"
  status=0
  { wait $looking; } 2>/dev/null || status=$?
  # It had looked already, or it says so.
  [ $status = 0 ] || { same 'the status when the process is killed' 3 $status; break; }
  stop
done
[ $status = 3 ] || fail 'no process was killed while it was looked at'
grep -q "process $pid has ended" errors || fail 'a killed process is not told' errors
stop
# Another user's. Only root can become one.
if [ "$(id -u)" = 0 ]; then
  start env LD_PRELOAD="$preload" "$build/tool/target-preload"
  ends 3 "process $pid cannot be read: Permission denied: it is user 0's" setpriv --reuid=65534 --regid=65534 \
    --clear-groups --inh-caps=-all "$tool" leaks "$pid"
  stop
  # Where the system forbids it, as Yama does. Its file is made up here: no system has it and another user for a test.
  nobody='setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all'
  start $nobody env LD_PRELOAD="$preload" "$build/tool/signals" hidden
  ends 3 "process $pid cannot be read: Permission denied$" $nobody "$tool" leaks "$pid"
  if unshare -m mount -t tmpfs none /proc/sys/kernel 2>/dev/null; then
    ends 3 "process $pid cannot be read: Permission denied: /proc/sys/kernel/yama/ptrace_scope is 1$" \
      unshare -m sh -c 'mount -t tmpfs none /proc/sys/kernel && mkdir /proc/sys/kernel/yama &&
        echo 1 >/proc/sys/kernel/yama/ptrace_scope && exec "$@"' - $nobody "$tool" leaks "$pid"
  fi
  stop
fi
# A core that is cut off, and one without registers.
/usr/bin/python3 "$here/damage_core.py" core damaged registers
ends 3 'the registers of its threads are missing' "$tool" leaks damaged
/usr/bin/python3 "$here/damage_core.py" core damaged cut-2
ends 3 'the file is cut off' "$tool" leaks damaged
echo "=> $checks checks of leaks"
