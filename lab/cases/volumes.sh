# Other volumes for the server's data than the machine comes with; to be sourced after lib.sh.
# shellcheck shell=bash

# lay_out ext4|xfs classic|thin [POOL_MB]: moves the data to such a volume, of 800 MB, in a thin pool
# of 1600 MB. The machine stays so.
lay_out() {
  local volume=vg_mysql/lv_mysql_data moved=/backups/moved
  systemctl stop mariadb || fail 'the server does not stop'
  mkdir "$moved"
  cp -a /var/lib/mysql/. "$moved"
  umount /var/lib/mysql || fail 'the data is in use'
  lvremove --quiet --yes "$volume" >/dev/null || fail 'the volume stays'
  if [[ $2 == thin ]]; then
    lvcreate --quiet --yes --type thin-pool --name pool --size "${3-1600}M" vg_mysql >/dev/null &&
      lvcreate --quiet --yes --thin --name lv_mysql_data --virtualsize 800M vg_mysql/pool >/dev/null
  else
    lvcreate --quiet --yes --name lv_mysql_data --size 800M vg_mysql >/dev/null
  fi || fail "no $2 volume"
  if [[ $1 == xfs ]]; then mkfs.xfs -q "/dev/$volume"; else mkfs.ext4 -q "/dev/$volume"; fi
  mount "/dev/$volume" /var/lib/mysql || fail "no $1"
  cp -a "$moved/." /var/lib/mysql
  rm -rf "$moved"
  systemctl start mariadb || fail 'the server does not start on the new volume'
}
