#!/bin/sh
# check-sample.sh BUILD_DIR: heap profiles of a program that loses 100 KB. google-pprof and the tool read them, and find
# the leak; pprof's form is as its readers want it; whatever ends the process, the file is whole or not there.
set -eu
build=$(readlink -f "$1")
here=$(dirname "$(readlink -f "$0")")
tool=$build/tool/slabmalloc
leak=$build/sample/leak
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
unset LD_PRELOAD SLABMALLOC_SAMPLE SLABMALLOC_SAMPLE_FILE
checks=0

. "$here/../support/expect.sh"

# record FILE COMMAND...: its profile. Nothing is on stderr.
record() {
  file=$1
  shift
  SLABMALLOC_SAMPLE=${rate-64} SLABMALLOC_SAMPLE_FILE=$file LD_PRELOAD=$build/libslabmalloc-preload.so "$@" 2>errors
  [ ! -s errors ] || fail "$* says something" errors
}

# near WHAT EXPECTED PERCENT ACTUAL
near() {
  checks=$((checks + 1))
  awk -v is="$4" -v should="$2" -v percent="$3" 'BEGIN {
    exit is < should * (100 - percent) / 100 || is > should * (100 + percent) / 100 }' ||
    fail "$1: $4, and should be $2 within $3 percent"
}

# first FILE: the first function of google-pprof's list, and its bytes.
first() {
  google-pprof --text --show_bytes "$leak" "$1" 2>pprof.errors |
    awk 'started { print $NF, $1; exit } /^Total:/ { started = 1 }'
}
# lost FILE [OPTION...]: the tool's bytes of lost().
lost() { "$tool" sample --count 0 "$@" | awk '$5 == "lost" { print $1 }'; }

# --- The leak, over 20 seeds -------------------------------------------------------------------------
# Each process has a seed of its own. 64 bytes at a rate of 64: 63 of 100 objects are samples, and 20 percent is ten
# standard deviations of their sum. Without a scale it would be 37 percent short.
for profile in checked hardened; do
  export SLABMALLOC_PROFILE=$profile
  # A hardened slot holds the canary too.
  bytes=102400
  [ $profile = checked ] || bytes=128000
  for _ in $(seq 20); do
    record leak.heap "$leak"
    # shellcheck disable=SC2046
    set -- $(first leak.heap)
    same "the first line of google-pprof, $profile" lost "$1"
    near "google-pprof's bytes of the leak, $profile" $bytes 20 "$2"
    near "the bytes of the leak, $profile" $bytes 20 "$(lost leak.heap)"
  done
  record leak.pb "$leak"
  near "the bytes of the leak in pprof's form, $profile" $bytes 20 "$(lost leak.pb)"
done
unset SLABMALLOC_PROFILE
record leak.heap "$leak"
# callers FILE: those of lost().
callers() { "$tool" sample --json "$1" | jq -r 'select(.calls[0] == "lost").calls[1]' | sort -u; }
same 'the caller of lost()' main "$(callers leak.heap)"
for program in leak-object leak-no-pie; do
  preload=$build/libslabmalloc-preload.so
  [ $program != leak-object ] || preload=
  SLABMALLOC_SAMPLE=64 SLABMALLOC_SAMPLE_FILE=other.heap LD_PRELOAD=$preload "$build/sample/$program"
  near "the bytes of the leak in $program" 102400 20 "$(lost other.heap)"
  same "the caller of lost() in $program" main "$(callers other.heap)"
done

# --- Both forms say the same -------------------------------------------------------------------------
# At rate 1 every object is a sample: two runs have the same profile, but for addresses.
rate=1
fixed="setarch $(uname -m) -R"
$fixed true 2>/dev/null || fixed=
# shellcheck disable=SC2086
record one.pb $fixed "$leak" alone
# shellcheck disable=SC2086
record one.heap $fixed "$leak" alone
if [ -n "$fixed" ]; then
  /usr/bin/python3 "$here/check_pprof.py" one.pb one.heap >python.out 2>&1 || fail 'both forms' python.out
  checks=$((checks + 1))
fi
same 'what is live, exactly' 102400 "$(lost one.pb)"
same 'the peak of lost()' 102400 "$(lost one.pb --show peak)"
unset rate
# Where pprof itself is installed, it reads its form.
if command -v go >/dev/null && go tool pprof -h >/dev/null 2>&1; then
  go tool pprof -symbolize=none -top -sample_index=inuse_space one.pb >go.out 2>&1 || fail 'go tool pprof' go.out
  checks=$((checks + 1))
fi

# --- The tool ----------------------------------------------------------------------------------------
"$tool" sample -o flame.svg one.pb
/usr/bin/python3 - flame.svg <<'END_OF_PYTHON' || fail 'the flame graph'
import sys, xml.etree.ElementTree as tree
space = "{http://www.w3.org/2000/svg}"
boxes = {}
for group in tree.parse(sys.argv[1]).iter(space + "g"):
    title, box = group.find(space + "title").text, group.find(space + "rect")
    boxes[title.split(":")[0]] = (float(box.get("x")), float(box.get("y")), float(box.get("width")))
assert 1150 < boxes["lost"][2] < 1200, "nearly all that is live is of lost()"
assert boxes["lost"][1] < boxes["main"][1] < boxes["all"][1], "who is called stands on its caller"
END_OF_PYTHON
same 'the first function by objects' 'lost 1600' \
  "$("$tool" sample --objects --count 1 one.pb | awk 'NR == 3 { print $5, $1 }')"
