#!/usr/bin/env bash
# Makes things go wrong in backups, one at a time, and counts what was survived. See faults/README.md.
set -euo pipefail

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
  cat <<'END'
Usage: lab/faults.sh [--quick] [--server=mysql] [--configure=KEY=VALUE] [--filesystem=xfs]
                     [--product=DIR] [--output=DIR] [--from=N] [--jobs=N] [SUITE...]
       lab/faults.sh [--server=mysql] --repeat=SUITE/FAULT@POINT
       lab/faults.sh --report=DIR
       lab/faults.sh --list

Runs the suites named, or all. Each trial is a backup in which one thing goes wrong, followed by six
checks. A trial that failed is printed with the command that repeats it; at the end comes a line a
suite: "SUITE trials=N survived=N unreached=N".

  --quick         a selection, for every commit
  --product=DIR   the installed product (default: made by scripts/install.sh)
  --server=mysql  on MySQL, from Debian sid, instead of MariaDB
  --configure=KEY=VALUE
                  run all trials with this setting; may be repeated
  --filesystem=xfs
                  in the container, instead of ext4: for REUSE=reflink
  --output=DIR    keep the results there: SUITE.trials, and the logs of trials that failed
  --from=N        leave out the first N trials of each suite, which an earlier run has done: its results
                  in --output stay
  --jobs=N        containers or machines side by side (2)
  --repeat=TRIAL  run this one again and show the run's log
  --report=DIR    print the table of docs/reliability.md from the results in DIR
  --list          print the suites, where they run, and what each is about
  --help

Exit codes: 0 every trial was survived; 1 wrong usage; 2 one was not; 125 a machine failed.
END
}

# A line a suite: name, where it runs, one trial of how many with --quick, the script in faults/, and
# what it is about.
readonly SUITES='
signals   container  25  from_table.sh   signals to the script, its tools, its process group, at each point
double    container   9  double_kill.sh  killed, and killed again while the next run heals
errors    container   9  from_table.sh   a system call that fails, once or for good
programs  container  20  programs.sh     rsync, mount, LVM and others that fail, crash, hang, or print rubbish
lock      container   6  from_table.sh   the session, the server or the holder killed or stopped under the lock
verify    container  12  verify.sh       the verification itself, at each of its points
server    container   1  server.sh       what the server has in the way of the lock; data outside the volume
around    container   1  around.sh       log, environment, descriptors, secrets, planted links
lvm       machine    40  from_table.sh   signals and errors inside LVM, between suspending and resuming
reboot    machines   9   reboot.sh       the whole machine loses its power in mid-run, and starts again
'

die() {
  printf 'faults.sh: %s\n' "$2" >&2
  exit "$1"
}

field_of() { # SUITE NUMBER
  awk -v suite="$1" -v n="$2" '$1 == suite { print $n }' <<<"$SUITES"
}

# summary DIRECTORY SUITE: its line, from the results. Of a trial that was made twice, the later one
# counts.
summary() {
  awk -v suite="$2" '
    /^(OK|FAILED|UNREACHED) / { sub(/:$/, "", $2); result[$2] = $1 }
    END {
      for (trial in result) count[result[trial]]++
      printf "%s trials=%d survived=%d unreached=%d\n", suite, count["OK"] + count["FAILED"], count["OK"], count["UNREACHED"]
    }' "$1/$2.trials"
}

# What the results that follow are of.
describe() {
  printf '# %s, %(%Y-%m-%d)T%s%s\n' "$(git describe --always --dirty 2>/dev/null || echo unknown)" -1 "$how" \
    "$([[ $quick == no ]] || echo ', a selection')"
}

# The table of docs/reliability.md.
report() { # DIRECTORY
  local suite where trials survived unreached of about
  compgen -G "$1/*.trials" >/dev/null || die 2 "no results in $1"
  printf '%s\n' '| suite | where | trials | survived | not reached | what goes wrong | command | of |' \
    '| --- | --- | ---: | ---: | ---: | --- | --- | --- |'
  while read -r suite where _ _ about; do
    [[ -n $suite && -e $1/$suite.trials ]] || continue
    IFS='= ' read -r _ _ trials _ survived _ unreached < <(summary "$1" "$suite")
    of=$(sed -n 's/^# //p' "$1/$suite.trials" | sort -u | paste -sd ';')
    # shellcheck disable=SC2016  # Markdown's
    printf '| %s | %s | %d | %d | %d | %s | `lab/faults.sh %s` | %s |\n' \
      "$suite" "$where" "$trials" "$survived" "$unreached" "$about" "$suite" "$of"
  done <<<"$SUITES"
}

# run_part SUITE OPTION...: one container, or one machine after the other; for a subshell, since it
# may become that.
run_part() {
  local suite=$1 script
  script=$lab/faults/$(field_of "$suite" 4)
  local machine=("$lab/run.sh" --server="$server" --product="$product" "${with[@]}" --with="$lab/faults" --output="$output/logs")
  shift
  case $(field_of "$suite" 2) in
    container)
      exec "$lab/container.sh" --product="$product" --root="$root" --filesystem="$filesystem" "${with[@]}" \
        --output="$output/logs" "$script" "$suite" "$@"
      ;;
    machine)
      exec "${machine[@]}" --timeout=14400 "$lab/faults/in_machine.sh" "$(field_of "$suite" 4)" "$suite" "$@"
      ;;
    machines) run_boots "$suite" "$@" ;;
  esac
}

# boot MOMENT POINT DISKS: one machine on these disks; its words are in DISKS/MOMENT, its exit code is
# returned.
boot() {
  local status=0
  "${machine[@]}" --timeout=900 --disks="$3" "$script" "$1" "$2" >"$3/$1" 2>"$3/$1.log" &
  wait "$!" || status=$?
  return "$status"
}

