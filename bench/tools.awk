# Makes tools.sh's table. Input: name|doing what|bytes|kibibytes|microseconds ...

BEGIN {
  print "| tool | size, MiB | start-up, ms | peak memory, MiB | of |"
  print "| --- | ---: | ---: | ---: | --- |"
}

{
  $1 = ($1 == "true") ? "(/usr/bin/true)" : "`" $1 "`"
  n = split($5, micro, " ")
  sample = ""
  for (i = 1; i <= n; i++) sample = sample " " micro[i] / 1000
  printf "| %s | %.1f | %s | %.1f | %s |\n", $1, $3 / 1048576, spread(sample, "%.1f"), $4 / 1024, $2
}

END {
  print ""
  print "Start-up: wall time of `TOOL --help`, median [min-max] of " runs ", read from the shell's own clock"
  print "around one fork; the first line is what the fork itself and an empty program take. Peak memory:"
  print "the largest resident set among the tool and the programs it runs (`sync_tree`: rsync)."
}
