#!/bin/sh
# check-deepbind.sh BUILD_DIR: what the guide says of RTLD_DEEPBIND. Under a preloaded malloc the plug-in has the C
# library's, and its host another one. A dlopen() without that flag mends it.
set -eu
build=$(readlink -f "$1")
plugin=$build/preload/suites/plugin.so
preload=$build/libslabmalloc-preload.so
report=$(mktemp)
trap 'rm -f "$report"' EXIT
ulimit -c 0

# ends STATUS LD_PRELOAD
ends() {
  status=0
  sh -c 'LD_PRELOAD=$1 exec "$2" "$3" 2>"$4"' - "$2" "$build/plugin/deepbind" "$plugin" "$report" \
    2>/dev/null || status=$?
  [ "$status" = "$1" ] || { echo "error: with '$2' the host ends with $status, not $1"; cat "$report"; exit 1; }
}

ends 0 ''
ends 134 "$preload"
grep -q 'which is no object of this heap' "$report" || { echo 'error: another report'; cat "$report"; exit 1; }
ends 0 "$build/plugin/no_deepbind.so $preload"
[ ! -s "$report" ] || { echo 'error: a report'; cat "$report"; exit 1; }
echo '=> a plug-in that is opened with RTLD_DEEPBIND works without that flag'
