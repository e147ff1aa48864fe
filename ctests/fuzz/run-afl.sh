#!/bin/sh
# run-afl.sh BUILD_DIR TARGET SECONDS: AFL++ for so long, from the seeds. What it found runs again on the library as it
# is built, and what is new to libFuzzer goes into its corpus. What fails stays in BUILD_DIR/failed-TARGET.
set -eu
. "$(dirname "$0")/report.sh"
log=$build/afl/$target.log
out=$build/afl/out-$target

on_library "$seeds"
rm -rf "$out"
# Without an environment: the core looks for its options there. It is no matter how the machine's clock and core dumps
# are set: a crash is seen by the signal.
env -i PATH="$PATH" AFL_NO_UI=1 AFL_NO_COLOR=1 AFL_NO_AFFINITY=1 AFL_SKIP_CPUFREQ=1 \
  AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 \
  AFL_EXIT_ON_SEED_ISSUES=1 afl-fuzz -V "$seconds" -t 20000 -G 1500 -i "$seeds" -o "$out" -- "$build/afl/$target" \
  >"$log" 2>&1 ||
  complain "afl-fuzz ends with status $?"
value() { sed -n "s/^$1 *: //p" "$out/default/fuzzer_stats"; }
crashes=$(value saved_crashes)
hangs=$(value saved_hangs)
echo "=> $target: $(value execs_done) programs of AFL++ in $(value run_time) s, $(value corpus_count) paths," \
  "$(value edges_found) of $(value total_edges) edges, $crashes crashes, $hangs hangs"

number=0
for program in "$out"/default/crashes/id:* "$out"/default/hangs/id:*; do
  [ -e "$program" ] || continue
  number=$((number + 1))
  cp "$program" "$failed/afl-$number"
done
# What libFuzzer's build says of the first one is what gets printed.
if [ "$number" -gt 0 ]; then
  found="AFL++ found $number programs that crash or hang"
  env -i "$build/$target" -timeout=20 "$failed/afl-1" >"$log" 2>&1 &&
    found="$found, of which the first does not do so alone"
  complain "$found"
fi
on_library "$out/default/queue"
env -i "$build/$target" -merge=1 -max_len=1500 "$grown" "$out/default/queue" >"$log" 2>&1 || complain "the merge fails"
