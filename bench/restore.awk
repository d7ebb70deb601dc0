# Makes restore.sh's table. Input: name|name of what it is compared with|milliseconds ...|its milliseconds

BEGIN {
  print "| command | ms | against | ratio of medians |"
  print "| --- | ---: | --- | ---: |"
}

{
  ratio = ($4 == "") ? "" : sprintf("%.2f", median($3) / median($4))
  printf "| `%s` | %s | %s | %s |\n", $1, spread($3, "%d"), ($4 == "") ? "" : "`" $2 "`", ratio
}

END {
  print ""
  print "1 GiB, median [min-max] of " runs " rounds in turns. `sync_tree --jobs=1` is the same rsync with a manifest."
}
