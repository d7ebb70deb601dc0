# A private MariaDB server for shell tests; to be sourced after shell_test.sh.
#
#   start_mariadb [OPTION...]   starts one on a socket only, in $server_dir, and ends it with the test;
#                               $socket is its socket, $server_pid its process id
#   stop_mariadb                shuts it down and waits for its end
#   sql STATEMENT               runs it as root and prints the rows
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034  # test_dir is shell_test.sh's; socket is for the tests

# Sockets have at most 107 characters of path, which a Bazel test directory can be too long for.
server_dir=$(mktemp -d /tmp/mariadb_test.XXXXXX)
socket=$server_dir/mysqld.sock
server_pid=
on_exit rm -rf "$server_dir"
on_exit stop_mariadb

start_mariadb() {
  if [[ ! -d $server_dir/data ]]; then
    mariadb-install-db --no-defaults --user=root --datadir="$server_dir/data" \
      --innodb-log-file-size=8M >"$server_dir/install.log" 2>&1 ||
      fail "mariadb-install-db: $(cat "$server_dir/install.log")"
  fi
  mariadbd --no-defaults --user=root --datadir="$server_dir/data" --socket="$socket" \
    --pid-file="$server_dir/pid" --log-error="$server_dir/error.log" --skip-networking \
    --innodb-log-file-size=8M --innodb-buffer-pool-size=32M "$@" &
  server_pid=$!
  local i
  for ((i = 0; i < 300; i++)); do
    sql 'SELECT 1' >/dev/null 2>&1 && return
    kill -0 "$server_pid" 2>/dev/null || break
    sleep 0.1
  done
  fail "mariadbd did not start: $(tail -n 5 "$server_dir/error.log")"
}

stop_mariadb() {
  [[ -n $server_pid ]] || return 0
  kill -TERM "$server_pid" 2>/dev/null || true
  wait "$server_pid" 2>/dev/null || true
  server_pid=
}

sql() {
  mariadb --no-defaults --socket="$socket" --user=root --batch --skip-column-names -e "$1"
}
