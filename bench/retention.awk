# Makes retention.sh's table. Input: what there is|what goes|milliseconds ...|milliseconds by hand ...

BEGIN {
  print "| backups | of which | list, plan, expire, ms | find, sort, head, rm, ms | ratio |"
  print "| --- | --- | ---: | ---: | ---: |"
}

{
  printf "| %s | %s | %s | %s | %.2f |\n", $1, $2, spread($3, "%d"), spread($4, "%d"), median($3) / median($4)
}

END {
  print ""
  printf "Median [min-max] of %d rounds in turns, the page cache dropped before each.\n", runs
}