# Each trial is two machines on the same disks: the first does not come back.
run_boots() { # SUITE OPTION...
  local fault point id disks index=0 status
  # shellcheck source=faults/options.sh
  source "$lab/faults/options.sh"
  trap 'kill $(jobs -p) 2>/dev/null; wait; exit 2' TERM
  while read -r fault point; do
    chosen $((index++)) "$fault@$point" || continue
    id=$suite/$fault@$point
    disks=$(mktemp -d "$temporary/disks.XXXXXX")
    status=0
    boot before "$point" "$disks" || status=$?
    if ((status == 0)); then
      cat "$disks/before" # not reached
    elif ((status != 125)); then
      echo "FAILED $id: the first boot ended with exit code $status: $(tail -n 1 "$disks/before")"
    elif ! boot after "$point" "$disks" || [[ ! -s $disks/after ]]; then
      echo "FAILED $id: the machine does not come back: $(tail -n 1 "$disks/after.log")"
    else
      cat "$disks/after"
    fi
    rm -rf "$disks"
  done < <(awk -v suite="$suite" '$1 == suite { print $2, $3 }' "$lab/faults/table.txt")
}

run_suite() {
  local suite=$1 part status=0 pids=() pid
  local options=("--from=$from")
  [[ $quick == no ]] || options+=("--every=$(field_of "$suite" 3)")
  for ((part = 0; part < jobs; part++)); do
    run_part "$suite" "--part=$part/$jobs" "${options[@]}" >"$output/$suite.part$part" \
      2> >(sed "s|^|$suite: |" >&2) &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || status=$?; done
  { describe && cat "$output/$suite".part*; } >"$temporary/made"
  rm "$output/$suite".part*
  # What an earlier run has done of it stays.
  ((from > 0)) || : >"$output/$suite.trials"
  cat "$temporary/made" >>"$output/$suite.trials"
  ! grep -q '^FAILED ' "$temporary/made" || failed=yes
  grep '^FAILED ' "$temporary/made" | sed -E "s|^FAILED ([^ ]+):.*|&\n    lab/faults.sh$how --repeat=\1|" || true
  summary "$output" "$suite"
  # A container that broke down must not pass for a short suite, nor one that found nothing to do.
  ((status == 0)) || die 125 "$suite: a container or machine ended with exit code $status"
  ((from > 0)) || grep -qE '^(OK|FAILED) ' "$temporary/made" || die 125 "$suite: no trial was made"
}

quick=no from=0 filesystem=ext4 server=mariadb root=/ product='' output='' jobs=2 repeat='' failed=no
suites=() configuration=()
for argument; do
  case $argument in
    --quick) quick=yes ;;
    --product=?*) product=$(realpath -- "${argument#*=}") ;;
    --server=mariadb | --server=mysql) server=${argument#*=} ;;
    --output=?*) output=$(realpath -m -- "${argument#*=}") ;;
    --filesystem=ext4 | --filesystem=xfs) filesystem=${argument#*=} ;;
    --configure=[A-Z]*=*) configuration+=("${argument#*=}") ;;
    --from=[0-9]*) from=${argument#*=} ;;
    --jobs=[1-9]) jobs=${argument#*=} ;;
    --repeat=*/*@*) repeat=${argument#*=} ;;
    --report=?*) report "${argument#*=}" && exit 0 ;;
    --list) sed '/^$/d' <<<"$SUITES" && exit 0 ;;
    --help) usage && exit 0 ;;
    -*) die 1 "unknown option '$argument'; see lab/faults.sh --help" ;;
    *)
      [[ -n $(field_of "$argument" 1) ]] || die 1 "no suite '$argument'; see lab/faults.sh --list"
      suites+=("$argument")
      ;;
  esac
done
((EUID == 0)) || die 1 'it needs root, for namespaces and loop devices'
# What it takes to repeat a trial, besides its name.
how=
[[ $server == mariadb ]] || how+=" --server=$server"
[[ $filesystem == ext4 ]] || how+=" --filesystem=$filesystem"
for argument in "${configuration[@]}"; do how+=" --configure=$argument"; done
[[ $server == mariadb ]] || root=$("$lab/mysql_root.sh") || die 125 'no machine with MySQL'

temporary=$(mktemp -d)
trap 'exit 2' TERM INT HUP
trap 'pids=$(jobs -p); [[ -z $pids ]] || kill $pids 2>/dev/null; wait; rm -rf "$temporary"' EXIT
cd "$lab/.."
if [[ -z $product ]]; then
  product=$temporary/product
  scripts/install.sh --destdir="$product" >/dev/null
fi
bazel build --config=release //lab/faults:fault_point
fault_point=$(bazel info --config=release bazel-bin)/lab/faults/fault_point
output=${output:-$temporary/output}
with=("--with=$fault_point")
if ((${#configuration[@]})); then
  printf '%s\n' "${configuration[@]}" >"$temporary/configuration"
  with+=("--with=$temporary/configuration")
fi
mkdir -p "$output/logs"

if [[ -n $repeat ]]; then
  (run_part "${repeat%%/*}" --part=0/1 "--only=${repeat#*/}") | tee "$temporary/repeated"
  grep -q '^OK ' "$temporary/repeated" || exit 2
  exit 0
fi
((${#suites[@]})) || mapfile -t suites < <(awk 'NF { print $1 }' <<<"$SUITES")
for suite in "${suites[@]}"; do
  run_suite "$suite"
done
[[ $failed == no ]] || exit 2
