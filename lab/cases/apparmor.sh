#!/bin/bash
# A server program that AppArmor lets into its own directories and /tmp only, as Ubuntu's MySQL, is good
# enough for a verification. One that may not use /tmp: it cannot tell, and how to let it, not that the
# backup is bad.
# long
source "$(dirname "$0")/lib.sh"

verify() {
  status=0
  /app/verify_restore.sh </dev/null >/tmp/stdout 2>/tmp/stderr || status=$?
}

[[ $(</sys/module/apparmor/parameters/enabled) == Y ]] || fail 'the kernel has no AppArmor'
backup
expect_status 0
verify
expect_status 0
program=$(readlink -f "$(command -v "$server_program")")
cat >/tmp/profile <<END
$program flags=(attach_disconnected) {
  capability,
  network,
  signal,
  unix,
  /usr/** rmix,
  /{bin,lib,lib64,etc,proc,sys,dev}/** rmix,
  /dev/null rw,
  /{run,var/run}/mysqld/** rwk,
  /var/{lib,log}/mysql/{,**} rwk,
  /tmp/** rwk,
}
END
apparmor_parser --replace --skip-cache /tmp/profile || fail 'the profile is not loaded'
on_exit apparmor_parser --remove /tmp/profile
systemctl restart mariadb || fail 'the server does not start under its profile'
[[ $(<"/proc/$(pgrep -ox "$server_program")/attr/apparmor/current") == *'(enforce)' ]] || fail 'the profile has no effect'

verify
expect_status 0
sed -i '/\/tmp/d' /tmp/profile
apparmor_parser --replace --skip-cache /tmp/profile || fail 'the profile is not loaded'
verify
grep -m 1 ERROR "$log_file"
expect_status 2
expect 'another answer' grep -qx 'unknown backup=.*' /tmp/stdout
expect_log 'dmesg \| grep -i denied.*aa-complain'
# As it advises.
sed -i 's/flags=(/&complain,/' /tmp/profile
apparmor_parser --replace --skip-cache /tmp/profile || fail 'the profile is not loaded'
verify
expect_status 0
expect_clean
