#include "base/human_bytes.h"

#include "absl/strings/str_format.h"

namespace mysql_backup {

std::string HumanBytes(double bytes) {
  if (bytes < 1024) return absl::StrFormat("%.0f B", bytes);
  const char* const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  size_t unit = 0;
  bytes /= 1024;
  // What would be rounded up to 1024.0 belongs to the next unit.
  while (bytes >= 1023.95 && unit + 1 < sizeof(units) / sizeof(units[0])) {
    bytes /= 1024;
    ++unit;
  }
  return absl::StrFormat("%.1f %s", bytes, units[unit]);
}

}  // namespace mysql_backup
