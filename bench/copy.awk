# Makes copy.sh's table. Input: name|milliseconds ...|the same with a sync ...|peak KiB ...

BEGIN {
  title["rsync_a"] = data == "hole" ? "`rsync -a --sparse`" : "`rsync -a`"
  title["cp_a"] = "`cp -a`"
  title["one_job"] = "`sync_tree --jobs=1`"
  title["several_jobs"] = "`sync_tree`"
  print "| command | copied, ms | on the disk, ms | times as fast as `rsync -a` | as `cp -a` | memory, MiB |"
  print "| --- | ---: | ---: | ---: | ---: | ---: |"
}

{
  name[NR] = $1
  copied[$1] = $2
  on_disk[$1] = $3
  peak[$1] = $4
}

function faster(than, who) {
  return sprintf("%.2f, %.2f", median(copied[than]) / median(copied[who]), median(on_disk[than]) / median(on_disk[who]))
}

END {
  for (i = 1; i <= NR; i++) {
    n = name[i]
    printf "| %s | %s | %s | %s | %s | %.1f |\n", title[n], spread(copied[n], "%d"), spread(on_disk[n], "%d"),
      faster("rsync_a", n), faster("cp_a", n), median(peak[n]) / 1024
  }
  print ""
  printf "Data: %s. Median [min-max] of %d rounds in turns; how many times as fast: copied, and on the disk.\n", data, runs
}
