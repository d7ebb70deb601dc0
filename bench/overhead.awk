# Makes overhead.sh's tables. Input: the records of overhead_in_lab.sh. Times are kept in ms.

# Adds to the sample of a step and a column.
function add(step, column, value) { samples[step, column] = samples[step, column] " " value }

function row(step, title,    programs) {
  programs = sprintf("%.0f | %s | %s | %s | %s", median(samples[step, "calls"]), cell(step, "lvm"), \
    cell(step, "rsync"), cell(step, "mount"), cell(step, "server"))
  printf "| %s | %s | %s | %s |\n", title, spread(samples[step, "all"], "%.0f"), programs, \
    spread(samples[step, "rest"], "%.0f")
}

# Empty where the step does not use such a program at all.
function cell(step, column) {
  return ((step, column) in used) ? sprintf("%.0f", median(samples[step, column])) : ""
}

# Whatever was heard of a step since it began, less what the wrappers themselves took.
function end_step(name, ms,    i, others) {
  ms -= calls * cost
  others = 0
  for (i = 1; i <= columns; i++) {
    if (part[column[i]] != "") used[name, column[i]] = used["total", column[i]] = 1
    add(name, column[i], part[column[i]] + 0)
    # snapshot_watch asks LVM while rsync runs.
    if (name == "rsync" && column[i] == "lvm") beside += part[column[i]]
    else others += part[column[i]]
    total[column[i]] += part[column[i]]
  }
  add(name, "all", ms)
  add(name, "calls", calls)
  add(name, "rest", ms - others)
  in_steps += ms
  total_calls += calls
  forget()
}

function forget(    i) {
  calls = 0
  for (i = 1; i <= columns; i++) part[column[i]] = ""
}

# The run as a whole; what lies between its steps is the script's own.
function end_run(    i, ms, others) {
  ms = run_ms - total_calls * cost
  others = 0
  for (i = 1; i <= columns; i++) {
    add("total", column[i], total[column[i]])
    others += total[column[i]]
  }
  add("between", "all", ms - in_steps)
  add("between", "rest", ms - in_steps)
  add("total", "all", ms)
  add("total", "calls", total_calls)
  add("total", "rest", ms - others + beside)
  add("total", "outside", ms - total["lvm"] - total["rsync"] + beside)
  beside = 0
  for (i = 1; i <= columns; i++) total[column[i]] = 0
  in_steps = total_calls = 0
}

function comparison(title, ours, theirs) {
  printf "| %s | %s | %s | %.2f |\n", title, spread(ours, "%.0f"), spread(theirs, "%.0f"), \
    median(ours) / median(theirs)
}

BEGIN {
  columns = split("lvm rsync mount server", column, " ")
  forget()
}

# The wrappers' own cost comes last in the input, and is needed first: the file is read twice.
pass == 1 { if ($1 == "cost") costs = costs " " $2 / 1000; next }
cost == "" { cost = median(costs) }

$1 == "data" { data = $2 }
$1 == "plain" { kind = $1; plain_totals = plain_totals " " $2 / 1000 }
$1 == "wrapped_run" { kind = $1; run_ms = $2 / 1000 }
$1 == "by_hand" { hand_totals = hand_totals " " $2 / 1000; hand_locked = hand_locked " " $3 / 1000 }
$1 == "peak" {
  if (!($2 in peaks)) tools[++tool_count] = $2
  if ($3 > peaks[$2]) peaks[$2] = $3
  next
}

kind == "plain" && $4 == "end:" {
  match($0, /locked [0-9]+/)
  plain_locked = plain_locked " " substr($0, RSTART + 7, RLENGTH - 7)
}

kind == "wrapped_run" && $1 == "wrapped" {
  calls++
  part[$2 == "blkid" ? "mount" : $2] += $3 / 1000
}
kind == "wrapped_run" && match($0, /waited_ms=[0-9]+/) {
  part["server"] = substr($0, RSTART + 10, RLENGTH - 10)
}
kind == "wrapped_run" && $3 == "backup_mysql.sh:" && $5 == "OK" && $4 != "end:" {
  name = substr($4, 1, length($4) - 1)
  if (!(name in known)) { known[name] = 1; names[++steps] = name }
  end_step(name, substr($6, 2) * 1000)
}
kind == "wrapped_run" && $4 == "end:" { end_run() }

END {
  printf "%d MB of data; milliseconds; medians of %d runs [min-max].\n\n", data, runs
  print "| step | all of it | calls | lvm | rsync | mount, blkid | server | the rest |"
  print "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
  for (i = 1; i <= steps; i++) row(names[i], names[i])
  row("between", "(between the steps)")
  row("total", "**the run**")
  printf "\nOutside LVM and rsync: %s ms. A wrapper's own cost, taken off for each call: %s ms.\n\n", \
    spread(samples["total", "outside"], "%.0f"), spread(costs, "%.1f")
  print "| without wrappers | backup_mysql.sh | by hand | ratio |"
  print "| --- | ---: | ---: | ---: |"
  comparison("the run", plain_totals, hand_totals)
  comparison("locked", plain_locked, hand_locked)
  print "\n| tool, in a backup and a verification | peak memory, MiB |"
  print "| --- | ---: |"
  for (i = 1; i <= tool_count; i++) printf "| `%s` | %.1f |\n", tools[i], peaks[tools[i]] / 1024
}
