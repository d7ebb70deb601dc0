// The parts of lvm.h that run nothing.

#include <sys/sysmacros.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/log.h"
#include "snapshot/lvm.h"

namespace mysql_backup {
namespace {

constexpr size_t kFields = 11;      // of kLvsFields in lvm.cc
constexpr size_t kAttributes = 10;  // letters of lv_attr; a later LVM may have more

// lv_attr's letters, see lvs(8): the type, the state, and the health.
char Type(const LogicalVolume& volume) { return volume.attributes[0]; }
char State(const LogicalVolume& volume) { return volume.attributes[4]; }
char Health(const LogicalVolume& volume) { return volume.attributes[8]; }

bool HasAttributes(const LogicalVolume& volume) { return volume.attributes.size() >= kAttributes; }

// Known, and below 100. Not a number fails both comparisons.
bool HasRoom(absl::optional<double> percent) {
  return percent.has_value() && *percent >= 0 && *percent < 100;
}

// False for a text that is neither empty nor a number. What is no percentage (-1, nan) tells
// nothing, and must not be reckoned with.
bool ReadPercent(absl::string_view text, absl::optional<double>* percent) {
  double number = 0;
  if (text.empty()) return true;
  if (!absl::SimpleAtod(text, &number)) return false;
  if (number >= 0 && number <= 100) *percent = number;
  return true;
}

absl::Status BadLine(absl::string_view program, absl::string_view line) {
  return absl::InvalidArgumentError(
      absl::StrCat(program, " printed a line of an unknown form: ", OneLine(line)));
}

}  // namespace

bool LogicalVolume::IsOurs() const {
  return std::find(tags.begin(), tags.end(), kTag) != tags.end();
}

bool LogicalVolume::IsValidSnapshot() const {
  return HasAttributes(*this) && Type(*this) == 's' && State(*this) == 'a' && HasRoom(data_percent);
}

bool LogicalVolume::IsLostSnapshot() const {
  return (HasAttributes(*this) && (State(*this) == 'I' || State(*this) == 'S')) ||
         data_percent.value_or(0) >= 100;
}

bool LogicalVolume::IsValidThinSnapshot() const {
  return HasAttributes(*this) && Type(*this) == 'V' && State(*this) == 'a' && Health(*this) == '-';
}

bool LogicalVolume::IsLostThinSnapshot() const {
  return HasAttributes(*this) && Health(*this) == 'F';
}

bool LogicalVolume::IsValidPool() const {
  return HasAttributes(*this) && Type(*this) == 't' && State(*this) == 'a' &&
         Health(*this) == '-' && HasRoom(data_percent) && HasRoom(metadata_percent);
}

bool LogicalVolume::IsLostPool() const {
  return (HasAttributes(*this) &&
          (Health(*this) == 'F' || Health(*this) == 'D' || Health(*this) == 'M')) ||
         data_percent.value_or(0) >= 100 || metadata_percent.value_or(0) >= 100;
}

absl::StatusOr<std::vector<LogicalVolume>> ParseLvs(absl::string_view report) {
  std::vector<LogicalVolume> volumes;
  for (const absl::string_view line : absl::StrSplit(report, '\n', absl::SkipWhitespace())) {
    const std::vector<absl::string_view> fields =
        absl::StrSplit(absl::StripAsciiWhitespace(line), '|');
    if (fields.size() != kFields) return BadLine("lvs", line);
    LogicalVolume volume;
    volume.name = std::string(fields[0]);
    volume.origin = std::string(fields[1]);
    volume.attributes = std::string(fields[2]);
    volume.tags = absl::StrSplit(fields[3], ',', absl::SkipEmpty());
    volume.path = std::string(fields[6]);
    volume.pool = std::string(fields[9]);
    int major = -1;
    int minor = -1;
    if (volume.name.empty() || volume.attributes.size() < kAttributes ||
        !absl::SimpleAtoi(fields[4], &volume.size_bytes) ||
        !ReadPercent(fields[5], &volume.data_percent) || !absl::SimpleAtoi(fields[7], &major) ||
        !absl::SimpleAtoi(fields[8], &minor) ||
        !ReadPercent(fields[10], &volume.metadata_percent)) {
      return BadLine("lvs", line);
    }
    if (major >= 0 && minor >= 0) {
      volume.device = makedev(static_cast<unsigned>(major), static_cast<unsigned>(minor));
    }
    volumes.push_back(std::move(volume));
  }
  return volumes;
}

absl::StatusOr<GroupRoom> ParseGroupRoom(absl::string_view report) {
  const std::vector<absl::string_view> fields =
      absl::StrSplit(absl::StripAsciiWhitespace(report), '|');
  GroupRoom room;
  if (fields.size() != 2 || !absl::SimpleAtoi(fields[0], &room.free_bytes) ||
      !absl::SimpleAtoi(fields[1], &room.extent_bytes) || room.extent_bytes == 0) {
    return BadLine("vgs", report);
  }
  return room;
}

}  // namespace mysql_backup
