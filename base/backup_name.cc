#include "base/backup_name.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"

namespace mysql_backup {
namespace {

constexpr absl::string_view kPrefix = "backup_";
constexpr absl::string_view kPartialSuffix = ".partial";
constexpr absl::string_view kDeletingSuffix = ".deleting";

// Reads `digits`, which must be all digits, as a number.
absl::optional<int> ParseDigits(absl::string_view digits) {
  int value = 0;
  if (!std::all_of(digits.begin(), digits.end(),
                   [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }) ||
      !absl::SimpleAtoi(digits, &value)) {
    return absl::nullopt;
  }
  return value;
}

absl::optional<absl::CivilSecond> ParseHidden(absl::string_view name, absl::string_view suffix) {
  if (!absl::ConsumePrefix(&name, ".") || !absl::ConsumeSuffix(&name, suffix)) {
    return absl::nullopt;
  }
  return ParseBackupName(name);
}

}  // namespace

std::string BackupName(absl::CivilSecond time) {
  return absl::StrFormat("%s%04d%02d%02d_%02d%02d%02d", kPrefix, time.year(), time.month(),
                         time.day(), time.hour(), time.minute(), time.second());
}

std::string PartialName(absl::CivilSecond time) {
  return absl::StrCat(".", BackupName(time), kPartialSuffix);
}

std::string DeletingName(absl::CivilSecond time) {
  return absl::StrCat(".", BackupName(time), kDeletingSuffix);
}

absl::optional<absl::CivilSecond> ParseBackupName(absl::string_view name) {
  absl::string_view stamp = name;
  if (!absl::ConsumePrefix(&stamp, kPrefix) || stamp.size() != 15 || stamp[8] != '_') {
    return absl::nullopt;
  }
  const absl::optional<int> date = ParseDigits(stamp.substr(0, 8));
  const absl::optional<int> time = ParseDigits(stamp.substr(9));
  if (!date.has_value() || !time.has_value()) return absl::nullopt;
  // CivilSecond carries 30 February over into March: what does not come back as it went in was no
  // day of the calendar.
  const absl::CivilSecond civil(*date / 10000, *date / 100 % 100, *date % 100, *time / 10000,
                                *time / 100 % 100, *time % 100);
  if (BackupName(civil) != name) return absl::nullopt;
  return civil;
}

absl::optional<absl::CivilSecond> ParsePartialName(absl::string_view name) {
  return ParseHidden(name, kPartialSuffix);
}

absl::optional<absl::CivilSecond> ParseDeletingName(absl::string_view name) {
  return ParseHidden(name, kDeletingSuffix);
}

}  // namespace mysql_backup
