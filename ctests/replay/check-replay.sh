#!/bin/sh
# check-replay.sh BUILD_DIR: programs are recorded and replayed, failing traces are shrunk, bad ones refused.
set -eu
build=$(readlink -f "$1")
here=$(dirname "$(readlink -f "$0")")
tool=$build/replay/slabmalloc-replay
slab=$build/libslabmalloc-preload.so
support=$build/replay/support
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
ulimit -c 0
unset SLABMALLOC_TRACE LD_PRELOAD
checks=0

. "$here/../support/expect.sh"

# record FILE COMMAND...: runs it under the library, recorded.
record() {
  file=$1
  shift
  env LD_PRELOAD="$slab" SLABMALLOC_TRACE="$file" "$@"
}

# A number of a result in JSON.
number() { sed "s/.*\"$1\": \([0-9]*\).*/\1/" "$2"; }
lines() { grep -c -E "$1" "$2" || true; }

# ends STATUS PATTERN COMMAND...: it ends so, and says that on stderr.
ends() {
  expected=$1 pattern=$2
  shift 2
  status=0
  sh -c '"$@" >out 2>errors' - "$@" 2>/dev/null || status=$?
  same "status of $*" "$expected" "$status"
  checks=$((checks + 1))
  grep -q -E -e "$pattern" errors || fail "$* doesn't say '$pattern'" errors
}

# replay TRACE OPTION...: under glibc and under this malloc, in order and free; leaves the last result in result.json.
replay() {
  trace=$1
  shift
  for lib in '' "--lib $slab"; do
    for order in '' --free-running; do
      timeout 300 "$tool" run --json $lib $order "$@" "$trace" >result.json 2>errors ||
        fail "run $lib $order $* $trace" errors
      same "malloc of run $lib" "${lib:+$slab}" \
        "$(sed 's/.*"malloc": "\([^"]*\)".*/\1/; s,^.*/libc[.]so.*,,' result.json)"
      # What the recorder counted, the reader counts, and the threads did.
      same "operations and peak of $trace" "$("$tool" dump "$trace" | sed -n 's/^end //p')" \
        "$(number operations result.json) $(number peak_bytes result.json)"
      same "objects of $trace that were looked at" \
        "$(($(number allocations result.json) - $(number failed result.json)))" \
        "$(number checked result.json)"
      # Every byte was written: what was asked for is resident, and not much more.
      peak=$(number peak_bytes result.json) resident=$(number peak_resident result.json)
      [ "$resident" -eq 0 ] || [ "$order" != '' ] || [ $((resident + (1 << 20))) -ge "$peak" ] ||
        fail "$trace asks for $peak bytes, of which $resident are resident"
      [ "$resident" -le $((peak * 3 + (16 << 20))) ] || fail "$trace asks for $peak bytes, and $resident are resident"
    done
  done
}

# --- Programs are recorded ---
cat >threads.py <<'END'
import threading
def work(n):
    words = {}
    for i in range(4000):
        words.setdefault(str(i * n % 700), []).append("x" * (i % 300))
        if i % 3 == 0: words.pop(str(i % 500), None)
    results[n] = sum(len(w) for l in words.values() for w in l)
results = {}
threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 5)]
for t in threads: t.start()
for t in threads: t.join()
print(sorted(results.items()))
END
PYTHONMALLOC=malloc python3 threads.py >plain
PYTHONMALLOC=malloc record python.trace python3 threads.py >traced 2>errors
same 'what python3 prints while it is recorded' "$(cat plain)" "$(cat traced errors)"
"$tool" dump python.trace >python.text
[ "$(lines '^t[1-4] (start|stop)$' python.text)" = 8 ] || fail 'not four threads of python3 in the trace' python.text
[ "$(wc -l <python.text)" -gt 20000 ] || fail 'only a few operations of python3 in the trace' python.text
"$tool" from-text python.text again.trace
same 'the trace of python3, made again of its text' '' "$(cmp python.trace again.trace 2>&1)"
replay python.trace

