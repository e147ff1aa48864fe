#!/bin/sh
# run-program.sh BUILD_DIR LIBRARY SCRIPT: runs the script on glibc's malloc, and under the preload library in each of
# the two profiles that check. All three must print the same and exit with 0. Prints the time of each run and the peak
# resident set of its largest process:
#
#     node         glibc        0.9 s     61.2 MiB
#     node         checked      0.9 s     58.0 MiB
#     node         hardened     1.1 s     80.3 MiB
#
# The script's line `# programs:` names those that must have had the library's malloc, as the witness of the preload
# tests notes it. `# needs:` names what must be installed; a script whose needs are missing is skipped. A line
# `# preload: FILE` names one more object of BUILD_DIR. The script runs in an empty folder, without being root.
set -eu
export LC_ALL=C
build=$(readlink -f "$1")
library=$(readlink -f "$2")
script=$(readlink -f "$3")
name=$(basename "$script" .sh)
SOURCES=$(dirname "$script")
# Debian keeps the server's programs out of PATH.
for folder in /usr/lib/postgresql/*/bin; do PATH=$PATH:$folder; done
export SOURCES PATH
unset SLABMALLOC_PROFILE LD_PRELOAD NODE_OPTIONS JAVA_TOOL_OPTIONS RUBYOPT || true

for program in $(sed -n 's/^# needs: //p' "$script"); do
  command -v "$program" >/dev/null || {
    echo "SKIP  $name: $program is not installed"
    exit 0
  }
done

# Servers refuse to run as root. The user of the runs need not be able to read the build folder.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
mkdir "$scratch/lib"
cp "$library" "$build/preload/witness.so" "$scratch/lib"
cp -R "$SOURCES" "$scratch/scripts"
SOURCES=$scratch/scripts
preloads=$scratch/lib/$(basename "$library"):$scratch/lib/witness.so
for more in $(sed -n 's/^# preload: //p' "$script"); do
  cp "$build/$more" "$scratch/lib"
  preloads=$scratch/lib/$(basename "$more"):$preloads
done
as_user=
if [ "$(id -u)" = 0 ]; then
  as_user='setpriv --reuid=nobody --regid=nogroup --clear-groups'
  chown -R nobody:nogroup "$scratch"
fi

# run NAME LD_PRELOAD: leaves output, errors, witness and figures in $scratch/NAME.*
run() {
  # The folder's name is the same for all runs, as programs print it.
  rm -rf "$scratch/work"
  $as_user mkdir "$scratch/work"
  : >"$scratch/$1.witness"
  chmod 666 "$scratch/$1.witness"
  (cd "$scratch/work" && HOME=$scratch/work TMPDIR=$scratch/work WITNESS=$scratch/$1.witness \
    "$build/bench/malloc/launch" "$scratch/$1.figures" 300 "$2" $as_user sh "$scratch/scripts/$name.sh") \
    >"$scratch/$1.out" 2>"$scratch/$1.errors" </dev/null
}

# complain NAME: says what is wrong with a run, or nothing.
complain() {
  read -r _ _ _ _ status <"$scratch/$1.figures"
  [ "$status" = 0 ] || { echo "$1 ends with wait status $status"; return; }
  [ -s "$scratch/$1.out" ] || { echo "$1 prints nothing"; return; }
  [ "$1" != glibc ] || return 0
  cmp -s "$scratch/glibc.out" "$scratch/$1.out" || { echo "$1 prints something else than glibc"; return; }
  ! grep '^slabmalloc: ' "$scratch/$1.errors" || return 0
  for program in $(sed -n 's/^# programs: //p' "$script"); do
    grep -q "^$program " "$scratch/$1.witness" || { echo "$program did not run under the library"; return; }
  done
  awk -v want="$scratch/lib/$(basename "$library")" \
    '$NF != want { print "malloc of " $1 " is that of " $NF; exit }' "$scratch/$1.witness"
}

for profile in glibc checked hardened; do
  case $profile in
    glibc) run glibc - ;;
    *) SLABMALLOC_PROFILE=$profile SLABMALLOC_ABORT_CONF=1 run $profile "$preloads" ;;
  esac
  complaint=$(complain $profile)
  if [ -n "$complaint" ]; then
    echo "FAIL  $name: $complaint"
    tail -n 40 "$scratch/$profile.errors" | sed 's/^/      /'
    diff "$scratch/glibc.out" "$scratch/$profile.out" | head -n 20 || true
    exit 1
  fi
  awk -v name="$name" -v profile=$profile \
    '{ printf "%-12s %-9s %7.1f s %8.1f MiB\n", name, profile, $1, $4 / 1024 }' "$scratch/$profile.figures"
done
