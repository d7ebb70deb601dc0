#!/bin/bash
# Prints what a faithful copy of the current directory has in common with it: type, mode, owner,
# times, size, links, target, checksum, ACL and extended attributes of every entry.
set -euo pipefail
{
  # Directories' sizes are the filesystem's own affair.
  find . -path ./lost+found -prune -o \( -type d -printf '%P|%y|%m|%U:%G|%T@\0' \) -o \
    \( -type l -printf '%P|%y|%U:%G|%T@|%l\0' \) -o \
    \( -type f ! -path './*.pid' -printf '%P|%y|%m|%U:%G|%T@|%s|%n\0' \)
  find . -path ./lost+found -prune -o -type f ! -path './*.pid' -print0 | xargs -0 sha256sum --zero
  find . -path ./lost+found -prune -o -type f ! -path './*.pid' -print0 |
    xargs -0 getfacl --absolute-names --numeric --skip-base
  find . -path ./lost+found -prune -o -type f ! -path './*.pid' -print0 |
    xargs -0 getfattr --absolute-names --dump
} | sort --zero-terminated | tr '\0' '\n'