cat >words.pl <<'END'
my %count;
for my $i (1 .. 20000) { $count{"word" . $i * 7919 % 3000} .= $i; delete $count{"word" . $i % 100}; }
print length(join '', map { "$_=$count{$_}" } sort keys %count), "\n";
END
perl words.pl >plain
record perl.trace perl words.pl >traced 2>errors
same 'what perl prints while it is recorded' "$(cat plain)" "$(cat traced errors)"
replay perl.trace
echo "=> python3 and perl are recorded, and replayed under two mallocs:" \
  "$(number operations result.json) operations of perl," \
  "$(wc -l <python.text) records of python3 in $(wc -c <python.trace) bytes"

# --- Threads and a fork ---
same 'a program with threads and a fork' worked "$(record threads.trace "$support/record_threads" 2>&1)"
"$tool" dump threads.trace >threads.text
same 'mallocs of the first thread' 100 "$(lines '^t0 #[0-9]+ = malloc 5000$' threads.text)"
for t in 1 2 3; do
  same "callocs of thread $t" 50 "$(lines "^t$t #[0-9]+ = calloc 5100\$" threads.text)"
  same "start and end of thread $t" "t$t start t$t stop" "$(grep -E "^t$t (start|stop)\$" threads.text | xargs)"
done
same 'threads' 4 "$(lines ' start$' threads.text)"
same 'frees by the threads' 100 \
  "$(awk '/malloc 5000$/ { is[$2] = 1 } /^t[123] free/ && $3 in is { n++ } END { print n + 0 }' threads.text)"
same 'aligned allocations after the fork' 10 "$(lines '^t0 #[0-9]+ = aligned 512 5200$' threads.text)"
same 'reallocations after the fork' 20 "$(lines '^t0 #[0-9]+ = realloc #[0-9]+ 5300$' threads.text)"
same 'calls of the child' 0 "$(lines 5400 threads.text)"
same 'its end' 1 "$(lines '^end ' threads.text)"
replay threads.trace
same 'left at the end' "$("$tool" dump threads.trace | awk '/ = / { n++ } / free |realloc/ { n-- } END { print n }')" \
  "$(number live_objects result.json)"

# Handlers of fork that run before the trace is closed in the child: what they allocate there is not the parent's.
same 'a program with a handler that comes first' worked "$(
  LD_PRELOAD="$slab:$build/preload/suites/early-first.so" SLABMALLOC_TRACE=early.trace "$support/record_threads" 2>&1)"
"$tool" dump early.trace >early.text
same 'mallocs of the handlers, before the fork and in the parent' 2 "$(lines '^t0 #[0-9]+ = malloc 851$' early.text)"
replay early.trace

# A signal handler that forks, in the middle of malloc and of its record.
SLABMALLOC_TRACE=interrupted.trace "$build/tests/test_malloc_fork_interrupted" >out 2>&1 ||
  fail 'a handler that forks while a call is recorded' out
same 'large objects of this process alone' 20 "$("$tool" dump interrupted.trace | grep -c ' = malloc 262144$')"
same 'its end' 1 "$("$tool" dump interrupted.trace | grep -c '^end ')"

# A program that it starts meanwhile is another process, with a file of its own or none.
record 'perl.%p.trace' perl -e 'system("perl", "-e", "exit 0") for 1 .. 2'
same 'files of perl and the two that it starts' 3 "$(ls perl.[0-9]*.trace | wc -l)"
for file in perl.[0-9]*.trace; do "$tool" dump "$file" | grep -q '^end' || fail "$file has no end"; done
# Nor does it matter how a process ends: shells call _exit(), and others are killed.
record parent.trace sh -c 'dd if=/dev/zero bs=70000 count=1 2>/dev/null | wc -c; true' >out
same 'dd by a recorded shell' 70000 "$(cat out)"
same 'buffers of dd in the trace of the shell' 0 "$("$tool" dump parent.trace | lines '7[0-9]{4}$' /dev/stdin)"

record killed.trace python3 -c 'import os, signal; x = bytearray(77777); os.kill(os.getpid(), signal.SIGKILL)' \
  2>/dev/null && fail 'not killed'
for file in parent killed; do
  "$tool" run --json --lib "$slab" $file.trace >result.json
  same "an end of $file.trace" false "$(sed 's/.*"complete": \([a-z]*\).*/\1/' result.json)"
done
same 'the last object before a kill' 1 "$("$tool" dump killed.trace | tail -n 20 | lines '7777[0-9]$' /dev/stdin)"

