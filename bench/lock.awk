# Makes lock.sh's table. Input: writes asked for a second, what was going on, the longest gap in
# milliseconds, writes acknowledged a second.

BEGIN {
  title["nothing"] = "no backup"
  title["bare"] = "`lvcreate -s` between lock and unlock"
  title["ours"] = "`backup_mysql.sh`, LOCK_SCOPE=snapshot"
  title["mylvmbackup_"] = "`mylvmbackup`"
  print "| writes a second | were | | longest gap, ms | against `lvcreate -s` | against `mylvmbackup` |"
  print "| ---: | ---: | --- | ---: | ---: | ---: |"
}

{
  gaps[$1, $2] = gaps[$1, $2] " " $3
  writes[$1, $2] = writes[$1, $2] " " $4
}

function ratio(rate, who, other) {
  return sprintf("%.2f", median(gaps[rate, who]) / median(gaps[rate, other]))
}

END {
  split("50 500", rates)
  split("nothing bare ours mylvmbackup_", kinds)
  for (r = 1; r <= 2; r++)
    for (k = 1; k <= 4; k++)
      printf "| %s | %d | %s | %s | %s | %s |\n", rates[r], median(writes[rates[r], kinds[k]]), title[kinds[k]], spread(gaps[rates[r], kinds[k]], "%d"),
        ratio(rates[r], kinds[k], "bare"), ratio(rates[r], kinds[k], "mylvmbackup_")
  print ""
  print "Median [min-max] of " runs " rounds in turns; the longest time between two acknowledged writes of one client."
}
