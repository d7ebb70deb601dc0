#!/bin/bash
# Encrypted tables: verification says that it needs the keys, and with them finds the backup good.
# mariadb
source "$(dirname "$0")/lib.sh"

options=/etc/mysql/mariadb.conf.d/zz-lab.cnf
keys=/etc/mysql/lab_keys
given=/etc/mysql/lab_restore.cnf
# shellcheck disable=SC2317  # called by on_exit
without_encryption() {
  sql 'DROP TABLE IF EXISTS shop.lab_secret'
  rm -f "$options" "$keys" "$given"
  systemctl restart mariadb
}
on_exit without_encryption
(umask 077 && echo "1;$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')" >"$keys")
chown mysql "$keys"
printf '[mariadbd]\nplugin_load_add=file_key_management\nfile_key_management_filename=%s\n' "$keys" |
  tee "$options" >"$given"
systemctl restart mariadb || fail 'the server does not start with encryption'
sql 'CREATE OR REPLACE TABLE shop.lab_secret (t VARCHAR(100)) ENGINE=InnoDB ENCRYPTED=YES;
  INSERT INTO shop.lab_secret VALUES ("nobody reads this without the key")'
backup
expect_status 0
! grep -q 'nobody reads this' "$root/$(newest)/shop/lab_secret.ibd" || fail 'the table is not encrypted'

verify() {
  : >"$log_file"
  status=0
  /app/verify_restore.sh </dev/null >/tmp/stdout 2>/tmp/stderr || status=$?
}
verify
expect_status 2
expect_log 'verify: FAILED .*encryption plugin and keys.*SERVER_OPTIONS_FILE'
configure "SERVER_OPTIONS_FILE=$given"
verify
expect_status 0
grep -q '^good backup=' /tmp/stdout || fail "stdout: $(cat /tmp/stdout)"