# What can't be written on ends the trace and nothing else.
(trap '' XFSZ && ulimit -f 1000 && PYTHONMALLOC=malloc record short.trace python3 threads.py >traced 2>errors) \
  2>/dev/null
PYTHONMALLOC=malloc python3 threads.py >plain
same 'what python3 prints when its trace is full' "$(cat plain)" "$(cat traced)"
same 'what is told of that' "slabmalloc: the trace ends here: its file can't be written" "$(cat errors)"
"$tool" run --json short.trace >result.json
same 'the trace that was full is without an end' false "$(sed 's/.*"complete": \([a-z]*\).*/\1/' result.json)"

# --- The order ---
awk -v seed=7 -v count=3000 -v threads=4 -f "$here/support/noise.awk" </dev/null >noise.text
"$tool" from-text noise.text noise.trace
replay noise.trace
"$tool" run --verify --lib "$slab" noise.trace >/dev/null
"$tool" run --one-thread noise.trace >/dev/null
# The replay, recorded, has the same sizes in the same order in as many threads.
"$tool" dump noise.trace | awk '$NF >= 8000 && $NF < 11000' >expected
env SLABMALLOC_TRACE=second.trace "$tool" run --lib "$slab" noise.trace >out
"$tool" dump second.trace | awk '$NF >= 8000 && $NF < 11000' >actual
same 'a recorded replay' "$(awk '{ print $4, $NF }' expected | sed 's/#[0-9]*//' | cksum)" \
  "$(awk '{ print $4, $NF }' actual | sed 's/#[0-9]*//' | cksum)"
same 'which of its allocations are by one thread' \
  "$(awk '!($1 in n) { n[$1] = ++count } { print n[$1] }' expected | cksum)" \
  "$(awk '!($1 in n) { n[$1] = ++count } { print n[$1] }' actual | cksum)"
# Threads that run at the same time are recorded in an order that can be.
awk -v seed=8 -v count=40000 -v threads=4 -f "$here/support/noise.awk" </dev/null | "$tool" from-text - busy.trace
for n in 1 2 3; do
  env SLABMALLOC_TRACE=second.trace "$tool" run --free-running --lib "$slab" busy.trace >out
  "$tool" run --json --no-content --lib "$slab" second.trace >result.json || fail "a recorded replay of busy threads"
  [ "$(number operations result.json)" -ge "$("$tool" dump busy.trace | sed -n 's/^end \([0-9]*\) .*/\1/p')" ] ||
    fail 'operations of busy threads are missing'
  same 'an end of busy threads' true "$(sed 's/.*"complete": \([a-z]*\).*/\1/' result.json)"
done
echo "=> $(wc -l <noise.text) events of 4 threads are replayed in their order"

# --- Zones ---
cat >zone.text <<'END'
#1 = malloc 100      // becomes too large for a zone, and small again
#2 = realloc #1 1000000
#3 = realloc #2 50
#4 = calloc 300000
#5 = aligned 1024 100
free #4
free #3
END
sed 's/^/t0 /' zone.text | "$tool" from-text - zone.trace
"$tool" run --json --zone zone.trace >result.json
same 'allocations too large for a zone' 2 "$(number fallbacks result.json)"
same 'contents in a zone' 5 "$(number checked result.json)"
"$tool" run --json --zone python.trace >result.json
same 'operations in a zone' "$("$tool" dump python.trace | sed -n 's/^end \([0-9]*\) .*/\1/p')" \
  "$(number operations result.json)"
printf 't0 #1 = malloc 40\nt0 free #1\nt0 free #1\n' | "$tool" from-text - double.trace
ends 1 'event 4, t0 free #1: SLM_ERR_DOUBLE_FREE$' "$tool" run --zone double.trace

# --- Failing traces are recorded and shrunk ---
ends 134 '^slabmalloc: double free of 0x' env LD_PRELOAD="$slab" SLABMALLOC_TRACE=misuse.trace "$support/record_misuse"
"$tool" dump misuse.trace >misuse.text
same 'the last record' 'misuse 10' "$(tail -n 1 misuse.text | awk '{ print $2, $3 }')"
same 'the free before it' "$(tail -n 1 misuse.text | awk '{ print $4 }')" \
  "$(tail -n 2 misuse.text | awk 'NR == 1 { print $3 }')"
