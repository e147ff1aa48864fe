# What scripts that check the tool share: programs to look at, and commands that end with an error.
# The script has set $build and $here. It calls enter_scratch, or stop at its end.
. "$here/../support/expect.sh"
tool=$build/tool/slabmalloc
preload=$build/libslabmalloc-preload.so
checks=0 pid=

# enter_scratch: a new folder, which is gone at the end with the target.
enter_scratch() {
  scratch=$(mktemp -d)
  trap 'stop; rm -rf "$scratch"' EXIT
  cd "$scratch"
  ulimit -c 0
  unset LD_PRELOAD
}

# ends STATUS PATTERN COMMAND...: it ends so, and stderr has the pattern. An error is one line, or two with the hint.
ends() {
  expected=$1 pattern=$2
  shift 2
  status=0
  "$@" >out 2>errors || status=$?
  same "status of $*" "$expected" "$status"
  checks=$((checks + 1))
  grep -q -e "$pattern" errors || fail "$* does not say '$pattern'" errors
  [ "$(wc -l <errors)" -le 2 ] || fail "$* says too much" errors
}

# start COMMAND...: a target in the background, and waits until it says $ready_word, which is `ready` unless it is set.
# Its lines are in said, its number in $pid.
start() {
  rm -f input
  : >said
  mkfifo input
  "$@" <input >said 2>said.errors &
  pid=$!
  exec 9>input
  waits=0
  until grep -q "${ready_word:-ready}" said; do
    waits=$((waits + 1))
    [ $waits -lt 3000 ] && kill -0 "$pid" 2>/dev/null || fail "$* does not start" said said.errors
    sleep 0.02
  done
}

stop() {
  [ -n "$pid" ] || return 0
  exec 9>&-
  wait "$pid" 2>/dev/null || true
  pid=
}
