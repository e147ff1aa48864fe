#!/bin/sh
# check-tool.sh BUILD_DIR: looks by build/tool/slabmalloc at programs on each of the libraries, and takes each error.
set -eu
build=$(readlink -f "$1")
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/../..")
. "$here/targets.sh"
enter_scratch

schema() {
  /usr/bin/python3 "$root/ctests/statistics/check_schema.py" "$root/Sources/Packaging/statistics.schema.json" "$@"
}
address() { sed -n "s/^$1 //p" said; }
state() { "$tool" where --json "$1" "$(address "$2")" 2>/dev/null | jq -r .state; }

# look SOURCE: what is known of a target that is ready, in a process or in its core file.
look() {
  "$tool" stat --json "$1" >stat.json || fail "stat of $1"
  schema stat.json >schema.out || fail "stat of $1" schema.out
  "$tool" stat "$1" >stat.text
  grep -q "^slabmalloc: target-.*, profile $profile, in bytes" stat.text || fail 'the title of stat' stat.text
  same "total of $1" "$(jq .total.held_bytes stat.json)" "$(awk '$1 == "total" { print $NF }' stat.text)"
  same 'a live object' live "$(state "$1" live)"
  same 'the inside of an object' live "$(state "$1" inside)"
  same 'its offset' 4711 "$("$tool" where --json "$1" "$(address inside)" | jq .offset)"
  same 'its size class' true "$("$tool" where --json "$1" "$(address inside)" | jq '.slot_bytes > 20000')"
  same 'a freed object' free "$(state "$1" freed)"
  case $(state "$1" remote) in
    free | 'freed by another thread') ;;
    *) fail "an object that another thread freed is $(state "$1" remote)" ;;
  esac
  same 'a large object' live "$(state "$1" large)"
  same 'a giant object' large "$("$tool" where --json "$1" "$(address giant)" | jq -r .what)"
  same 'its offset' 5000000 "$("$tool" where --json "$1" "$(address giant)" | jq .offset)"
  ends 1 'not every address' "$tool" where "$1" "$(address live)" "$(address stack)"
  same 'the lines of both' 2 "$(wc -l <out)"
  # The runs of heap come to the rows of stat.
  "$tool" heap --json "$1" >heap.json
  same "slabs of $1" "$(jq .total.slabs stat.json)" "$(jq -s 'map(select(.what == "slab")) | length' heap.json)"
  same "live objects of $1" "$(jq '.total.live' stat.json)" \
    "$(jq -s '(map(select(.what == "slab").live) | add) + (map(select(.what == "large")) | length)' heap.json)"
  same "bytes of $1" "$(jq .total.held_bytes stat.json)" "$(jq -s 'map(.bytes) | add' heap.json)"
  "$tool" heap "$1" >heap.text
  same "lines of heap" "$(($(wc -l <heap.json) + 2))" "$(wc -l <heap.text)"
  # Each run is in the picture, to scale.
  "$tool" map -o heap.svg "$1"
  /usr/bin/python3 "$here/check_picture.py" heap.svg heap.json >picture.out 2>&1 || fail "the picture of $1" picture.out
  checks=$((checks + 1))
}

# --- Programs on each library ------------------------------------------------------------------------
for profile in checked hardened; do
  start env SLABMALLOC_PROFILE=$profile SLABMALLOC_STATS=json SLABMALLOC_STATS_FILE=own.json \
    SLABMALLOC_STATS_SIGNAL=USR2 LD_PRELOAD="$build/libslabmalloc-preload.so" "$build/tool/target-preload"
  look "$pid"
  # The process says the same of itself.
  rm -f own.json
  kill -USR2 "$pid"
  until [ -s own.json ]; do sleep 0.1; done
  same 'what the process says itself' \
    "$(jq -S 'del(.table, .rows[].live_bytes_since, .total.live_bytes_since)' own.json)" "$(jq -S . stat.json)"
  # And so does its core file, without the process.
  gcore -o core "$pid" >gcore.out 2>&1 || fail 'gcore writes no core file' gcore.out
  core=core.$pid
  cp stat.json running.json
  stop
  look "$core"
  same 'what the core says' "$(jq -S 'del(.name)' running.json)" "$(jq -S 'del(.name)' stat.json)"
  same 'the name in the core' target-preload "$(jq -r .name stat.json)"
  [ $profile = checked ] || rm "$core"
  [ $profile != checked ] || mv "$core" core
