#!/bin/bash
# A live writer, and the ledger of what the server has acknowledged, kept outside the server.
# Usage: ledger.sh DIRECTORY. Ends when DIRECTORY/stop appears.
#
# Round N writes N to a transactional and then to a non-transactional table. It is written to
# DIRECTORY/issued before, and to DIRECTORY/acknowledged, with the time, when the server has answered.
cd "$1" || exit
n=0
while [[ ! -e stop ]]; do
  coproc CLIENT { exec mariadb --batch --skip-column-names --unbuffered --skip-reconnect 2>/dev/null; }
  # shellcheck disable=SC2153  # coproc sets it
  client=$CLIENT_PID
  exec 3<&"${CLIENT[0]}" 4>&"${CLIENT[1]}"
  while [[ ! -e stop ]]; do
    echo $((++n)) >>issued
    printf 'INSERT INTO shop.lab_ledger_innodb VALUES (%d); INSERT INTO shop.lab_ledger_myisam VALUES (%d); SELECT %d;\n' \
      "$n" "$n" "$n" >&4 2>/dev/null || break
    read -r -t 60 answer <&3 || break
    [[ $answer == "$n" ]] || break
    echo "$n $EPOCHREALTIME" >>acknowledged
    sleep 0.03
  done
  exec 3<&- 4>&-
  kill "$client" 2>/dev/null
  wait "$client" 2>/dev/null
  sleep 0.1
done
