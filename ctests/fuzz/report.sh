# report.sh, of run-fuzz.sh and run-afl.sh: the seeds of a target, its folders, and what is printed when it fails.
build=$1
target=$2
seconds=$3
case $seconds in
  *[!0-9]* | '' | 0*) echo "SECONDS=$seconds: not a number of seconds" >&2; exit 2 ;;
esac
# Each kind of zone takes the same programs.
seeds=$(dirname "$0")/corpus-${target%%-*}
# What the engines found, which they begin with the next time.
grown=$build/corpus-$target
failed=$build/failed-$target
mkdir -p "$grown" "$failed"
rm -f "$failed"/*
[ -n "$(ls "$seeds")" ] || { echo "$seeds has no seeds" >&2; exit 1; }

# complain WHAT: the end of the log, and the first programs that failed.
complain() {
  tail -n 60 "$log"
  echo "FAIL  fuzz target $target: $1"
  for program in $(ls "$failed" | head -n 5); do
    echo "      the program: $(base64 -w 0 "$failed/$program" | head -c 2000)"
    echo "      run it again: make fuzz-replay TARGET_NAME=$target FILE=$failed/$program"
  done
  exit 1
}

# on_library FOLDER...: runs programs on the library as it is built; for the process's heap also with small reserves,
# and hardened.
on_library() {
  options=RESERVE=256
  [ "$target" != process ] || options="$options RESERVE=0 PROFILE=hardened"
  for option in $options; do
    env "SLABMALLOC_$option" "$build/replay-$target" -artifact_prefix="$failed/" -timeout=120 -runs=0 "$@" >"$log" \
      2>&1 ||
      complain "the library as it is built fails (SLABMALLOC_$option)"
  done
}
