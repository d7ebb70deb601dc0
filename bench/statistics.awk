# Functions for the other awk programs: a sample is a string of numbers with spaces between.

# Fills sorted[1..n] and returns n.
function sort_sample(sample, sorted,    n, i, j, value) {
  n = split(sample, sorted, " ")
  for (i = 2; i <= n; i++) {
    value = sorted[i] + 0
    for (j = i - 1; j >= 1 && sorted[j] + 0 > value; j--) sorted[j + 1] = sorted[j]
    sorted[j + 1] = value
  }
  return n
}

# All samples have one figure a round; a program that has other ones leaves `runs` unset.
function median(sample,    sorted, n) {
  n = sort_sample(sample, sorted)
  if (n == 0) return 0
  if (runs && n != runs) {
    print n " figures instead of " runs ":" sample > "/dev/stderr"
    exit 2
  }
  return (sorted[int((n + 1) / 2)] + sorted[int(n / 2) + 1]) / 2
}

# "median [min-max]", each in the given printf format.
function spread(sample, format,    sorted, n) {
  n = sort_sample(sample, sorted)
  if (n == 0) return "-"
  return sprintf(format " [" format "-" format "]", median(sample), sorted[1], sorted[n])
}
