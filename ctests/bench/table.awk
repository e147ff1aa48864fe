# Makes one table of bench.sh out of the rows of all rounds: "PEER WORKLOAD NUMBER ZONE_NS PEER_NS FLOOR_NS" and the
# like. A ratio is zone / peer, taken inside one process, then the median over the rounds: below 1 the zone is ahead.

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

# Judged as printed, so that what is said is what is shown.
function verdict(ratio) {
  ratio = sprintf("%.2f", ratio) + 0
  return ratio < 0.98 ? "ahead" : ratio <= 1.02 ? "even" : "behind"
}
function mark(ratio) { return substr(" =!", index("aeb", substr(verdict(ratio), 1, 1)), 1) }

function heading(first, second,    i) {
  printf "\n%-8s %8s %7s %7s", first, second, "floor", "zone"
  for (i = 1; i <= peer_count; i++) printf " %9s %5s%s", peers[i], "ratio", (i < peer_count ? " " : "")
  print "   best peer"
  row_count = 0
  worst_log_sum = 0
  split("", log_sum)
  split("", not_ahead)
}

# One line: the floor, the zone, each peer with its ratio, and the peer that is hardest to beat.
function line(row,    i, parts, ratio, worst, best, how) {
  split(row, parts, " ")
  printf "%-8s %8s %7.2f %7.2f", parts[1], parts[2], median("floor " row), median("zone " row)
  worst = 0
  for (i = 1; i <= peer_count; i++) {
    ratio = median("ratio " peers[i] " " row)
    if (ratio <= 0) { print "bench: no ratio for " row > "/dev/stderr"; failed = 1; ratio = 1 }
    printf " %9.2f %5.2f%s", median(peers[i] " " row), ratio, mark(ratio)
    if (ratio > worst) { worst = ratio; best = peers[i] }
    log_sum[peers[i]] += log(ratio)
  }
  how = verdict(worst)
  printf "  %s %.2f%s\n", best, worst, (how == "ahead" ? "" : " " how)
  worst_log_sum += log(worst)
  row_count++
  if (how != "ahead") not_ahead[how] = not_ahead[how] sprintf("  %s %s: %.2f of %s\n", parts[1], parts[2], worst, best)
}

# What the lines since the heading come to.
function summary(    i) {
  printf "Geometric mean of the ratios of %d rows:", row_count
  for (i = 1; i <= peer_count; i++) printf " %s %.2f", peers[i], exp(log_sum[peers[i]] / row_count)
  printf "; best peer of each row %.2f\n", exp(worst_log_sum / row_count)
  if (not_ahead["behind"] != "") printf "Rows where the zone is behind a peer:\n%s", not_ahead["behind"]
  if (not_ahead["even"] != "") printf "Rows where the zone is even with its best peer:\n%s", not_ahead["even"]
  if (not_ahead["behind"] not_ahead["even"] == "") print "The zone is ahead of every peer in every row."
}

$2 == "seed" { seed = $3; next }
$2 == "missing" { missing = missing sprintf("%s is missing:%s\n", $1, substr($0, index($0, " missing ") + 8)); next }
$2 == "resident" { resident[$1] = $3; next }
$2 == "family" {
  if (!($3 in family_seen)) { family_seen[$3] = 1; family_sizes[++family_count] = $3 }
  remember("family zone " $3, $4); remember("family cache " $3, $5); remember("family shared " $3, $6)
  next
}
NF == 6 {
  row = $2 " " $3
  if (!(row in row_seen)) {
    row_seen[row] = 1
    if ($2 == "live") live_rows[++live_count] = row
    else rows[++size_rows] = row
  }
  if (!($1 in peer_seen)) { peer_seen[$1] = 1; peers[++peer_count] = $1 }
  remember("zone " row, $4)
  remember($1 " " row, $5)
  remember("floor " row, $6)
  remember("ratio " $1 " " row, $4 / $5)
  next
}
{ print "bench: not a row: " $0 > "/dev/stderr"; failed = 1 }

END {
  printf "\n%s\n", title
  gsub(/./, "=", title)
  print title
  printf "%s", missing
  if (size_rows == 0) { print "No peer is there to compare with."; exit failed }
  print "Nanoseconds per allocate+deallocate pair, one thread"
  printf "median of %d rounds, seed %s, options: %s\n", rounds, seed, (options == "" ? "none" : options)
  print "floor: two calls of functions that do nothing, linked as the zone is, and the loop around them"
  print "ratio: zone / peer, below 1 the zone is ahead; = even, 0.98 to 1.02; ! behind"
  print "best peer: the one with the highest ratio"
  heading("workload", "bytes")
  for (i = 1; i <= size_rows; i++) line(rows[i])
  summary()

  print "\nOf a set of live 64-byte objects a random one deallocated, another allocated"
  print "(the cache misses of the table of pointers included)"
  heading("workload", "objects")
  for (i = 1; i <= live_count; i++) line(live_rows[i])
  summary()

  printf "\n%-8s %8s %8s %9s %9s\n", "workload", "bytes", "zone", "cache", "shared"
  for (i = 1; i <= family_count; i++) {
    size = family_sizes[i]
    printf "%-8s %8s %8.2f", "pair", size, median("family zone " size)
    printf " %9.2f %9.2f\n", median("family cache " size), median("family shared " size)
  }

  if ("zone" in resident) {
    print "\nPeak resident set with 1,000,000 live objects of 64 bytes (61.0 MiB of objects), MiB"
    printf "%-8s %24.1f", "resident", resident["zone"] / 1024
    for (i = 1; i <= peer_count; i++)
      printf " %9.1f %5.2f ", resident[peers[i]] / 1024, resident["zone"] / resident[peers[i]]
    print ""
  }
  if (failed) exit 1
}
