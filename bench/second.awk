# Makes second.sh's table. Input: FILESYSTEM:REUSE:FILES:NAME|milliseconds ...|MiB written ...

BEGIN {
  print "| pages changed | filesystem | copy | ms | of the first | written, MiB | of what was changed |"
  print "| --- | --- | --- | ---: | ---: | ---: | ---: |"
}

{
  split($1, kind, ":")
  if (kind[4] == "first") {
    first = median($2)
    title = "first backup"
  } else {
    title = kind[4] == "second" ? "second, REUSE=" kind[2] : "second, `rsync -a --link-dest`"
  }
  changed = kind[3] == 0 ? "none" : "1 % of all, in " (kind[3] == 1 ? "one file" : "all files")
  printf "| %s | %s | %s | %s | %.2f | %s | %s |\n", changed, kind[1], title, spread($2, "%d"), median($2) / first,
    spread($3, "%d"), kind[3] == 0 || kind[4] == "first" ? "" : sprintf("%.2f", median($3) / (mib / 100))
}

END {
  print ""
  printf "Data: eight files, %d MiB. Median [min-max] of %d rounds in turns.\n", mib, runs
}
