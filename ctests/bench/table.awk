# Makes the table of bench.sh out of the rows of all rounds: "PEER WORKLOAD NUMBER ZONE_NS PEER_NS" and the like.
# A ratio is zone / peer, taken inside one process, then the median over the rounds: below 1 the zone is ahead.

function remember(key, value) { values[key, ++counts[key]] = value }

function median(key,    n, i, j, value, sorted) {
  n = counts[key]
  if (n == 0) { print "bench: no value for " key > "/dev/stderr"; failed = 1; return 0 }
  for (i = 1; i <= n; i++) {
    value = values[key, i]
    for (j = i - 1; j > 0 && sorted[j] > value; j--) sorted[j + 1] = sorted[j]
    sorted[j + 1] = value
  }
  return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}

function heading(first, second,    i) {
  printf "\n%-8s %8s %8s", first, second, "zone"
  for (i = 1; i <= peer_count; i++) printf " %9s %5s", peers[i], "ratio"
  printf "  best peer\n"
}

# One line: the zone, each peer with its ratio, and the peer that is hardest to beat.
function line(row,    i, parts, ratio, worst, best) {
  split(row, parts, " ")
  printf "%-8s %8s %8.2f", parts[1], parts[2], median("zone " row)
  worst = 0
  for (i = 1; i <= peer_count; i++) {
    ratio = median("ratio " peers[i] " " row)
    printf " %9.2f %5.2f", median(peers[i] " " row), ratio
    if (ratio > worst) { worst = ratio; best = peers[i] }
    if (ratio > 0 && parts[1] != "live") log_sum[peers[i]] += log(ratio)
  }
  printf "  %s %.2f\n", best, worst
  if (parts[1] == "live") return
  if (worst > 0) worst_log_sum += log(worst)
  row_count++
  if (worst >= 1) behind = behind sprintf("  %s %s: %.2f of %s\n", parts[1], parts[2], worst, best)
}

$2 == "seed" { seed = $3; next }
$2 == "resident" { resident[$1] = $3; next }
$2 == "family" {
  if (!($3 in family_seen)) { family_seen[$3] = 1; family_sizes[++family_count] = $3 }
  remember("family zone " $3, $4); remember("family sc " $3, $5); remember("family safe " $3, $6)
  next
}
NF == 5 {
  row = $2 " " $3
  if (!(row in row_seen)) {
    row_seen[row] = 1
    if ($2 == "live") live_rows[++live_count] = row
    else rows[++size_rows] = row
  }
  if (!($1 in peer_seen)) { peer_seen[$1] = 1; peers[++peer_count] = $1 }
  remember("zone " row, $4)
  remember($1 " " row, $5)
  remember("ratio " $1 " " row, $4 / $5)
  next
}
{ print "bench: not a row: " $0 > "/dev/stderr"; failed = 1 }

END {
  if (size_rows == 0) { print "bench: no rows" > "/dev/stderr"; exit 1 }
  print "Nanoseconds per allocate+deallocate pair, one thread"
  printf "median of %d rounds, seed %s, options: %s\n", rounds, seed, (options == "" ? "none" : options)
  print "ratio: zone / peer, below 1 the zone is ahead; best peer: the one with the highest ratio"
  heading("workload", "bytes")
  for (i = 1; i <= size_rows; i++) line(rows[i])

  print "\nOf a set of live 64-byte objects a random one deallocated, another allocated"
  print "(the cache misses of the table of pointers included)"
  heading("workload", "objects")
  for (i = 1; i <= live_count; i++) line(live_rows[i])

  printf "\n%-8s %8s %8s %9s %9s\n", "workload", "bytes", "zone", "sc", "safe zone"
  for (i = 1; i <= family_count; i++) {
    size = family_sizes[i]
    printf "%-8s %8s %8.2f", "pair", size, median("family zone " size)
    printf " %9.2f %9.2f\n", median("family sc " size), median("family safe " size)
  }

  print "\nPeak resident set with 1,000,000 live objects of 64 bytes (61.0 MiB of objects), MiB"
  printf "%-8s %17.1f", "resident", resident["zone"] / 1024
  for (i = 1; i <= peer_count; i++)
    printf " %9.1f %5.2f", resident[peers[i]] / 1024, resident["zone"] / resident[peers[i]]
  print ""

  printf "\nGeometric mean of the ratios over %d rows:", row_count
  for (i = 1; i <= peer_count; i++) printf " %s %.2f", peers[i], exp(log_sum[peers[i]] / row_count)
  printf "; best peer of each row %.2f\n", exp(worst_log_sum / row_count)
  if (behind == "") print "The zone is ahead in every row."
  else printf "Rows where the zone is not ahead:\n%s", behind
  if (failed) exit 1
}
