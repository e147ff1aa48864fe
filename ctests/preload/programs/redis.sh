# A server on a socket in this folder: fixed commands, whose replies are compared, around a benchmark's load; snapshots
# are written by a forked child.
# needs: redis-server redis-cli redis-benchmark
# programs: redis-server redis-cli redis-benchmark
redis-server --port 0 --unixsocket "$PWD/socket" --dir "$PWD" --save '' --logfile log --enable-debug-command yes \
  --daemonize no &
server=$!
trap 'kill $server 2>/dev/null || true' EXIT
cli() { redis-cli -s socket "$@"; }
tries=0
until cli ping >pong 2>&1; do
  tries=$((tries + 1))
  if [ $tries -gt 1200 ]; then
    cat log
    exit 1
  fi
  sleep 0.1
done
cat pong

commands() {
  cli flushall
  awk 'BEGIN {
    for (i = 0; i < 3000; i++) {
      printf "SET key:%d %s\nAPPEND text %d-\n", i, substr("abcdefghijklmnop", i % 16 + 1), i
      printf "RPUSH list:%d item%d\nHSET hash:%d field%d value%d\n", i % 20, i, i % 50, i, i * i
      printf "ZADD board %d member%d\nSADD set:%d %d\n", i * 7 % 1000, i, i % 9, i
      if (i % 5 == 0) printf "DEL key:%d\nLPOP list:%d\n", i - 3, i % 20
    }
  }' | cli | cksum
  cli dbsize
  cli strlen text
  cli zrange board 100 110 withscores
  cli sort set:4 limit 5 5 desc
  cli eval 'local t = {} for i = 1, 20000 do t[i] = tostring(i) .. KEYS[1] end return #table.concat(t)' 1 suffix
  cli setrange long 3000000 end
  cli bitcount long
  cli debug digest
}
commands
cli bgsave >replies
redis-benchmark -s socket -q -n 20000 -c 20 -P 4 -r 5000 -d 200 -t set,get,lpush,lpop,sadd,hset,zadd,mset >benchmark
grep -c 'requests per second' benchmark
commands
cli debug reload
cli debug digest
cli shutdown nosave
wait $server