done
profile=checked
# A copy of the library that nobody calls, and the file of the library in memory as data, as symbolizers have it.
start env TARGET_MAPS="$build/libslabmalloc-preload.so" \
  LD_PRELOAD="$build/libslabmalloc-preload.so $build/libslabmalloc.so" "$build/tool/target-preload"
grep -q 'libslabmalloc\.so' "/proc/$pid/maps" || fail 'the second copy is not loaded'
look "$pid"
same 'the reports of the copies in use' 1 "$(wc -l <stat.json)"
"$tool" top --count 1 "$pid" >top.text
stop
start env TARGET_MAPS="$build/libslabmalloc-preload.so" LD_PRELOAD="$build/libslabmalloc.so" \
  "$build/tool/target-preload"
ends 1 'has allocated nothing' "$tool" stat "$pid"
stop
start env TARGET_MAPS="$build/libslabmalloc-preload.so" "$build/tool/target-preload"
ends 1 'no slabmalloc in' "$tool" stat "$pid"
stop
for kind in shared static object; do
  start "$build/tool/target-$kind"
  look "$pid"
  stop
done

# A program that is busy: each reading closes, or it is read again.
start env LD_PRELOAD="$build/libslabmalloc-preload.so" "$build/tool/target-preload" busy
for _ in $(seq 100); do "$tool" stat --json "$pid"; done >many.json
schema many.json >schema.out || fail 'stat of a busy program' schema.out
same 'the readings of a busy program' 100 "$(wc -l <many.json)"
checks=$((checks + 1))
"$tool" top --count 3 --interval 1 --sort bytes "$pid" >top.text
same 'the views of top' 3 "$(grep -c '^target-preload \[' top.text)"
awk '/size class/ { last = -1; next } /^target/ { next } last >= 0 && $5 > last { exit 1 } { last = $5 }' top.text ||
  fail 'top does not sort by bytes' top.text
"$tool" top --count 2 --interval 1 --json "$pid" >top.json
schema top.json >schema.out || fail 'top --json' schema.out
"$tool" top --count 1 --sort class "$pid" >top.text
sed 1,2d top.text | awk '$1 + 0 > 0' | sort -n -c -k 1 || fail 'top does not sort by class' top.text
"$tool" top --count 1 --sort growth "$pid" >top.text

# --- On a terminal -----------------------------------------------------------------------------------
# Colours and progress are for terminals alone. `cat -v` writes an escape as ^[.
on_terminal() { script -qec "$*" /dev/null </dev/null | cat -v; }
export TERM=xterm
on_terminal "'$tool' heap $pid" | grep -q '^^\[\[1m *address .*^\[\[0m' || fail 'heap has no colours'
on_terminal "'$tool' stat 4194305" | grep -qF '^[[31mslabmalloc stat:^[[0m there is no process 4194305' ||
  fail 'errors have no colours'
on_terminal "'$tool' where $pid 0" | grep -qF '0x0: ^[[31mnot in memory' || fail 'where has no colours'
for variable in NO_COLOR=1 TERM=dumb TERM=; do
  ! on_terminal "env $variable '$tool' heap $pid" | grep -F '^[' >shown || fail "$variable has colours" shown
  ! on_terminal "env $variable '$tool' stat 4194305" | grep -F '^[' >shown || fail "an error with $variable" shown
