#!/bin/sh
# check-map.sh BUILD_DIR: pages of `slabmalloc map` have the heap at several moments, pictures and events of traces have
# what the traces have, and each error is clear. `make check-browser` looks at them in a browser.
set -eu
build=$(readlink -f "$1")
here=$(dirname "$(readlink -f "$0")")
. "$here/targets.sh"
enter_scratch

page() { # HTML COUNT [RUNS]
  /usr/bin/python3 "$here/check_page.py" "$@" >page.out 2>&1 || fail "the page $1" page.out
  checks=$((checks + 1))
}
# The text of a trace is that of another reader, which takes it apart for itself.
timeline() { # TRACE
  "$tool" map -o timeline.svg "$1" || fail "the picture of $1"
  "$tool" replay dump "$1" >dump.text
  /usr/bin/python3 "$here/check_timeline.py" timeline.svg dump.text >timeline.out 2>&1 ||
    fail "the picture of $1" timeline.out
  "$tool" export -o events.json "$1" || fail "the events of $1"
  /usr/bin/python3 "$here/check_events.py" events.json dump.text >events.out 2>&1 || fail "the events of $1" events.out
  "$tool" export --counters -o counters.json "$1"
  same "the counters of $1" "$(jq -c '.traceEvents[] | select(.ph == "C")' events.json)" \
    "$(jq -c '.traceEvents[]' counters.json)"
  checks=$((checks + 2))
}

# --- Pages -------------------------------------------------------------------------------------------
for profile in checked hardened; do
  start env SLABMALLOC_PROFILE=$profile LD_PRELOAD="$preload" "$build/tool/target-preload"
  "$tool" heap --json "$pid" >heap.json
  "$tool" map -o heap.html "$pid"
  page heap.html 1 heap.json
  "$tool" map -o heap.html --every 20ms --frames 5 "$pid"
  page heap.html 5 heap.json
  gcore -o core "$pid" >gcore.out 2>&1 || fail 'gcore writes no core file' gcore.out
  mv "core.$pid" core
  "$tool" map -o heap.html core
  page heap.html 1 heap.json
  stop
done
# A name of a program is text, and no part of the page.
cp "$build/tool/target-preload" '<b>&'
start env LD_PRELOAD="$preload" './<b>&'
"$tool" map -o heap.html "$pid"
page heap.html 1
grep -q '<title>&lt;b&gt;&amp; \[' heap.html || fail 'the title is no text'
stop
# One that is busy has a frame less for each reading that fails.
start env LD_PRELOAD="$preload" "$build/tool/target-preload" busy
"$tool" map -o busy.html --every 10ms --frames 30 "$pid"
frames=$(grep -c '^{"ms":' busy.html)
[ "$frames" -gt 1 ] && [ "$frames" -le 30 ] || fail "a busy program has $frames frames"
page busy.html "$frames"
# It ends meanwhile: what there is by then is written, and said.
"$tool" map -o ended.html --every 50ms --frames 1000 "$pid" 2>errors 9>&- &
map=$!
waits=0
until grep -q '^State:.*S' "/proc/$map/status" || [ $waits -ge 600 ]; do waits=$((waits + 1)); sleep 0.05; done
gone=$pid
stop
status=0
wait $map || status=$?
same 'the status of map when its process ends' 3 $status
grep -q "process $gone has ended: ended.html has [0-9]* of 1000 pictures" errors || fail 'map does not say so' errors
page ended.html "$(sed -n 's/.* has \([0-9]*\) of 1000.*/\1/p' errors)"

# --- Traces ------------------------------------------------------------------------------------------
"$tool" run --record perl.trace -- perl -e 'my %h; $h{$_} = "x" x ($_ % 300) for 1 .. 3000; undef %h; my @a = 1 .. 9999'
timeline perl.trace
"$tool" run --record threads.trace -- "$build/tool/target-preload" busy </dev/null >out
timeline threads.trace
# All kinds of records: failures, misuses, objects above 4 GiB, a reallocation that failed.
cat >all.text <<'END_OF_TRACE'
t0 start
t0 #1 = malloc 100000
t0 #2 = calloc 5000000000
t0 failed = malloc 1099511627776
t0 #3 = aligned 4096 8192
t0 #4 = realloc #1 300000
t0 failed = realloc #4 1099511627776
t1 start
t1 free #2
t1 free #3+8
t1 misuse 9 #3+8
t1 free #2
t1 misuse 8 #2
t1 free foreign+4096
t1 misuse 10 foreign+4096
t1 #5 = malloc 0
t1 #6 = realloc #4 10
t1 stop
t0 free #3
t0 free #5
t0 free #6
END_OF_TRACE
"$tool" replay from-text all.text all.trace || fail 'a trace cannot be made'
timeline all.trace
same "its heading" 1 "$(grep -c "all.trace: 15 operations, peak 5000308192 bytes after 5<" timeline.svg)"
# A program that was killed: zeros follow the last record.
{ cat all.trace; head -c 4096 /dev/zero; } >killed.trace
cp timeline.svg whole.svg
"$tool" map -o timeline.svg killed.trace
same 'the picture of a killed program' "$(sed 's/all.trace/killed.trace/' whole.svg)" "$(cat timeline.svg)"

# --- Errors ------------------------------------------------------------------------------------------
ends 2 '--frames takes --every too' "$tool" map -o x.html --frames 3 core
ends 2 'several pictures are a page: -o FILE.html' "$tool" map -o x.svg --every 1s 1
ends 2 'a number from 1 to 1000' "$tool" map -o x.html --every 1s --frames 1001 1
for text in 0 -1 1h s 1.5s 90000s 99999999999999999999 ''; do
  ends 2 'takes a time such as 2s or 500ms' "$tool" map -o x.html --every "$text" 1
done
ends 2 'a core file does not change' "$tool" map -o x.html --every 1s core
ends 2 'a trace is drawn as a picture' "$tool" map -o x.html perl.trace
head -c 9 perl.trace >empty.trace
ends 1 'empty.trace has no operation' "$tool" map -o x.svg empty.trace
head -c 8 perl.trace >short.trace
ends 3 'short.trace is no trace' "$tool" map -o x.svg short.trace
printf 'slmtrace\002' >other.trace
ends 3 'a trace of another version of slabmalloc: 2' "$tool" map -o x.svg other.trace
broken() { # BYTES PATTERN: the first record is another one
  { printf 'slmtrace\001\001\000'; printf "$1"; } >broken.trace
  ends 3 "broken.trace is damaged: the record at byte 11: $2" "$tool" map -o x.svg broken.trace
}
broken '\004' 'the file ends in it'
broken '\015' 'there is no record of kind 13'
broken '\010\002' 'an object before the first one'
broken '\011' 'a failure after no allocation'
broken '\004\377\377\377\377\377\377\377\377\377\002' 'a number above 64 bits'
broken '\014\000\000\000' 'something follows the end'
ends 2 '-o FILE' "$tool" export perl.trace
ends 2 'it takes a trace' "$tool" export -o x.json
ends 3 'core is no trace' "$tool" export -o x.json core
ends 3 'No such file' "$tool" export -o x.json no-such.trace
ends 3 'no file that can be mapped' "$tool" export -o x.json /dev/null
ends 3 'broken.trace is damaged' "$tool" export -o x.json broken.trace
ends 3 '/dev/full cannot be written' "$tool" export -o /dev/full perl.trace
same 'what errors leave' '' "$(ls | grep '^x\|part$' || true)"
echo "=> $checks checks of pages, timelines and events"
