#!/bin/bash
# The cron file: what cron(8) of Debian asks of it, and what its one command does.

# shellcheck source=base/testing/shell.sh
source base/testing/shell.sh

readonly file=cron/mysql-backup

# cron passes over files whose names have other characters, and the last line without a line feed.
expect 'a name that cron reads' grep -qE '^[A-Za-z0-9_-]+$' <<<"${file##*/}"
expect 'a line feed at the end' test "$(tail -c 1 "$file" | od -An -tx1)" = ' 0a'
expect 'printable characters only' test -z "$(tr -d '\n' <"$file" | tr -d '[:print:]')"
expect 'not longer than cron takes' test "$(wc -L <"$file")" -lt 1000

# Line by line, as cron takes them: comments, settings, entries.
declare -A settings=()
entries=()
while IFS= read -r line; do
  case $line in
    '' | '#'*) ;;
    [A-Z]*=*) settings[${line%%=*}]=${line#*=} ;;
    *) entries+=("$line") ;;
  esac
done <"$file"
expect 'one entry' test "${#entries[@]}" = 1
expect 'settings before the entry' test "$(grep -nE '^[A-Z]+=' "$file" | tail -n 1 | cut -d: -f1)" \
  -lt "$(grep -n "^0" "$file" | cut -d: -f1)"

read -r minute hour day month weekday user command <<<"${entries[0]}"
expect 'daily at 02:00' test "$minute $hour $day $month $weekday" = '0 2 * * *'
expect 'as root' test "$user" = root
expect 'the command that was asked for' \
  test "$command" = '/app/backup_mysql.sh >> /var/log/mysql_backup.log 2>&1'
# cron turns % into a line feed.
expect 'no % in the command' test "${command/\%/}" = "$command"
expect 'a shell that exists' test -x "${settings[SHELL]}"
expect 'a PATH with the sbin directories' grep -q '/usr/sbin:' <<<"${settings[PATH]}"
expect 'nothing else is set' test "${#settings[@]}" = 2

# The command itself, run as cron does: both streams are appended to the log.
readonly script=$test_dir/backup_mysql.sh log=$test_dir/mysql_backup.log
cat >"$script" <<'END'
#!/bin/bash
echo "to stdout, PATH=$PATH"
echo 'to stderr' >&2
exit 2
END
chmod +x "$script"
echo 'last night' >"$log"
command=${command//\/app\/backup_mysql.sh/$script}
command=${command//\/var\/log\/mysql_backup.log/$log}
run env -i SHELL="${settings[SHELL]}" PATH="${settings[PATH]}" LOGNAME=root HOME=/root \
  "${settings[SHELL]}" -c "$command"
expect_exit 2
expect_stdout ''
expect_no_stderr
expect 'appended, both streams' \
  test "$(cat "$log")" = "$(printf '%s\n' 'last night' "to stdout, PATH=${settings[PATH]}" 'to stderr')"