same 'the functions of a short list' 2 "$("$tool" sample --count 2 one.pb | sed 1,2d | wc -l)"
# What resize() allocates is freed: 15 slots and, above 128 KiB, pages.
same 'what resize() has live' 0 "$("$tool" sample --count 0 one.pb | awk '$5 == "resize" { print $1 }')"
same 'what resize() allocated' true \
  "$("$tool" sample --json one.pb | jq -s 'map(select(.calls[0] == "resize").allocated_bytes) | add >= 1048560')"

# --- What loading the unwinder must leave alone ------------------------------------------------------
# The C library's environment, and the program's name, which setarch looks at.
for option in SLABMALLOC_SAMPLE=512KiB SLABMALLOC_BACKTRACE=1; do
  same "the environment with $option" here \
    "$(env "$option" PLACE=here LD_PRELOAD="$build/libslabmalloc-preload.so" printenv PLACE)"
  same "the program's name with $option" named \
    "$(env "$option" LD_PRELOAD="$build/libslabmalloc-preload.so" setarch "$(uname -m)" \
      echo named)"
done

# --- How a process ends ------------------------------------------------------------------------------
for how in _exit vfork close; do
  rm -f ./*.heap
  record "end.%p.heap" "$leak" $how
  same "the files of a program that ends by $how" 1 "$(ls ./*.heap* | wc -l)"
  near "the leak of a program that ends by $how" 102400 20 "$(lost end.*.heap)"
done
for how in fork exec; do
  rm -f ./*.heap
  record "end.%p.heap" "$leak" $how
  expected=2
  [ $how = fork ] || expected=1 # the program that is replaced has not ended
  same "the files of a program that does $how" $expected "$(ls ./*.heap* | wc -l)"
done
record "end.%p.heap" "$leak" fork
near 'the leak of a child, which goes on with the profile of its parent' 204800 20 \
  "$(for file in end.*.heap; do lost "$file"; done | sort -n | tail -n 1)"
rm -f ./*.heap
SLABMALLOC_SAMPLE=512KiB LD_PRELOAD=$build/libslabmalloc-preload.so "$leak"
same 'the file without a name' 1 "$(ls slabmalloc.*.heap | wc -l)"
rm -f ./*.heap
SLABMALLOC_SAMPLE_FILE=alone.heap LD_PRELOAD=$build/libslabmalloc-preload.so "$leak"
same 'the rate of a file alone' heap_v2/524288 "$(awk 'NR == 1 { print $NF }' alone.heap)"
SLABMALLOC_SAMPLE=0 SLABMALLOC_SAMPLE_FILE=none.heap LD_PRELOAD=$build/libslabmalloc-preload.so "$leak"
same 'the profile of rate 0' 0 "$(wc -c <none.heap)"

# --- Files that cannot be written --------------------------------------------------------------------
cannot() { # cannot WHAT FILE COMMAND...: one line says that there is no profile
  what=$1 file=$2
  shift 2
  SLABMALLOC_SAMPLE=64 SLABMALLOC_SAMPLE_FILE=$file "$@" 2>errors || fail "$what ends the program" errors
  same "the lines about $what" 1 "$(wc -l <errors)"
  grep -q "slabmalloc: no heap profile: $file cannot be written \[process" errors || fail "$what" errors
}
cannot 'a full device' /dev/full env LD_PRELOAD="$build/libslabmalloc-preload.so" "$leak"
mkdir gone
cannot 'a folder that is gone' gone/leak.heap env LD_PRELOAD="$build/libslabmalloc-preload.so" "$leak" gone
mkdir -p small
cannot 'a limit' small/leak.heap sh -c 'ulimit -f 1; LD_PRELOAD=$1 exec "$2"' - \
  "$build/libslabmalloc-preload.so" "$leak"
same 'what is left of a file that cannot be written' '0 small/leak.heap' "$(wc -c small/*)"

# --- Profiles that cannot be read --------------------------------------------------------------------
ends() { # ends STATUS PATTERN COMMAND...
  expected=$1 pattern=$2
  shift 2
  status=0
  "$@" >out 2>errors || status=$?
  same "status of $*" "$expected" "$status"
  grep -q -e "$pattern" errors || fail "$* does not say '$pattern'" errors
}
ends 2 'it takes the file of a heap profile' "$tool" sample
ends 2 '--show takes live, allocated or peak' "$tool" sample --show all one.pb
ends 2 '--count takes a number' "$tool" sample --count x one.pb
ends 3 'No such file' "$tool" sample no-such-file
ends 3 'no regular file' "$tool" sample /dev/null
ends 3 'no heap profile' "$tool" sample "$here/leak.c"
ends 3 'is compressed: gunzip it first' sh -c 'gzip -c one.pb >one.pb.gz; "$1" sample one.pb.gz' - "$tool"
ends 1 'does not say what was live at the peak' "$tool" sample --show peak alone.heap
ends 3 'cannot be written: No such file' "$tool" sample -o no/such/folder.svg one.pb
size=$(wc -c <one.pb)
for part in 2 3 7; do
  head -c $((size / part)) one.pb >cut.pb
  status=0
  "$tool" sample cut.pb >out 2>errors || status=$?
  [ $status -le 3 ] || fail "a profile that is cut off at a ${part}th" errors
  head -c $(($(wc -c <alone.heap) / 50)) alone.heap >cut.heap
done
ends 3 'cut off\|cannot be read' "$tool" sample cut.heap
echo 'heap profile: 1: 2 [3: 4] @ heap_v2/none' >bad.heap
ends 3 'its rate is no number' "$tool" sample bad.heap
printf 'heap profile: 1: 2 [3: 4] @ heap_v2/1\n 1: x [3: 4] @ 0x1\n' >bad.heap
ends 3 'line 2 cannot be read' "$tool" sample bad.heap
echo "=> $checks checks of heap profiles"
