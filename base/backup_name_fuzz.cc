// Names below the backup root: whatever is taken for one of ours may be removed one day.

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/backup_name.h"
#include "fuzz/fuzz_one.h"

namespace mysql_backup {
namespace {

int DaysIn(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

// Told anew and without the library under test: backup_YYYYMMDD_HHMMSS, a time of the calendar.
bool IsName(const std::string& name) {
  if (name.size() != 22 || !absl::StartsWith(name, "backup_") || name[15] != '_') return false;
  const std::string digits = name.substr(7, 8) + name.substr(16);
  for (const char c : digits) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return false;
  }
  const auto number = [&digits](size_t begin, size_t size) {
    return std::stoi(digits.substr(begin, size));
  };
  const int month = number(4, 2);
  const int day = number(6, 2);
  return month >= 1 && month <= 12 && day >= 1 && day <= DaysIn(number(0, 4), month) &&
         number(8, 2) <= 23 && number(10, 2) <= 59 && number(12, 2) <= 59;
}

}  // namespace

void FuzzOne(absl::string_view input) {
  const std::string name(input);
  const auto time = ParseBackupName(name);
  CHECK_EQ(time.has_value(), IsName(name));
  if (time.has_value()) {
    CHECK_EQ(BackupName(*time), name);
    CHECK_EQ(ParsePartialName(PartialName(*time)).value(), *time);
    CHECK_EQ(ParseDeletingName(DeletingName(*time)).value(), *time);
  }

  const auto partial = ParsePartialName(name);
  if (partial.has_value()) CHECK_EQ(PartialName(*partial), name);
  const auto deleting = ParseDeletingName(name);
  if (deleting.has_value()) CHECK_EQ(DeletingName(*deleting), name);
  // A hidden name is one of a single kind, and its middle is a name itself.
  CHECK_LE(time.has_value() + partial.has_value() + deleting.has_value(), 1);
  CHECK_EQ(ParsePartialName(absl::StrCat(".", name, ".partial")).has_value(), time.has_value());
  CHECK_EQ(ParseDeletingName(absl::StrCat(".", name, ".deleting")).has_value(), time.has_value());
}

}  // namespace mysql_backup
