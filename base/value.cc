#include "base/value.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace mysql_backup {
namespace {

constexpr size_t kMaxVolumeName = 100;

// Endings and beginnings that LVM keeps for the hidden volumes that it makes itself.
constexpr absl::string_view kReservedPrefixes[] = {"pvmove", "snapshot"};
constexpr absl::string_view kReservedParts[] = {
    "_cdata",   "_cmeta",  "_corig", "_cpool", "_cvol",  "_imeta", "_iorig",   "_mimage", "_mlog",
    "_pmspare", "_rimage", "_rmeta", "_tdata", "_tmeta", "_vdata", "_vorigin", "_wcorig"};

bool IsVolumeCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         absl::string_view("+_.-").find(c) != absl::string_view::npos;
}

}  // namespace

absl::Status CheckGroupName(absl::string_view value) {
  if (value.empty()) return absl::InvalidArgumentError("a name is needed");
  if (!std::all_of(value.begin(), value.end(), &IsVolumeCharacter)) {
    return absl::InvalidArgumentError("LVM allows letters, digits and + _ . - only");
  }
  if (absl::StartsWith(value, "-") || value == "." || value == "..") {
    return absl::InvalidArgumentError("LVM allows neither '.', '..' nor a '-' at the beginning");
  }
  if (value.size() > kMaxVolumeName) {
    return absl::InvalidArgumentError(absl::StrCat("longer than ", kMaxVolumeName, " characters"));
  }
  return absl::OkStatus();
}

absl::Status CheckVolumeName(absl::string_view value) {
  absl::Status status = CheckGroupName(value);
  if (!status.ok()) return status;
  for (const absl::string_view prefix : kReservedPrefixes) {
    if (absl::StartsWith(value, prefix)) {
      return absl::InvalidArgumentError(
          absl::StrCat("LVM keeps names that begin with '", prefix, "' for itself"));
    }
  }
  for (const absl::string_view part : kReservedParts) {
    if (absl::StrContains(value, part)) {
      return absl::InvalidArgumentError(
          absl::StrCat("LVM keeps names with '", part, "' in them for itself"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> ParseSize(absl::string_view value) {
  constexpr absl::string_view kUnits = "KMGT";
  constexpr int64_t kMinimumKib = 4 << 10;
  constexpr int64_t kMaximumKib = int64_t{1} << 40;
  const size_t unit = value.empty() ? kUnits.npos : kUnits.find(value.back());
  const absl::optional<int64_t> number =
      unit == kUnits.npos ? absl::nullopt : ParseDigits(value.substr(0, value.size() - 1));
  if (!number.has_value()) {
    return absl::InvalidArgumentError("must be a whole number and K, M, G or T, such as 1G");
  }
  const int64_t unit_kib = int64_t{1} << (10 * unit);
  if (*number > kMaximumKib / unit_kib || *number * unit_kib < kMinimumKib) {
    return absl::InvalidArgumentError("must be from 4M to 1024T");
  }
  return static_cast<uint64_t>(*number * unit_kib) << 10;
}

absl::Status CheckPath(absl::string_view value) {
  if (!absl::StartsWith(value, "/")) return absl::InvalidArgumentError("is not an absolute path");
  if (std::any_of(value.begin(), value.end(),
                  [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); })) {
    return absl::InvalidArgumentError("contains a control character");
  }
  const std::vector<absl::string_view> parts = absl::StrSplit(value, '/', absl::SkipEmpty());
  if (parts.empty()) {
    return absl::InvalidArgumentError("is the root directory; name one below it");
  }
  for (const absl::string_view part : parts) {
    if (part == "." || part == "..") {
      return absl::InvalidArgumentError("has a '.' or '..' in it; give the plain path");
    }
  }
  return absl::OkStatus();
}

absl::optional<int64_t> ParseDigits(absl::string_view digits) {
  int64_t number = 0;
  if (digits.empty() ||
      !std::all_of(digits.begin(), digits.end(),
                   [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }) ||
      !absl::SimpleAtoi(digits, &number)) {
    return absl::nullopt;
  }
  return number;
}

}  // namespace mysql_backup
