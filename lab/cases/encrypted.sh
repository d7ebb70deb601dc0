#!/bin/bash
# Encrypted tables: verification says that it needs the keys, and with them finds the backup good.
source "$(dirname "$0")/lib.sh"

if [[ $server == mariadb ]]; then
  files=(/etc/mysql/mariadb.conf.d/zz-lab.cnf /etc/mysql/lab_restore.cnf)
  encrypted='ENCRYPTED=YES'
else
  # Its keyring is a component that every server of this program loads.
  files=(/usr/sbin/mysqld.my /usr/lib/mysql/plugin/component_keyring_file.cnf)
  encrypted="ENCRYPTION='Y'"
fi
keys=/srv/lab_keys
# shellcheck disable=SC2317  # called by on_exit
without_encryption() {
  sql 'DROP TABLE IF EXISTS shop.lab_secret'
  rm -rf "${files[@]}" "${files[@]/%/.away}" "$keys"
  systemctl restart mariadb
}
on_exit without_encryption
install -d -m 0700 -o mysql -g mysql "$keys"
install -m 0600 -o mysql -g mysql /dev/null "$keys/keys"
if [[ $server == mariadb ]]; then
  echo "1;$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')" >"$keys/keys"
  printf '[mariadbd]\nplugin_load_add=file_key_management\nfile_key_management_filename=%s/keys\n' "$keys" |
    tee "${files[0]}" >"${files[1]}"
else
  echo '{"components": "file://component_keyring_file"}' >"${files[0]}"
  echo "{\"path\": \"$keys/keys\", \"read_only\": false}" >"${files[1]}"
fi
systemctl restart mariadb || fail 'the server does not start with encryption'
sql "CREATE TABLE shop.lab_secret (t VARCHAR(100)) ENGINE=InnoDB $encrypted;
  INSERT INTO shop.lab_secret VALUES ('nobody reads this without the key')"
backup
expect_status 0
! grep -q 'nobody reads this' "$root/$(newest)/shop/lab_secret.ibd" || fail 'the table is not encrypted'

verify() {
  : >"$log_file"
  status=0
  /app/verify_restore.sh </dev/null >/tmp/stdout 2>/tmp/stderr || status=$?
}
# A host that has the server's program, and not its keys.
[[ $server == mariadb ]] || mv "${files[0]}" "${files[0]}.away"
verify
expect_status 2
expect_log 'verify: FAILED .*encryption plugin and keys.*SERVER_OPTIONS_FILE.*mysqld.my'
if [[ $server == mariadb ]]; then
  configure "SERVER_OPTIONS_FILE=${files[1]}"
else
  mv "${files[0]}.away" "${files[0]}"
fi
verify
expect_status 0
grep -q '^good backup=' /tmp/stdout || fail "stdout: $(cat /tmp/stdout)"