ends 134 '^slabmalloc: double free of 0x' "$tool" run --lib "$slab" misuse.trace
"$tool" shrink --lib "$slab" misuse.trace least.trace >shrunk
same 'the least that frees twice' 't0 start|t0 #1 = malloc 1|t0 free #1|t0 free #1|end 3 1|' \
  "$("$tool" dump least.trace | tr '\n' '|')"
ends 134 '^slabmalloc: double free of 0x' "$tool" run --lib "$slab" least.trace
sed 's/^/=> a double free: /' shrunk
ends 134 'points into an object' env LD_PRELOAD="$slab" SLABMALLOC_TRACE=inner.trace "$support/record_misuse" inner
same 'the last record' 'misuse 9' "$("$tool" dump inner.trace | tail -n 1 | awk '{ print $2, $3 }')"
"$tool" shrink --lib "$slab" inner.trace least.trace >/dev/null
same 'the least with an inner pointer' 't0 start|t0 #1 = malloc 1|t0 free #1+8|end 2 1|' \
  "$("$tool" dump least.trace | tr '\n' '|')"

# A hardened heap reports other things too, and has no reciprocals.
export SLABMALLOC_PROFILE=hardened
ends 134 'points into an object' env LD_PRELOAD="$slab" SLABMALLOC_TRACE=inner.trace "$support/record_misuse" inner
same 'the last record, hardened' 'misuse 9 +8' \
  "$("$tool" dump inner.trace | tail -n 1 | awk '{ sub("#[0-9]*", "", $4); print $2, $3, $4 }')"
"$tool" shrink --lib "$slab" inner.trace least.trace >/dev/null
same 'the least with an inner pointer, hardened' 't0 start|t0 #1 = malloc 1|t0 free #1+8|end 2 1|' \
  "$("$tool" dump least.trace | tr '\n' '|')"
"$tool" run --lib "$slab" noise.trace >/dev/null
unset SLABMALLOC_PROFILE

# A double free between threads, in noise.
awk -v seed=3 -v count=600 -v threads=3 -v plant='t1 #1 = calloc 99;t2 free #1;t0 free #1' \
  -f "$here/support/noise.awk" </dev/null |
  "$tool" from-text - planted.trace
"$tool" shrink --lib "$slab" planted.trace least.trace >/dev/null
same 'the least of three threads' 3 "$("$tool" dump least.trace | sed -n 's/^end \([0-9]*\) .*/\1/p')"
same 'its threads' 1 "$("$tool" dump least.trace | lines ' start$' /dev/stdin)"

# A malloc whose objects overlap.
awk -v seed=5 -v count=400 -v threads=2 \
  -v plant='t0 #1 = calloc 790;t1 #2 = malloc 33;t1 #3 = realloc #2 760;t0 free #1' \
  -f "$here/support/noise.awk" </dev/null | "$tool" from-text - overlap.trace
ends 1 'replay: .*: byte 64 of #[0-9]+ .* is 0x[0-9a-f]+ and not 0x' "$tool" run --lib "$support/faulty.so" \
  overlap.trace
"$tool" run --lib "$slab" overlap.trace >/dev/null
for n in 1 2; do "$tool" shrink --lib "$support/faulty.so" overlap.trace least$n.trace >shrunk; done
same 'the least that overlaps' 't0 start|t0 #1 = malloc 700|t0 #2 = malloc 700|end 2 1400|' \
  "$("$tool" dump least1.trace | tr '\n' '|')"
same 'shrinking again' '' "$(cmp least1.trace least2.trace 2>&1)"
ends 1 'event 3, t0 #2 = malloc 700: byte 64 of #1 ' "$tool" run --verify --lib "$support/faulty.so" least1.trace
sed 's/^/=> an overlap: /' shrunk

# Any command may say what a failure is.
cat >no-calloc.sh <<'END'
"$1" dump "$2" | awk '$4 == "calloc" && $5 >= 8500 { exit 7 }'
END
"$tool" shrink noise.trace least.trace -- sh no-calloc.sh "$tool" {} >/dev/null
same 'the least with a calloc' 't[0-3] #1 = calloc 8500' "$("$tool" dump least.trace | sed -n 's/^t[0-3] #/t[0-3] #/p')"
ends 2 "the command doesn't fail with this trace" "$tool" shrink noise.trace least.trace -- true
ends 2 "the command can't be run" "$tool" shrink noise.trace least.trace -- ./no-such-command
ends 2 "doesn't fail" "$tool" shrink --lib "$slab" zone.trace least.trace
ends 2 "the command can't be run" "$tool" shrink --lib none.so zone.trace least.trace