done
on_terminal "env NO_COLOR= '$tool' heap $pid" | grep -qF '^[' || fail 'an empty NO_COLOR takes the colours'
"$tool" heap "$pid" >shown
"$tool" where "$pid" 0 >>shown 2>&1 || true
! cat -v shown | grep -F '^[' >errors || fail 'a file has colours' errors
# What takes less than a second shows no progress. The last of what is shown takes it away.
! on_terminal "'$tool' map -o x.html --every 10ms --frames 3 $pid" | grep -F picture >shown || fail 'progress' shown
on_terminal "'$tool' map -o x.html --every 400ms --frames 5 $pid" >shown
grep -qF 'picture: 4 of 5' shown || fail 'there is no progress' shown
[ "$(tail -c 4 shown)" = '^[[K' ] || fail 'the progress stays' shown
"$tool" map -o x.html --every 400ms --frames 5 "$pid" >shown 2>&1
same 'progress without a terminal' '' "$(cat shown)"
checks=$((checks + 16))

# --- Errors ------------------------------------------------------------------------------------------
ends 2 'a command' "$tool"
ends 2 'no command shwo' "$tool" shwo
ends 2 'no option --jsno' "$tool" stat --jsno "$pid"
ends 2 '--interval needs a value' "$tool" top --interval
ends 2 'a number from 1 to' "$tool" top --interval 0 "$pid"
ends 2 'bytes, growth or class' "$tool" top --sort size "$pid"
ends 2 'it takes a process or a core file' "$tool" stat
ends 2 'it takes a process or a core file' "$tool" stat 1 2
ends 2 '-o FILE' "$tool" map "$pid"
ends 2 'xyz is no address' "$tool" where "$pid" xyz
ends 2 'use stat' "$tool" top core
ends 3 'no process 4194305' "$tool" stat 4194305
ends 1 'no slabmalloc in' "$tool" stat $$
ends 3 'No such file' "$tool" stat no-such-core
ends 3 'is neither a process nor a core file' "$tool" stat /dev/null
ends 3 'no core file of a 64-bit program' "$tool" stat "$tool"
ends 3 'no core file of a 64-bit program' "$tool" stat said
ends 3 'output cannot be written: No space' sh -c '"$1" stat "$2" >/dev/full' - "$tool" "$pid"
ends 3 'cannot be written: No such file' "$tool" map -o no/such/folder/heap.svg "$pid"
ends 3 '/dev/full cannot be written' "$tool" map -o /dev/full "$pid"
# A symbolic link stays, and the file behind it is written; a link to a device, a pipe and a link to nowhere.
"$tool" map -o heap.svg "$pid"
mkdir behind
: >behind/heap.svg
ln -s behind/heap.svg link.svg
"$tool" map -o link.svg "$pid"
same 'the link' behind/heap.svg "$(readlink link.svg)"
same 'the file behind the link' '</svg>' "$(tail -n 1 behind/heap.svg)"
same 'what is beside it' heap.svg "$(ls behind)"
ln -s /dev/full full.svg
ends 3 'full.svg cannot be written: No space' "$tool" map -o full.svg "$pid"
same 'the link to a device' /dev/full "$(readlink full.svg)"
same 'a picture in a pipe' '</svg>' "$("$tool" map -o /dev/stdout "$pid" | tail -n 1)"
ln -s nowhere lost.svg
ends 3 'lost.svg cannot be written: No such file' "$tool" map -o lost.svg "$pid"
same 'the link to nowhere' nowhere "$(readlink lost.svg)"
mkdir full
ends 3 'cannot be written' sh -c 'ulimit -f 1; trap "" XFSZ; "$1" map -o full/heap.svg "$2"' - "$tool" "$pid"
same 'what is left of a picture that cannot be written' '' "$(ls full)"
# A pipe that nobody writes to is no core, and does not hold the command up.
mkfifo pipe
ends 3 'neither a process nor a core file' timeout 60 "$tool" stat pipe
# damaged HOW: the core with one thing changed, in the file damaged.
damaged() { /usr/bin/python3 "$here/damage_core.py" core damaged "$1" || fail "the core cannot be damaged: $1"; }
# A core that is cut off: within its headers, its notes, and its memory.
size=$(wc -c <core)
head -c 100 core >cut
ends 3 'cut off: it ends within its headers' "$tool" stat cut
notes=$(readelf -lW core | awk '$1 == "NOTE" { print $2; exit }')
head -c $((notes + 100)) core >cut
ends 3 'cut off: it ends within its notes' "$tool" stat cut
for part in 4 2; do
  damaged cut-$part
  ends 3 'the file is cut off' "$tool" stat damaged
