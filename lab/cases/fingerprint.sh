#!/bin/bash
# Prints what a faithful copy of the current directory has in common with it: type, mode, owner,
# times, size, links, target, checksum, ACL and extended attributes of every entry.
set -euo pipefail
# Left out of a copy: lost+found, sockets and pid files at the top. Only a copy has the manifest.
files() {
  find . -path ./lost+found -prune -o -type f ! -regex './[^/]*\.pid' ! -path ./backup.manifest -print0 |
    sort --zero-terminated
}

# Directories' sizes are the filesystem's own affair.
find . -path ./lost+found -prune -o \( -type d -printf '%P|%y|%m|%U:%G|%T@\0' \) -o \
  \( -type l -printf '%P|%y|%U:%G|%T@|%l\0' \) -o \
  \( -type f ! -regex './[^/]*\.pid' ! -path ./backup.manifest -printf '%P|%y|%m|%U:%G|%T@|%s|%n\0' \) |
  sort --zero-terminated | tr '\0' '\n'
files | xargs -0 sha256sum --zero | tr '\0' '\n'
files | xargs -0 getfacl --absolute-names --numeric --skip-base
files | xargs -0 getfattr --absolute-names --dump
