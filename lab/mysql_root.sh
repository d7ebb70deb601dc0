#!/usr/bin/env bash
# Makes the root of a Debian machine with MySQL, which Debian has in sid only, for container.sh --root.
set -euo pipefail

usage() {
  cat <<'END'
Usage: lab/mysql_root.sh [--fresh]

Makes the root directory of a machine with MySQL, from Debian sid's packages, unless it is there
already (in the cache of the lab), and prints its path.

  --fresh  make it anew
  --help

Exit codes: 0 it is there; 1 wrong usage; 2 failed; 75 sid's MySQL cannot be installed today, with the
reason on stderr.
END
}

readonly PACKAGES=mysql-server,mysql-client,rsync,e2fsprogs,xfsprogs,util-linux,procps,perl,acl,attr,iproute2,locales
cache=${XDG_CACHE_HOME:-$HOME/.cache}/mysql-backup-lab
root=$cache/mysql-root

die() {
  printf 'mysql_root.sh: %s\n' "$2" >&2
  exit "$1"
}

case ${1-} in
  '') ;;
  --fresh) rm -rf "$root" ;;
  --help) usage && exit 0 ;;
  *) die 1 "unknown argument '$1'; see lab/mysql_root.sh --help" ;;
esac
if [[ ! -d $root ]]; then
  ((EUID == 0)) || die 2 'it needs root, for chroot'
  mkdir -p "$cache"
  # The mirror that this machine uses itself.
  # shellcheck disable=SC2016  # the field is apt's
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' |
    grep -v security | head -n 1)
  [[ -n $mirror ]] || die 75 'apt knows no Debian mirror here: try apt-get update'
  making=$(mktemp -d "$cache/making.XXXXXX")
  trap 'rm -rf "$making"' EXIT
  mmdebstrap --variant=minbase --aptopt='Acquire::Check-Valid-Until "false"' --include="$PACKAGES" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    sid "$making/root" "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main" \
    >"$making/log" 2>&1 ||
    die 75 "sid's MySQL cannot be installed: $(tail -n 3 "$making/log" | tr '\n' ' ')"
  [[ -x $making/root/usr/sbin/mysqld ]] || die 75 "sid's mysql-server has no mysqld"
  mv "$making/root" "$root"
fi
echo "$root"