# --- What is no trace ---
# bytes OCTAL...: a trace of these records.
bytes() { { printf 'slmtrace\001' && printf "$1"; } >bad.trace; }
refused() { ends 2 "^slabmalloc-replay: bad.trace: $1" "$tool" run bad.trace; }
head -c $(($(wc -c <threads.trace) - 1)) threads.trace >bad.trace && refused 'ends in the middle of the record at byte'
: >bad.trace && refused 'is no trace$'
printf 'slmtracf\001\001\000' >bad.trace && refused 'is no trace$'
printf 'slmtrace\002\001\000' >bad.trace && refused 'is of version 2, and only 1 is known'
bytes '\001\000\015' && refused 'byte 11: unknown record 13'
bytes "\\001\\000\\000$(printf '\\001%.0s' $(seq 40))" && refused 'byte 43: something follows where there is nothing'
bytes '\001\000\004\010\000\077\077\000' &&
  same 'events before an unfinished one' 't0 start|t0 #1 = malloc 8|' "$("$tool" dump bad.trace | tr '\n' '|')"
bytes '\004\010' && refused 'byte 9: a record before the first thread has started'
bytes '\001\000\002\001' && refused 'byte 11: thread 1 has not started'
bytes '\001\000\001\000' && refused 'byte 11: thread 0 starts twice'
bytes '\001\377\377\377\377\017' && refused 'byte 9: thread 4294967295'
bytes '\001\000\004\010\010\004' && refused 'byte 13: an object before the first one: 2 of 1'
bytes '\001\000\004\377\377\377\377\377\377\377\377\377\002' && refused 'byte 11: a number above 64 bits'
bytes '\001\000\006\100\010' && refused 'byte 11: an alignment above 64 bits'
bytes '\001\000\011' && refused 'byte 11: a failure after no allocation'
bytes '\001\000\012\012\002' && refused 'byte 11: a misuse after no operation'
bytes '\001\000\004\010\014\001\010\004' && refused 'byte 16: something follows the end'
bytes '\001\000\004\010\014\002\010' && refused 'has 1 operations and a peak of 8 bytes, but its end says 2 and 8'
bytes '\001\000\004\010\014\001\011' && refused 'has 1 operations and a peak of 8 bytes, but its end says 1 and 9'
bytes '\001\000\004\010\010' && refused 'ends in the middle of the record at byte 13'
ends 2 'none.trace: No such file' "$tool" dump none.trace
ends 2 'no/none.so: No such file' "$tool" run --lib no/none.so zone.trace
ends 2 "zone.text: can't be preloaded" "$tool" run --lib zone.text zone.trace
ends 2 "none.so: can't be preloaded" "$tool" run --lib none.so zone.trace
env LD_LIBRARY_PATH="$build" "$tool" run --json --lib libslabmalloc-preload.so zone.trace >result.json
same 'malloc of a library that is looked for' "$slab" "$(sed 's/.*"malloc": "\([^"]*\)".*/\1/' result.json)"
ends 2 '^slabmalloc-replay run ' "$tool" run
# refused_text TEXT WHY
refused_text() {
  printf '%s\n' "$1" >bad.text
  ends 2 "^slabmalloc-replay: bad.text: line $2" "$tool" from-text bad.text bad.trace
}
refused_text 't0 free #1' '1: this object is not made before'
refused_text 't0 #1 = malloc' '1: a number is missing'
refused_text 't0 #1 = mallok 1' '1: unknown event'
refused_text 't0 malloc 1' '1: an allocation makes an object'
refused_text 't0 #1 = aligned 3 1' '1: an alignment is a power of two'
refused_text 't0 #1 = malloc 1 2' '1: something follows the event'
refused_text 'free #1' '1: no thread at its start'
refused_text "t0 #1 = malloc 1
t1 #1 = malloc 1" '2: an object of this number is made already'
refused_text "end
t0 start" '2: something follows the end'
echo "=> $checks checks of traces"
