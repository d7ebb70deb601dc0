# Makes verification.sh's table. Input: filesystem|milliseconds with the manifest|of recovery and
# check|MiB copied|milliseconds of cp -a

BEGIN {
  print "| backups on | manifest, ms | recovery and check, ms | copied, MiB | `cp -a`, ms | (manifest + check) / `cp -a` |"
  print "| --- | ---: | ---: | ---: | ---: | ---: |"
}

{
  printf "| %s | %s | %s | %s | %s | %.2f |\n", $1, spread($2, "%d"), spread($3, "%d"), spread($4, "%d"), spread($5, "%d"),
    (median($2) + median($3)) / median($5)
}

END {
  print ""
  print "Of " size " MiB; median [min-max] of " runs " rounds a filesystem."
}
