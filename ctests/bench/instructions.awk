# Sums what callgrind counted inside the library (the variable library: how its file name begins), row by row, and
# compares with the limits. The variable kind tells the files apart: rows ("row pairs"), limits ("row limit"), dump
# (callgrind's: its trigger line names the row).

function growth(name, percent) {
  count[name] = sprintf("%.1f", percent) + 0
  printf "%-25s %9.1f%% %8s\n", name, count[name], limit[name]
}
function complain(text) { print "instructions: " text > "/dev/stderr"; failed = 1 }

FNR == 1 { row = ""; in_library = 0; after_call = 0 }

kind == "rows" { rows[++row_count] = $1; pairs[$1] = $2; next }

kind == "limits" {
  if ($0 ~ /^[ \t]*(#|$)/) next
  if (NF != 2 || $2 !~ /^[0-9.]+$/) complain("not a limit: " $0)
  limit_rows[++limit_count] = $1
  limit[$1] = $2
  next
}

/^desc: Trigger: Client Request: / { row = $NF; next }
/^ob=/ { in_library = index($0, "/" library) > 0; next }
# The line after calls= is what the callee cost: counted where the callee is.
/^calls=/ { after_call = 1; next }
/^[0-9]/ {
  if (!after_call && in_library && row != "") instructions[row] += $2
  after_call = 0
}

END {
  print "Instructions that the library executes per allocate+deallocate pair, or per call of the kinds named last"
  printf "%-25s %10s %8s\n", "row", "count", "limit"
  for (i = 1; i <= row_count; i++) {
    row = rows[i]
    # Rounded as printed, so that what is compared is what is shown.
    count[row] = sprintf("%.1f", instructions[row] / pairs[row]) + 0
    if (instructions[row] == 0) complain(row ": nothing was counted")
    if (!(row in limit)) complain(row ": has no limit")
    if (row ~ /^live-/) {
      if (smallest == 0 || count[row] < smallest) smallest = count[row]
      if (count[row] > largest) largest = count[row]
    }
    if (row ~ /^frames-/) {
      if (least_frames == 0 || count[row] < least_frames) least_frames = count[row]
      if (count[row] > most_frames) most_frames = count[row]
    }
    printf "%-25s %10.1f %8s\n", row, count[row], ((row in limit) ? limit[row] : "-")
  }
  if (smallest > 0) growth("live-growth", 100 * largest / smallest)
  if (least_frames > 0) growth("frames-growth", 100 * most_frames / least_frames)
  if (limit_count == 0) complain("there are no limits")
  for (i = 1; i <= limit_count; i++) {
    row = limit_rows[i]
    if (!(row in count)) complain(row ": was not counted, but has a limit")
    else if (count[row] > limit[row] + 0)
      complain(sprintf("%s: %.1f is above the limit of %s", row, count[row], limit[row]))
  }
  exit failed
}
