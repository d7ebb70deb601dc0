#!/bin/bash
# Builds the tools, optimised, and installs them with the scripts and the files for cron, logrotate
# and the configuration.

set -euo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL=C
umask 022

readonly CONFIG=/etc/mysql-backup.conf
readonly LOG=/var/log/mysql_backup.log
# How accounts of MySQL log in; the one thing that cannot be linked in.
readonly PLUGIN=caching_sha2_password.so

# One line a file that is not built: mode, where it is in the repository, where it goes.
readonly FILES='
0644 scripts/lib/steps.sh         /app/lib/steps.sh
0755 scripts/backup_mysql.sh      /app/backup_mysql.sh
0755 scripts/verify_restore.sh    /app/verify_restore.sh
0755 scripts/restore_mysql.sh     /app/restore_mysql.sh
'

# The same, for what an administrator edits: it is put where there is none.
readonly EDITED='
0600 config/mysql-backup.conf     /etc/mysql-backup.conf
0644 cron/mysql-backup            /etc/cron.d/mysql-backup
0644 cron/mysql-backup.logrotate  /etc/logrotate.d/mysql-backup
'

# One line a program that a run needs from the host: Debian package, then its places, any of which
# will do.
readonly RUNTIME='
lvm2           /usr/sbin/lvm
rsync          /usr/bin/rsync
mount          /usr/bin/mount
util-linux     /usr/sbin/blkid
util-linux     /usr/bin/setpriv
cron           /usr/sbin/cron /usr/sbin/crond
logrotate      /usr/sbin/logrotate
mariadb-client /usr/bin/mariadb-binlog /usr/bin/mysqlbinlog
mariadb-server /usr/sbin/mariadbd /usr/sbin/mysqld /usr/libexec/mariadbd /usr/libexec/mysqld
'

usage() {
  cat <<'END'
Usage: scripts/install.sh [--destdir=DIR]

Builds the tools and installs, as root:

  /app/backup_mysql.sh, /app/verify_restore.sh,
  /app/restore_mysql.sh, /app/lib                          the scripts
  /app/bin                                                 the tools
  /etc/cron.d/mysql-backup                                 the nightly run at 02:00
  /etc/logrotate.d/mysql-backup                            rotation of its log
  /etc/mysql-backup.conf                                   the configuration

Each file is replaced in one step, so that a script that is running goes on with its old text. Those in
/etc are kept where they are there already. It can be run again at any time.

  --destdir=DIR  install below DIR instead of /; made if missing

Stdout: the installed files, one a line.
Exit codes: 0 installed, 1 wrong usage, 2 failed (run it again), 75 a backup is running just now.
END
}

say() {
  printf 'install.sh: %s\n' "$@" >&2
}

die() {
  local -r code=$1
  shift
  say "$@"
  exit "$code"
}

# put MODE SOURCE TARGET: makes TARGET, an absolute path, a copy that belongs to root. The name of
# the temporary file is one that cron and logrotate pass over, should they look at that moment.
put() {
  local -r mode=$1 source=$2 target=$destdir$3
  temporary=${target%/*}/.${target##*/}.new~
  if ! {
    { [[ -d ${target%/*} ]] || install -d -m 0755 -- "${target%/*}"; } &&
      install -m "$mode" -o root -g root -- "$source" "$temporary" &&
      mv -fT -- "$temporary" "$target"
  }; then
    die 2 "cannot install $target (see above): mend that, then run this again"
  fi
  temporary=
  printf '%s\n' "$target"
}

# Builds the tools and prints their paths, one a line.
build_tools() {
  local -r target=//scripts:tools
  local root
  root=$(bazel info execution_root) || return
  bazel build --config=release "$target" >&2 || return
  bazel cquery --config=release --output=starlark \
    --starlark:expr='"\n".join([file.path for file in target.files.to_list()])' "$target" \
    2>"$scratch/cquery" | sed "s|^|$root/|" || {
    cat "$scratch/cquery" >&2
    return 1
  }
}

# Says which programs a run will not find on this host.
check_runtime() {
  local package places path
  while read -r package places; do
    [[ -n $package ]] || continue
    for path in $places; do
      [[ ! -x $path ]] || continue 2
    done
    say "WARNING: ${places// / or } is missing here and needed at run time: apt-get install $package"
  done <<<"$RUNTIME"
}

main() {
  local argument
  destdir=
  for argument in "$@"; do
    case $argument in
      --help | -h)
        usage
        exit 0
        ;;
      --destdir=?*) destdir=$(realpath -m -- "${argument#--destdir=}") ;;
      *) die 1 "unknown argument '$argument'; see scripts/install.sh --help" ;;
    esac
  done
  [[ $destdir != / ]] || destdir=
  [[ $(id -u) == 0 ]] ||
    die 2 'not running as root: the installed files must belong to root; use sudo'
  command -v bazel >/dev/null || die 2 'bazel is missing: run scripts/setup.sh --for=build'
  cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

  build_tools >"$scratch/tools" || die 2 'the build failed (see above); nothing was installed'

  # A run calls its tools one after the other: they must be of one version.
  if [[ -z $destdir && -e /run/mysql-backup/lock ]]; then
    exec 9>>/run/mysql-backup/lock
    flock --nonblock 9 || die 75 'a backup is running: install when it has ended'
  fi

  local mode source target
  while IFS= read -r source; do
    put 0755 "$source" "/app/bin/${source##*/}"
  done <"$scratch/tools"
  while read -r mode source target; do
    [[ -z $mode ]] || put "$mode" "$source" "$target"
  done <<<"$FILES"
  put 0644 "$(mariadb_config --plugindir)/$PLUGIN" "/app/lib/plugin/$PLUGIN"
  while read -r mode source target; do
    [[ -n $mode ]] || continue
    if [[ ! -e $destdir$target && ! -L $destdir$target ]]; then
      put "$mode" "$source" "$target"
    elif ! cmp -s -- "$source" "$destdir$target"; then
      say "$destdir$target is kept as it is; the new one is $PWD/$source"
    fi
  done <<<"$EDITED"

  # Else cron's first run would make it for everyone to read.
  [[ -n $destdir || -e $LOG ]] || install -m 0640 -o root -g adm -- /dev/null "$LOG"

  if [[ -n $destdir ]]; then
    say "installed below $destdir: copy app/ and etc/ from there to / of the database host."
    return
  fi
  check_runtime
  say "installed. Now: look at $CONFIG; check it with /app/bin/read_config;" \
    'take the first backup by hand: /app/backup_mysql.sh; prove it: /app/verify_restore.sh.' \
    'From then on cron takes one every night at 02:00.'
}

scratch=$(mktemp -d)
readonly scratch
temporary=
trap 'rm -rf -- "$scratch" ${temporary:+"$temporary"}' EXIT
main "$@"
