# Plots transactions.sh's records: one panel a backup, the time of the backup shaded.
# Variables: records, plot_file.

set terminal svg size 900,1200 font "sans,12" background "white"
set output plot_file
kinds = "ours_backup ours_backup_rate ours_snapshot ours_snapshot_rate mylvmbackup_ mariadb_backup"
titles = "'backup\\_mysql.sh, LOCK\\_SCOPE=backup' 'the same, COPY\\_RATE=8M' 'backup\\_mysql.sh, LOCK\\_SCOPE=snapshot' 'the same, COPY\\_RATE=8M' 'mylvmbackup, rsync' 'mariadb-backup'"
first = -15
last = system("awk '$2 != \"took\" && $2 > last { last = $2 } END { print last }' " . records) + 0
highest = system("awk '$2 != \"took\" && $3 > top { top = $3 } END { print top }' " . records) + 0
set xrange [first:last]
set yrange [0:highest * 1.05]
set grid ytics linecolor rgb "#dddddd"
set ylabel "transactions/s"
unset key
set multiplot layout words(kinds), 1
do for [i = 1:words(kinds)] {
  kind = word(kinds, i)
  took = system("awk '$1 == \"" . kind . "\" && $2 == \"took\" { print $3 }' " . records) + 0
  set title word(titles, i) . sprintf(" (%.0f s)", took)
  set object 1 rectangle from 0, 0 to took, highest * 1.05 fillcolor rgb "#e8f0fe" fillstyle solid noborder behind
  if (i == words(kinds)) { set xlabel "seconds since the backup began" }
  plot "< awk '$1 == \"" . kind . "\" && $2 != \"took\" { print $2, $3 }' " . records with lines linewidth 1.5 linecolor rgb "#1a56a0"
}
unset multiplot