done
# Numbers that cannot be: each ends the command with an error.
for how in load load-size load-address; do
  damaged $how
  ends 3 'is damaged: a part of its memory has no end' "$tool" stat damaged
done
for how in overlap inside; do
  damaged $how
  ends 3 'is damaged: parts of its memory overlap' "$tool" stat damaged
done
damaged headers
ends 3 'cut off: it ends within its headers' "$tool" stat damaged
damaged notes
ends 3 'cut off: it ends within its notes' "$tool" stat damaged
for how in files file-page file-end; do
  damaged $how
  ends 3 'is damaged: its list of mapped files cannot be one' "$tool" stat damaged
done
for how in segment cycle shared; do
  damaged $how
  ends 3 'the heaps were being changed' "$tool" stat damaged
done
damaged segment-table
ends 3 'a table of runs is not in the core' "$tool" stat damaged
damaged segment-size
ends 3 'a table of runs is not in the core' "$tool" stat damaged
# A segment that was given back is a hole in the list, and no torn reading.
damaged hole
same 'a core with a hole among its segments' "$("$tool" stat --json core)" "$("$tool" stat --json damaged)"
# A core with 65535 program headers or more has their number elsewhere.
damaged many
same 'a core with its headers counted elsewhere' "$("$tool" stat --json core)" "$("$tool" stat --json damaged)"
# A library of another version: the layout in its note is another number.
mkdir other
/usr/bin/python3 - "$build/libslabmalloc-preload.so" other/libslabmalloc-preload.so <<'END_OF_PYTHON'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
place = data.index(b"slabmalloc\0\0") + 12 + 4
data[place] ^= 1
open(sys.argv[2], "wb").write(data)
END_OF_PYTHON
stop
start env LD_PRELOAD="$scratch/other/libslabmalloc-preload.so" "$build/tool/target-preload"
ends 3 'another version of slabmalloc' "$tool" stat "$pid"
stop
# A process that ends: before, and while it is shown.
start env LD_PRELOAD="$build/libslabmalloc-preload.so" "$build/tool/target-preload"
rm -f top.json
"$tool" top --json --interval 1 "$pid" >top.json 2>errors 9>&- &
top=$!
until [ -s top.json ]; do sleep 0.1; done
gone=$pid
stop
status=0
wait $top || status=$?
same 'the status of top when its process ends' 3 "$status"
grep -q "process $gone has ended" errors || fail 'top does not say that the process has ended' errors
ends 3 "no process $gone" "$tool" stat "$gone"
# A process of another user. Only root can become one.
if [ "$(id -u)" = 0 ]; then
  start env LD_PRELOAD="$build/libslabmalloc-preload.so" "$build/tool/target-preload"
  ends 3 "process $pid cannot be read: Permission denied" setpriv --reuid=65534 --regid=65534 --clear-groups \
    --inh-caps=-all "$tool" stat "$pid"
  stop
fi

# --- Running programs --------------------------------------------------------------------------------
same 'the output of a program' 'hello world' "$("$tool" run -- echo hello world)"
same 'options of the program' '-n' "$("$tool" run printf '%s' -n)"
# Words that are no UTF-8 arrive as they are, and so do values of options and what is preloaded already.
word=$(printf 'a\351\377b')
same 'a word of any bytes' "$word" "$("$tool" run printf '%s' "$word")"
"$tool" run --stats json --stats-file "$word.json" -- true
same 'a file of any bytes' 1 "$(wc -l <"$word.json")"
ln -s "$(ldconfig -p | sed -n 's/.*x86-64.* => \(.*libm.so.6\)$/\1/p' | head -n 1)" "$word.so"
same 'LD_PRELOAD of any bytes' "$build/libslabmalloc-preload.so:$scratch/$word.so" \
  "$(LD_PRELOAD=$scratch/$word.so "$tool" run printenv LD_PRELOAD)"
