#!/bin/bash
# Installs what building and testing need, from Debian's packages and nowhere else.

set -euo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL=C

# One line a package: group, name, purpose. A group may rely on those before it (see groups_for).
#
# Deliberately absent: packages whose installation starts a service (mariadb-server, cron, lvm2). The
# tests start what they need themselves; the rest lives in the lab machine.
readonly PACKAGES='
build bazel-bootstrap       Bazel 4
build bazel-rules-java      repository that every Bazel workspace loads
build bazel-rules-proto     repository that every Bazel workspace loads
build bazel-platforms       repository that every Bazel workspace loads
build bazel-skylib          repository that every Bazel workspace loads
build g++                   compiler
build libabsl-dev           abseil, static
build libgoogle-glog-dev    glog, static
build libunwind-dev         header for the part of libunwind that glog calls
build libgflags-dev         gflags, static
build libmariadb-dev        MariaDB Connector/C, static
build libmariadb3           its plugin for caching_sha2_password
build libssl-dev            OpenSSL, static, for Connector/C
build zlib1g-dev            zlib, static, for Connector/C
build libzstd-dev           zstd, static, for Connector/C
build nlohmann-json3-dev    JSON, headers only
build libxxhash-dev         XXH128, static, for manifests
build libgtest-dev          googletest
build libgmock-dev          googlemock
test  acl                   access control lists on test files
test  attr                  extended attributes on test files
test  clang                 compiles the fuzz targets
test  clang-format          presubmit: format of C++
test  clang-tidy            presubmit: lint of C++
test  e2fsprogs             ext4 on test devices
test  git                   presubmit: list of files
test  iproute2              lab: replication between two servers in a container
test  libclang-rt-14-dev    libFuzzer and the sanitizers of clang
test  locales               lab: a locale that is not C in a container
test  logrotate             the rotation of the log
test  mariadb-client-core   mariadb, mariadb-check
test  mariadb-client        mariadb-binlog
test  mariadb-server-core   mariadbd, mariadb-install-db, without a running service
test  procps                tests look at processes
test  rsync                 what sync_tree runs
test  shellcheck            presubmit: lint of shell
test  shfmt                 presubmit: format of shell
test  time                  bench: peak memory
test  util-linux            mount, losetup, flock
test  xxhash                xxh128sum, the second opinion on checksums
test  xfsprogs              xfs on test devices
lab   acl                   power cuts: access control lists in fingerprints
lab   attr                  power cuts: extended attributes in fingerprints
lab   e2fsprogs             turns a directory into a disk image
lab   gnuplot-nox           bench: plots
lab   mmdebstrap            makes the root of the lab machine
lab   qemu-system-x86       runs the lab machine
lab   qemu-utils            disk images of the lab machine
'

usage() {
  cat <<'END'
Usage: scripts/setup.sh [--for=build|test|lab|all] [--dry-run]

Installs the Debian packages that are still missing, by apt-get, as root. When none is missing it
does nothing and is quick.

  --for=build  compile the tools (all that scripts/install.sh needs)
  --for=test   build, and run the tests and scripts/presubmit.sh
  --for=lab    build, and run the lab machine with real LVM
  --for=all    all of these (default)
  --dry-run    only say what is missing; root is not needed

Exit codes: 0 everything is there (with --dry-run: the list was printed), 1 wrong usage,
2 failed (apt-get can be run again; what it had done is kept).
END
}

die() {
  local -r code=$1
  shift
  printf 'setup.sh: %s\n' "$@" >&2
  exit "$code"
}

# Prints the groups that make up the goal, one a line.
groups_for() {
  case $1 in
    build) echo build ;;
    test) printf '%s\n' build test ;;
    lab) printf '%s\n' build lab ;;
    all) printf '%s\n' build test lab ;;
    *) return 1 ;;
  esac
}

# Prints "group package purpose" for each package of these groups that is not installed.
missing_in() {
  local -A installed=()
  local wanted group package purpose
  for wanted in "$@"; do
    while read -r group package purpose; do
      [[ $group == "$wanted" ]] || continue
      printf '%s %s %s\n' "$group" "$package" "$purpose"
    done <<<"$PACKAGES"
  done >"$scratch/wanted"

  # One call for all of them. It exits 1 when a name is unknown, which only means not installed.
  # shellcheck disable=SC2016 # the format is dpkg-query's, not the shell's
  cut -d' ' -f2 "$scratch/wanted" | sort -u |
    xargs dpkg-query -W -f '${binary:Package} ${db:Status-Status}\n' \
      >"$scratch/known" 2>/dev/null || true
  local status
  while read -r package status; do
    # A package of several architectures is reported as name:architecture.
    if [[ $status == installed ]]; then installed[${package%%:*}]=yes; fi
  done <"$scratch/known"
  while read -r group package purpose; do
    [[ -n ${installed[$package]:-} ]] || printf '%s %s %s\n' "$group" "$package" "$purpose"
  done <"$scratch/wanted"
}

# Runs apt-get quietly; shows what it said only when it fails.
apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" \
    </dev/null >"$scratch/apt.log" 2>&1 && return
  tail -n 20 "$scratch/apt.log" >&2
  return 1
}

main() {
  local goal=all dry_run=no argument
  for argument in "$@"; do
    case $argument in
      --help | -h)
        usage
        exit 0
        ;;
      --for=build | --for=test | --for=lab | --for=all) goal=${argument#--for=} ;;
      --for=*) die 1 "--for takes build, test, lab or all, not '${argument#--for=}'" ;;
      --dry-run) dry_run=yes ;;
      *) die 1 "unknown argument '$argument'; see scripts/setup.sh --help" ;;
    esac
  done

  local program
  for program in apt-get dpkg-query; do
    command -v "$program" >/dev/null ||
      die 2 "$program not found: everything comes from Debian's packages." \
        "Run this on Debian 12, or in a Debian 12 container or chroot."
  done

  local -a groups missing=()
  mapfile -t groups < <(groups_for "$goal")
  missing_in "${groups[@]}" >"$scratch/missing"
  mapfile -t missing <"$scratch/missing"
  if ((${#missing[@]} == 0)); then
    echo "setup.sh: nothing to install for '$goal'"
    return
  fi

  echo "setup.sh: to be installed for '$goal':"
  local line group package purpose
  local -a names=()
  for line in "${missing[@]}"; do
    read -r group package purpose <<<"$line"
    printf '  %-5s  %-20s  %s\n' "$group" "$package" "$purpose"
    names+=("$package")
  done
  [[ $dry_run == no ]] || return 0
  [[ $(id -u) == 0 ]] || die 2 "installing packages needs root; run it as root or with sudo"

  apt update || die 2 "apt-get update failed (see above): check /etc/apt/sources.list and the mirror"
  apt install --yes --no-install-recommends "${names[@]}" ||
    die 2 "apt-get install failed (see above): mend that, then run this again"
  echo "setup.sh: done"
}

scratch=$(mktemp -d)
readonly scratch
trap 'rm -rf -- "$scratch"' EXIT
main "$@"
