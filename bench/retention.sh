#!/bin/bash
# Prints what retention takes with very many backups, and with a very large one.

# shellcheck source=bench/lib.sh
source "$(dirname -- "$(readlink -f -- "$0")")/lib.sh"

usage() {
  cat <<'END'
Usage: bench/retention.sh [--product=DIR] [--runs=N]

Runs list_backups, plan_retention and expire_backups in a row, below TMPDIR (/tmp): over 100,000 empty
backups of which all are kept, of which one goes, and of which all but seven go; and over eight of which
the oldest, with 1,000,000 empty files, goes. Beside that, the same by find, sort, head and rm. Each
begins with the page cache dropped. Prints a Markdown table.

  --product=DIR  what scripts/install.sh --destdir=DIR made (default: built for this)
  --runs=N       rounds (5)

Exit codes: 0 printed, 1 wrong usage, 2 failed. No figure is judged.
END
}

# make_backups N: empty ones, a second apart.
make_backups() {
  local -r first=1700000000
  awk -v first="$first" -v n="$1" -v root="$root" \
    'BEGIN { for (i = 0; i < n; i++) print root "/backup_" strftime("%Y%m%d_%H%M%S", first + i) }' | xargs mkdir
}

# The oldest with very many files; empty, since making others takes minutes.
make_large() {
  make_backups 8
  seq -f "$(find "$root" -mindepth 1 | sort | head -n 1)/t%.0f" 1000000 | xargs touch
}

# shellcheck disable=SC2317  # called by name
ours() { # KEEP
  "$tools/list_backups" --root="$root" --format=names |
    "$tools/plan_retention" --keep="$1" | "$tools/expire_backups" --root="$root"
}

# shellcheck disable=SC2317
by_hand() { # KEEP
  find "$root" -maxdepth 1 -name 'backup_*' -type d | sort | head -n "-$1" | xargs -r rm -rf
}

# take NAME KEEP LEFT: one of the two, which is to leave that many backups.
take() {
  local began ended
  drop_caches
  began=${EPOCHREALTIME/./}
  "${1#*:}" "$2" >"$scratch/words" 2>&1 || die 2 "$1 failed: $(tail -n 3 "$scratch/words")"
  ended=${EPOCHREALTIME/./}
  [[ $(find "$root" -mindepth 1 -maxdepth 1 | wc -l) == "$3" ]] || die 2 "$1 did not leave $3 backups"
  took[$1]+=" $(((ended - began) / 1000))"
}

main() {
  local i who scenario
  prepare 5 "$@"
  tools=$product/app/bin
  root=$scratch/root
  declare -gA took=()
  need_inodes 1100000
  for ((i = 0; i < runs; i++)); do
    for who in $(in_turns "$i" ours by_hand); do
      mkdir "$root"
      make_backups 100000
      take "all kept:$who" 100000 100000
      take "one goes:$who" 99999 99999
      take "all but seven go:$who" 7 7
      rm -rf "$root"
      mkdir "$root"
      make_large
      take "a large one goes:$who" 7 7
      rm -rf "$root"
    done
  done
  for scenario in '100,000 backups|all kept' '100,000 backups|one goes' '100,000 backups|all but seven go' \
    'eight backups, the oldest with 1,000,000 empty files|a large one goes'; do
    printf '%s|%s|%s\n' "$scenario" "${took["${scenario#*|}:ours"]}" "${took["${scenario#*|}:by_hand"]}"
  done | awk -F '[|]' -v runs="$runs" -f "$bench/statistics.awk" -f "$bench/retention.awk"
  describe
}

main "$@"
