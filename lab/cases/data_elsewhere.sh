#!/bin/bash
# Data that the snapshot would not contain: refused before the lock, naming what and where.
source "$(dirname "$0")/lib.sh"

refused() { # PATTERN
  backup
  expect_status 2
  expect_log "preflight: FAILED .*$1"
  expect_not_in_log 'quiesce: started'
  expect 'something was published' test -z "$(published)"
  : >"$log_file"
}

lvcreate --quiet --yes --name elsewhere --size 64M vg_mysql >/dev/null
on_exit lvremove --quiet --yes vg_mysql/elsewhere
configure LV=elsewhere
refused 'is not on the volume that is to be snapshotted'
configure LV=no_such_lv
refused 'no_such_lv.*check VG and LV'
configure VG=no_such_vg
refused 'no_such_vg.*check VG'
configure DATADIR=/srv
refused 'the server keeps its data in /var/lib/mysql, but DATADIR leads to /srv'
configure

install -d -o mysql -g mysql /srv/moved
restart_without() {
  rm "$1"
  systemctl restart mariadb
}
if [[ $server == mysql ]]; then
  # It makes tables only in places that it was started with.
  options=/etc/mysql/conf.d/zz-lab.cnf
  printf '[mysqld]\ninnodb_directories=/srv/moved\n' >"$options"
  on_exit restart_without "$options"
  systemctl restart mariadb || fail 'the server does not start with another directory'
fi
sql "CREATE TABLE shop.lab_moved (a INT) ENGINE=InnoDB DATA DIRECTORY='/srv/moved'"
refused 'DATA DIRECTORY'
sql 'DROP TABLE shop.lab_moved'
sql 'CREATE DATABASE lab_schema'
mv /var/lib/mysql/lab_schema /srv/moved/
ln -s /srv/moved/lab_schema /var/lib/mysql/lab_schema
refused '/var/lib/mysql/lab_schema leads to lies at /srv/moved/lab_schema'
rm /var/lib/mysql/lab_schema
mv /srv/moved/lab_schema /var/lib/mysql/
sql 'DROP DATABASE lab_schema'
backup
expect_status 0
expect_clean
