#!/bin/bash
# Shows the whole thing at work: a live MariaDB server on real LVM, in a throwaway machine, is backed
# up, and the backup is verified.

set -euo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL=C

usage() {
  cat <<'END'
Usage: scripts/quickstart.sh

On a Debian 12 machine, as root: installs the packages that are missing, builds the tools, boots a
throwaway machine (QEMU, no network) with a live MariaDB server whose data lies on an LVM volume,
backs it up there while a client goes on writing, verifies the backup, and shows the log and the
result. The first time takes about five minutes. The host itself gets packages and a cached machine
image, nothing else.

Exit codes: 0 the backup was made and verified; otherwise the step that failed says why.
END
}

case ${1-} in
  '') ;;
  --help)
    usage
    exit 0
    ;;
  *)
    echo "quickstart.sh: unknown argument '$1'; see scripts/quickstart.sh --help" >&2
    exit 1
    ;;
esac

say() {
  printf '\n==> %s\n' "$1"
}

cd "$(dirname "$0")/.."
product=$(mktemp -d)
trap 'rm -rf "$product"' EXIT

say 'Packages'
scripts/setup.sh --for=lab
say 'Building the tools'
scripts/install.sh --destdir="$product" >/dev/null
say 'The lab machine'
lab/build_image.sh >/dev/null
say 'Booting it'
lab/run.sh --product="$product" lab/demo.sh
