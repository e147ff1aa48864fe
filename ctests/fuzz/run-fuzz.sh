#!/bin/sh
# run-fuzz.sh BUILD_DIR TARGET SECONDS: first the seeds on the library as it is built, then new programs for so long, with the
# instrumented core, and these again on the library. What fails stays in BUILD_DIR/failed-TARGET.
set -eu
build=$1
target=$2
seconds=$3
# Each kind of zone takes the same programs.
seeds=$(dirname "$0")/corpus-${target#*_}
grown=$build/corpus-$target
failed=$build/failed-$target
log=$build/$target.log
mkdir -p "$grown" "$failed"

complain() {
  tail -n 60 "$log"
  echo "FAIL  fuzz target $target: $1"
  for program in "$failed"/*; do
    [ -e "$program" ] || continue
    echo "      the program: $(base64 -w 0 "$program" | head -c 2000)"
    echo "      run it again: make fuzz-replay TARGET_NAME=$target FILE=$program"
  done
  exit 1
}
rm -f "$failed"/*
[ -n "$(ls "$seeds")" ] || { echo "$seeds has no seeds" >&2; exit 1; }
"$build/replay-$target" -artifact_prefix="$failed/" -timeout=20 -runs=0 "$seeds" >"$log" 2>&1 || complain "a seed fails"
# Without an environment: the core looks for its options there, and libFuzzer takes what it sees compared into its programs.
env -i "$build/$target" -artifact_prefix="$failed/" -timeout=20 -max_len=1500 -len_control=20 -rss_limit_mb=3000 -print_final_stats=1 \
  -max_total_time="$seconds" "$grown" "$seeds" >"$log" 2>&1 || complain "see above"
programs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
covered=$(sed -n 's/.*DONE *cov: *\([0-9]*\).*/\1/p' "$log")
# The process's heap also with small reserves, and hardened.
options=RESERVE=256
[ "$target" != process ] || options="$options RESERVE=0 PROFILE=hardened"
for option in $options; do
  env "SLABMALLOC_$option" "$build/replay-$target" -artifact_prefix="$failed/" -timeout=20 -runs=0 "$grown" "$seeds" >"$log" 2>&1 ||
    complain "the library as it is built fails (SLABMALLOC_$option), the instrumented one did not"
done
echo "=> $target: $programs programs in $seconds s, $covered edges"
