#include "config/value.h"

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"
#include "base/status.h"
#include "base/value.h"

namespace mysql_backup {

absl::StatusOr<std::string> GroupNameValue(absl::string_view value) {
  RETURN_IF_ERROR(CheckGroupName(value));
  return std::string(value);
}

absl::StatusOr<std::string> VolumeNameValue(absl::string_view value) {
  RETURN_IF_ERROR(CheckVolumeName(value));
  return std::string(value);
}

absl::StatusOr<std::string> SizeValue(absl::string_view value) {
  RETURN_IF_ERROR(ParseSize(value).status());
  return absl::StrCat(*ParseDigits(value.substr(0, value.size() - 1)),
                      value.substr(value.size() - 1));
}

absl::StatusOr<std::string> PathValue(absl::string_view value) {
  RETURN_IF_ERROR(CheckPath(value));
  const std::vector<absl::string_view> parts = absl::StrSplit(value, '/', absl::SkipEmpty());
  return absl::StrCat("/", absl::StrJoin(parts, "/"));
}

absl::StatusOr<std::string> NumberValue(absl::string_view value, int minimum, int maximum) {
  const absl::optional<int64_t> number = ParseDigits(value);
  if (!number.has_value() || *number < minimum || *number > maximum) {
    return absl::InvalidArgumentError(
        absl::StrCat("must be a whole number from ", minimum, " to ", maximum));
  }
  return absl::StrCat(*number);
}

absl::StatusOr<std::string> LockScopeValue(absl::string_view value) {
  if (value == "backup" || value == "snapshot") return std::string(value);
  return absl::InvalidArgumentError(
      "must be 'backup' (locked until the snapshot is removed) or 'snapshot' (locked until it "
      "exists)");
}

absl::StatusOr<std::string> PriorityValue(absl::string_view value) {
  if (value == "normal" || value == "low") return std::string(value);
  return absl::InvalidArgumentError(
      "must be 'normal' or 'low' (behind whatever else wants the processors and the disks)");
}

absl::StatusOr<std::string> ReuseValue(absl::string_view value) {
  if (value == "none" || value == "hardlink" || value == "reflink") return std::string(value);
  return absl::InvalidArgumentError(
      "must be 'none', 'hardlink' (unchanged files are shared with the backup before) or 'reflink' "
      "(unchanged blocks are)");
}

bool IsAtOrBelow(absl::string_view path, absl::string_view directory) {
  return absl::ConsumePrefix(&path, directory) && (path.empty() || path.front() == '/');
}

}  // namespace mysql_backup
