// The parts of lvm.h that run nothing.

#include <sys/sysmacros.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "snapshot/lvm.h"

namespace mysql_backup {
namespace {

constexpr size_t kFields = 9;       // of kLvsFields in lvm.cc
constexpr size_t kAttributes = 10;  // letters of lv_attr; a later LVM may have more

absl::Status BadLine(absl::string_view line) {
  return absl::InvalidArgumentError(absl::StrCat("lvs printed a line of an unknown form: ", line));
}

}  // namespace

bool LogicalVolume::IsOurs() const {
  return std::find(tags.begin(), tags.end(), kTag) != tags.end();
}

bool LogicalVolume::IsValidSnapshot() const {
  // Not a number fails both comparisons.
  return attributes.size() >= kAttributes && attributes[0] == 's' && attributes[4] == 'a' &&
         data_percent.has_value() && *data_percent >= 0 && *data_percent < 100;
}

bool LogicalVolume::IsLostSnapshot() const {
  return (attributes.size() > 4 && (attributes[4] == 'I' || attributes[4] == 'S')) ||
         data_percent.value_or(0) >= 100;
}

absl::StatusOr<std::vector<LogicalVolume>> ParseLvs(absl::string_view report) {
  std::vector<LogicalVolume> volumes;
  for (const absl::string_view line : absl::StrSplit(report, '\n', absl::SkipWhitespace())) {
    const std::vector<absl::string_view> fields =
        absl::StrSplit(absl::StripAsciiWhitespace(line), '|');
    if (fields.size() != kFields) return BadLine(line);
    LogicalVolume volume;
    volume.name = std::string(fields[0]);
    volume.origin = std::string(fields[1]);
    volume.attributes = std::string(fields[2]);
    volume.tags = absl::StrSplit(fields[3], ',', absl::SkipEmpty());
    volume.path = std::string(fields[6]);
    double percent = 0;
    int major = -1;
    int minor = -1;
    if (volume.name.empty() || volume.attributes.size() < kAttributes ||
        !absl::SimpleAtoi(fields[4], &volume.size_bytes) ||
        (!fields[5].empty() && !absl::SimpleAtod(fields[5], &percent)) ||
        !absl::SimpleAtoi(fields[7], &major) || !absl::SimpleAtoi(fields[8], &minor)) {
      return BadLine(line);
    }
    // What is no percentage (-1, nan) tells nothing, and must not be reckoned with.
    if (!fields[5].empty() && percent >= 0 && percent <= 100) volume.data_percent = percent;
    if (major >= 0 && minor >= 0) {
      volume.device = makedev(static_cast<unsigned>(major), static_cast<unsigned>(minor));
    }
    volumes.push_back(std::move(volume));
  }
  return volumes;
}

}  // namespace mysql_backup
