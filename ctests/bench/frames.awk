# Makes the tables of bench-frames.sh of callgrind's dumps and of the rows that were timed: "PAGE_KIB MODE PAGES PLACE
# NS FLOOR RESIDENT_KIB DIRECTORY_PAGES HELD_PAGES".

FNR == 1 { row = ""; in_library = 0; after_call = 0 }

kind == "dump" && /^desc: Trigger: Client Request: / { row = substr($0, index($0, "Request: ") + 9); next }
kind == "dump" && /^ob=/ { in_library = index($0, "/libslabmalloc") > 0; next }
# The line after calls= is what the callee cost: counted where the callee is.
kind == "dump" && /^calls=/ { after_call = 1; next }
kind == "dump" && /^[0-9]/ {
  if (!after_call && in_library && row != "") instructions[row] += $2 / 1000
  after_call = 0
}

kind == "timed" {
  group = $1 " " $2 " " $3
  if (!(group in seen)) { seen[group]; groups[++group_count] = group }
  if (!($4 in known)) { known[$4]; places[++place_count] = $4 }
  row = group " " $4
  time[row] = $5
  floor_time[row] = $6
  resident[row] = $7
  share[row] = $8 / $9
  if (share[row] > most) { most = share[row]; most_row = row }
}

# The row that a place is compared with: the same zone on contiguous frames.
function base(place) { return place ~ /^cpus/ ? "cpus-contiguous" : "contiguous" }

function table(title, what,    g, p, row, line) {
  print title
  printf "%-4s %-13s %7s", "KiB", "mode", "pages"
  for (p = 1; p <= place_count; p++) printf " %17s", places[p]
  print ""
  for (g = 1; g <= group_count; g++) {
    split(groups[g], line, " ")
    printf "%-4s %-13s %7s", line[1], line[2], line[3]
    for (p = 1; p <= place_count; p++) {
      row = groups[g] " " places[p]
      of = groups[g] " " base(places[p])
      if (what == "count") {
        printf " %17s", sprintf("%.0f (%.2f)", instructions[row], instructions[row] / instructions[of])
      }
      if (what == "time") printf " %17s", sprintf("%.0f (%.2f)", time[row], time[row] / time[of])
      if (what == "floor") {
        printf " %17s", sprintf("%.0f (%.2f)", floor_time[row], floor_time[row] / floor_time[of])
      }
      if (what == "memory") printf " %17s", sprintf("%.1f (%.2f%%)", resident[row] / 1024, 100 * share[row])
    }
    print ""
  }
  print ""
}

END {
  table("Instructions a pair (ratio to contiguous frames)", "count")
  table("Nanoseconds a pair (ratio to contiguous frames)", "time")
  table("What the machine takes alone: to read the last bytes of two of the pages (ratio)", "floor")
  table("Peak resident MiB (pages of the directory, of all pages)", "memory")
  printf "=> the directory takes at most %.2f %% of the pages (limit: 1.56 %%, a 64th): %s\n", 100 * most, most_row
  exit most > 1 / 64
}
