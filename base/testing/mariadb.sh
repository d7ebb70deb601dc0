# A private MariaDB server for shell tests; to be sourced after shell.sh. Needs root and the
# packages mariadb-server-core and mariadb-client-core.
#
#   start_mariadb [OPTION...]   starts one on a socket only, on $server_dir/data, which is made unless
#                               it is there; $socket is its socket, $server_pid its process id
#   stop_mariadb                shuts it down and waits for its end; so does the end of the test
#   sql [STATEMENT]             runs it, or what is on stdin, as root, and prints the rows
#
# $server_dir is a directory that every user reaches; $server_user the server's user.
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034  # test_dir is shell.sh's; socket is for the tests

server_user=daemon # any that is not root and is on every machine
# Not the test's own directory: its path may be too long for a socket, which has 107 characters.
server_dir=$(mktemp -d /var/tmp/mariadb_test.XXXXXX)
chmod 755 "$server_dir"
socket=$server_dir/run/mysqld.sock
server_pid=
on_exit rm -rf "$server_dir"
on_exit stop_mariadb

make_datadir() {
  install -d -o "$server_user" "$server_dir/data" "$server_dir/tmp"
  mariadb-install-db --no-defaults --user="$server_user" --datadir="$server_dir/data/" \
    --auth-root-authentication-method=normal --skip-test-db --force --innodb-log-file-size=8M \
    --tmpdir="$server_dir/tmp" >"$server_dir/install.log" 2>&1 ||
    fail "mariadb-install-db: $(cat "$server_dir/install.log")"
}

start_mariadb() {
  [[ -e $server_dir/data ]] || make_datadir
  # A server that starts clears the temporary files of any other out of a directory that they share.
  install -d -o "$server_user" "$server_dir/run" "$server_dir/tmp"
  mariadbd --no-defaults --user="$server_user" --datadir="$server_dir/data" --socket="$socket" \
    --pid-file="$server_dir/run/pid" --log-error="$server_dir/run/error.log" --skip-networking \
    --tmpdir="$server_dir/tmp" --innodb-log-file-size=8M --innodb-buffer-pool-size=32M "$@" 2>/dev/null &
  server_pid=$!
  local i
  for ((i = 0; i < 300; i++)); do
    sql 'SELECT 1' >/dev/null 2>&1 && return
    kill -0 "$server_pid" 2>/dev/null || break
    sleep 0.1
  done
  fail "mariadbd did not start: $(tail -n 5 "$server_dir/run/error.log")"
}

stop_mariadb() {
  [[ -n $server_pid ]] || return 0
  kill -TERM "$server_pid" 2>/dev/null || true
  wait "$server_pid" 2>/dev/null || true
  server_pid=
}

sql() {
  mariadb --no-defaults --default-character-set=utf8mb4 --socket="$socket" --user=root --batch \
    --skip-column-names ${1+--execute="$1"}
}
