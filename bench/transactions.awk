# Makes transactions.sh's table. Input: see transactions_in_lab.sh.

BEGIN {
  count = split("ours_backup ours_backup_rate ours_snapshot ours_snapshot_rate mylvmbackup_ mariadb_backup", kinds)
  title["ours_backup"] = "`backup_mysql.sh`, LOCK_SCOPE=backup"
  title["ours_backup_rate"] = "the same, COPY_RATE=8M, and so one rsync"
  title["ours_snapshot"] = "`backup_mysql.sh`, LOCK_SCOPE=snapshot"
  title["ours_snapshot_rate"] = "the same, COPY_RATE=8M, and so one rsync"
  title["mylvmbackup_"] = "`mylvmbackup`, rsync"
  title["mariadb_backup"] = "`mariadb-backup`"
}

$3 == "took" {
  summarize($1, $4)
  next
}

# sysbench's first seconds are a warm-up.
{ n++; second[n] = $3; rate[n] = $4 }

# A round's seconds come before its end.
function summarize(kind, seconds,    i, sum, of, none, part) {
  for (i = 1; i <= n; i++) {
    part = i > 5 && second[i] <= 0 ? "before" : second[i] > 0 && second[i] <= seconds ? "during" : second[i] > seconds + 1 ? "after" : ""
    sum[part] += rate[i]
    of[part]++
    if (second[i] > 0 && second[i] <= seconds + 1 && rate[i] == 0) none++
  }
  for (part in of) sum[part] /= of[part]
  took[kind] = took[kind] " " seconds
  before[kind] = before[kind] " " sum["before"]
  during[kind] = during[kind] " " sum["during"]
  after[kind] = after[kind] " " sum["after"]
  share[kind] = share[kind] " " (sum["before"] ? sum["during"] / sum["before"] : 0)
  without[kind] = without[kind] " " none + 0
  n = 0
}

END {
  print "| backup by | it took, s | transactions a second before | during | of those before | after | seconds with none |"
  print "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
  for (k = 1; k <= count; k++) {
    kind = kinds[k]
    printf "| %s | %s | %s | %s | %s | %s | %s |\n", title[kind], spread(took[kind], "%.0f"), spread(before[kind], "%.0f"),
      spread(during[kind], "%.0f"), spread(share[kind], "%.2f"), spread(after[kind], "%.0f"), spread(without[kind], "%d")
  }
  print ""
  print "Median [min-max] of " runs " rounds in turns, each figure the mean of its seconds. Ours copies by"
  print "four rsyncs, `mylvmbackup` by one, `mariadb-backup` in one thread. `mariadb-backup` has not been"
  print "prepared, and no copy but ours been compared with anything."
}
