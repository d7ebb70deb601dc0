#include "base/backup_name.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace mysql_backup {
namespace {

using namespace std::string_literals;  // NOLINT: names with a NUL in them

TEST(BackupNameTest, WritesEachForm) {
  const absl::CivilSecond time(2026, 1, 2, 3, 4, 5);
  EXPECT_EQ(BackupName(time), "backup_20260102_030405");
  EXPECT_EQ(PartialName(time), ".backup_20260102_030405.partial");
  EXPECT_EQ(DeletingName(time), ".backup_20260102_030405.deleting");
}

TEST(BackupNameTest, ReadsBackWhatItWrites) {
  const absl::CivilSecond times[] = {
      absl::CivilSecond(2026, 12, 31, 23, 59, 59), absl::CivilSecond(2027, 1, 1, 0, 0, 0),
      absl::CivilSecond(2028, 2, 29, 2, 0, 0),     absl::CivilSecond(2000, 2, 29, 12, 0, 0),
      absl::CivilSecond(9999, 12, 31, 0, 0, 0),    absl::CivilSecond(1, 1, 1, 0, 0, 0),
  };
  for (const absl::CivilSecond time : times) {
    EXPECT_EQ(ParseBackupName(BackupName(time)), time);
    EXPECT_EQ(ParsePartialName(PartialName(time)), time);
    EXPECT_EQ(ParseDeletingName(DeletingName(time)), time);
  }
}

TEST(BackupNameTest, NamesSortByTime) {
  std::vector<std::string> names = {BackupName(absl::CivilSecond(2026, 10, 1, 0, 0, 0)),
                                    BackupName(absl::CivilSecond(2026, 9, 30, 23, 59, 59)),
                                    BackupName(absl::CivilSecond(2027, 1, 1, 0, 0, 0)),
                                    BackupName(absl::CivilSecond(2026, 10, 1, 0, 0, 1))};
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"backup_20260930_235959", "backup_20261001_000000",
                                             "backup_20261001_000001", "backup_20270101_000000"}));
}

TEST(BackupNameTest, RefusesEverythingElse) {
  const std::string names[] = {
      "",
      "backup_",
      "backup",
      // Not on the calendar.
      "backup_20260230_000000",
      "backup_20260229_000000",
      "backup_21000229_000000",  // a century without a leap day
      "backup_20260431_000000",
      "backup_20261301_000000",
      "backup_20260001_000000",
      "backup_20260100_000000",
      "backup_20260101_240000",
      "backup_20260101_006000",
      "backup_20260101_000060",
      // Other lengths.
      "backup_2026010_000000",
      "backup_202601010_000000",
      "backup_20260101_00000",
      "backup_20260101_0000000",
      "backup_20260101_000000_",
      "backup_20260101_000000/",
      "backup_20260101_000000.old",
      "backup_20260101000000",
      // Other characters.
      "Backup_20260101_000000",
      "backup-20260101_000000",
      "backup_20260101-000000",
      "backup_2026O101_000000",
      "backup_+2026101_000000",
      "backup_-2026101_000000",
      "backup_20260101_+00000",
      "backup_20260101_-00000",
      "backup_ 2026101_000000",
      "backup_20260101_ 00000",
      "backup_20260101_00000 ",
      "backup_0x260101_000000",
      "backup_20260101_000000\n",
      "\nbackup_20260101_000000",
      "backup_20260101_00000\n",
      "backup_20260101\n000000",
      "backup_20260101_00000\0"s,
      "backup_20260101_000000\0"s,
      "backup_2026010\xd9\xa1_00000",  // an Arabic digit, two bytes long
      // Other places.
      " backup_20260101_000000",
      "/backup_20260101_000000",
      "./backup_20260101_000000",
      "backup_20260101_000000/../x",
      // The hidden forms are not published.
      ".backup_20260101_000000.partial",
      ".backup_20260101_000000.deleting",
      ".backup_20260101_000000",
  };
  for (const std::string& name : names) {
    EXPECT_EQ(ParseBackupName(name), absl::nullopt) << testing::PrintToString(name);
    EXPECT_EQ(ParsePartialName(absl::StrCat(".", name, ".partial")), absl::nullopt)
        << testing::PrintToString(name);
    EXPECT_EQ(ParseDeletingName(absl::StrCat(".", name, ".deleting")), absl::nullopt)
        << testing::PrintToString(name);
  }
}

TEST(BackupNameTest, TheFormsAreNotTakenForOneAnother) {
  const absl::CivilSecond time(2026, 1, 2, 3, 4, 5);
  EXPECT_EQ(ParsePartialName(BackupName(time)), absl::nullopt);
  EXPECT_EQ(ParsePartialName(DeletingName(time)), absl::nullopt);
  EXPECT_EQ(ParseDeletingName(BackupName(time)), absl::nullopt);
  EXPECT_EQ(ParseDeletingName(PartialName(time)), absl::nullopt);
  EXPECT_EQ(ParsePartialName("backup_20260102_030405.partial"), absl::nullopt);
  EXPECT_EQ(ParsePartialName(".backup_20260102_030405.partial.partial"), absl::nullopt);
}

}  // namespace
}  // namespace mysql_backup
