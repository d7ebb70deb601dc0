# Makes transactions.sh's table. Input: see transactions_in_lab.sh.

BEGIN {
  split("ours_backup ours_snapshot ours_rate mylvmbackup_ mariadb_backup", kinds)
  title["ours_backup"] = "`backup_mysql.sh`, LOCK_SCOPE=backup"
  title["ours_snapshot"] = "`backup_mysql.sh`, LOCK_SCOPE=snapshot"
  title["ours_rate"] = "the same, COPY_RATE=8M"
  title["mylvmbackup_"] = "`mylvmbackup`, rsync"
  title["mariadb_backup"] = "`mariadb-backup`"
}

$2 == "took" { took[$1] = $3; next }

{
  n[$1]++
  second[$1, n[$1]] = $2
  rate[$1, n[$1]] = $3
}

END {
  print "| backup by | it took, s | transactions a second before | during | of those before | after | seconds with none |"
  print "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
  for (k = 1; k <= 5; k++) {
    kind = kinds[k]
    before = during = after = ""
    none = 0
    for (i = 1; i <= n[kind]; i++) {
      s = second[kind, i]
      # sysbench's first seconds are a warm-up.
      if (i > 5 && s <= 0) before = before " " rate[kind, i]
      if (s > 0 && s <= took[kind]) during = during " " rate[kind, i]
      if (s > took[kind] + 1) after = after " " rate[kind, i]
      if (s > 0 && rate[kind, i] == 0) none++
    }
    printf "| %s | %.1f | %d | %d | %.2f | %d | %d |\n", title[kind], took[kind], median(before), mean(during),
      median(before) ? mean(during) / median(before) : 0, median(after), none
  }
  print ""
  print "One run each; before and after are medians of seconds, during is the mean."
}

function mean(sample,    values, count, sum, i) {
  count = split(sample, values, " ")
  for (i = 1; i <= count; i++) sum += values[i]
  return count ? sum / count : 0
}
