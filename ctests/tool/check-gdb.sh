#!/bin/sh
# check-gdb.sh BUILD_DIR: the commands for gdb say of a process and of a core file what the tool says.
set -eu
build=$(readlink -f "$1")
here=$(dirname "$(readlink -f "$0")")
commands=$(readlink -f "$here/../../Sources/Packaging/slabmalloc-gdb.py")
. "$here/targets.sh"
enter_scratch

address() { sed -n "s/^$1 //p" said; }
# Errors are not to be written before it.
begin='python gdb.write("BEGIN\n"); gdb.flush()'
# inside COMMAND...: what gdb prints for commands, looking at $target.
inside() {
  for word in "$@"; do
    shift
    set -- "$@" -ex "$word"
  done
  gdb -q -nx -batch $target -ex "source $commands" -ex "set slabmalloc-tool $tool" -ex "$begin" "$@" 2>&1 |
    sed -e '0,/^BEGIN$/d' -e '/^\[Inferior .* detached\]$/d'
}
# refuses PATTERN COMMAND...
refuses() {
  pattern=$1
  shift
  inside "$@" >out
  checks=$((checks + 1))
  grep -q -e "$pattern" out || fail "$* does not say '$pattern'" out
  ! grep -q Traceback out || fail "$* fails" out
}

start env LD_PRELOAD="$build/libslabmalloc-preload.so" "$build/tool/target-preload"
gcore -o core "$pid" >gcore.out 2>&1 || fail 'gcore writes no core file' gcore.out
# A name of digits alone is a core file too.
mv "core.$pid" 4711
for target in "-p $pid" "$build/tool/target-preload 4711"; do
  case $target in -p*) place=$pid ;; *) place=./4711 ;; esac
  for what in live inside freed large giant stack; do
    at=$(address $what)
    same "where of $what ($target)" "$("$tool" where $place "$at" 2>/dev/null)" "$(inside "slabmalloc where $at")"
    "$tool" where --json $place "$at" >where.json 2>/dev/null || true
    same "the state of $what ($target)" "$(jq -r '"$1 = \"\(.state)\""' where.json)" \
      "$(inside "print \$slabmalloc_state($at)")"
  done
  # Expressions of the program.
  inside 'slabmalloc where many[5] "(char *)many[6] + 3"' >out
  same "two expressions ($target)" 'live live' "$(awk '{ print $2 }' out | tr -d ';' | paste -s -d ' ')"
  grep -q 'live; byte 3 of slot' out || fail 'the second expression' out
  same "a state in an expression ($target)" '$1 = 1' "$(inside 'print $_streq($slabmalloc_state(many[7]), "live")')"
  same "stat ($target)" "$("$tool" stat --json $place)" "$(inside 'slabmalloc stat --json')"
  same "heap ($target)" "$("$tool" heap --json $place)" "$(inside 'slabmalloc heap --json')"
  refuses 'No symbol "nowhere"' 'slabmalloc where nowhere'
  refuses 'it takes the expression of an address' 'slabmalloc where'
  refuses 'there is no option --jsno' 'slabmalloc stat --jsno'
  refuses '/no/such/tool: No such file' 'set slabmalloc-tool /no/such/tool' "slabmalloc where 0"
done
same 'the leaks of a core' "$("$tool" leaks --json ./4711)" "$(inside 'slabmalloc leaks --json')"
target="-p $pid"
refuses "process $pid cannot be stopped: Operation not permitted: process [0-9]* traces it" 'slabmalloc leaks'
target=
refuses 'there is no process and no core file' 'slabmalloc where 0'
refuses 'The tool is /' 'show slabmalloc-tool'
target=$build/tool/target-preload
PATH=/usr/bin:/bin refuses 'the tool slabmalloc is not in PATH: set slabmalloc-tool' 'set slabmalloc-tool' \
  'show slabmalloc-tool'
# Where both are installed, the file finds the tool.
mkdir -p prefix/bin prefix/share/slabmalloc
cp "$tool" prefix/bin/
cp "$commands" prefix/share/slabmalloc/
commands=$scratch/prefix/share/slabmalloc/slabmalloc-gdb.py
target="-p $pid"
same 'the installed tool' live "$(inside 'set slabmalloc-tool' "slabmalloc where $(address live)" |
  sed 's/.*: \(live\);.*/\1/')"
stop
echo "=> $checks checks of the commands for gdb"