mkdir "$word"
cp "$tool" "$build/libslabmalloc-preload.so" "$word/"
same 'a library in a folder of any bytes' "$scratch/$word/libslabmalloc-preload.so" \
  "$("$word/slabmalloc" run printenv LD_PRELOAD)"
ends 3 'cannot be run: No such file' "$tool" run "no$word"
status=0
"$tool" run sh -c 'exit 7' || status=$?
same 'the status of the program' 7 "$status"
"$tool" run --profile hardened --stats json --stats-file 'run.%p.json' -- "$build/tool/target-preload" </dev/null >out
schema run.*.json >schema.out || fail 'run --stats json' schema.out
same 'the profile' hardened "$(jq -r .profile run.*.json)"
"$tool" run --record run.trace -- "$build/tool/target-preload" </dev/null >out
"$tool" replay dump run.trace >dump.text
grep -q malloc dump.text || fail 'the trace has no calls' dump.text
same 'LD_PRELOAD of the program' "$build/libslabmalloc-preload.so:libm.so.6" \
  "$(LD_PRELOAD=libm.so.6 "$tool" run printenv LD_PRELOAD)"
ends 2 'it takes a program' "$tool" run --profile fast
ends 3 'no-such-program cannot be run: No such file' "$tool" run no-such-program
ends 134 'PROFILE=slow: not fast, checked or hardened; fatal' sh -c '"$1" run --profile slow true' - "$tool"
mkdir alone
cp "$tool" alone/
ends 3 'libslabmalloc-preload.so is not in' alone/slabmalloc run true
for folder in 'a folder' a:folder; do
  mkdir "$folder"
  cp "$tool" "$build/libslabmalloc-preload.so" "$folder/"
  ends 3 'a space or a colon' "$folder/slabmalloc" run true
done

# --- Help, completions, man page ---------------------------------------------------------------------
man=$root/Sources/Tool/slabmalloc.1
"$tool" --help >help.text
same 'the version' "slabmalloc $VERSION" "$("$tool" --version)"
for command in $(awk '/^  [a-z]/ { print $1 }' help.text); do
  "$tool" "$command" --help >one.text
  grep -q "^  slabmalloc $command\|slabmalloc $command " one.text || fail "$command has no example" one.text
  grep -q "^\.SS $command\b" "$man" || fail "the man page lacks $command"
  for option in $(awk '/^  (-o, )?--/ { sub("-o, ", ""); print $1 }' one.text); do
    grep -q -- "$(echo "$option" | sed 's/-/\\\\-/g')" "$man" || fail "the man page lacks $option of $command"
    checks=$((checks + 1))
  done
done
if command -v man >/dev/null; then
  LC_ALL=C.UTF-8 MANROFFSEQ='' man --warnings -E UTF-8 -l -Tutf8 -Z "$man" >/dev/null 2>man.errors
  [ ! -s man.errors ] || fail 'the man page has errors' man.errors
fi
"$tool" completion bash >completion
complete_of() { # the words of a command line, the last one unfinished
  bash -c '. ./completion; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _slabmalloc; echo "${COMPREPLY[@]}"' - "$@"
}
same 'completion of a command' 'stat' "$(complete_of slabmalloc st)"
same 'completion of an option' '--json' "$(complete_of slabmalloc stat --j)"
same 'completion of the options of run' '--stats --stats-file --stats-signal --stats-interval' \
  "$(complete_of slabmalloc run --st)"
complete_of slabmalloc stat $$ | grep -qw $$ || fail 'processes are not completed'
"$tool" completion zsh | grep -q bashcompinit || fail 'the completions of zsh'
ends 2 'bash or zsh' "$tool" completion fish
echo "=> $checks checks of the tool"
