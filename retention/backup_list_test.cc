#include "retention/backup_list.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "base/exit_code.h"

namespace mysql_backup {
namespace {

constexpr char kFirst[] = "backup_20261121_020000";
constexpr char kSecond[] = "backup_20261122_020000";

TEST(BackupListTest, RoundTrips) {
  const std::vector<std::vector<std::string>> lists = {{}, {kFirst}, {kFirst, kSecond}};
  for (const std::vector<std::string>& names : lists) {
    const auto parsed = ParseBackupList(FormatBackupList(names));
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, names);
  }
  EXPECT_EQ(FormatBackupList({}), "end 0\n");
  EXPECT_EQ(FormatBackupList({kFirst, kSecond}),
            "backup_20261121_020000\nbackup_20261122_020000\nend 2\n");
}

TEST(BackupListTest, RefusesWhatIsNotAWholeList) {
  const std::string first = absl::StrCat(kFirst, "\n");
  const std::string second = absl::StrCat(kSecond, "\n");
  struct Case {
    std::string text;
    std::string reason;
  };
  const std::vector<Case> cases = {
      {"", "does not end with a whole line"},
      {"\n", "last line is ''"},
      {"end 0", "does not end with a whole line"},
      {first + "end 1", "does not end with a whole line"},
      {first, "last line is 'backup_20261121_020000'"},
      {first + second, "and not 'end 1'"},
      {first + "end 0\n", "and not 'end 1'"},
      {first + "end 2\n", "and not 'end 1'"},
      {first + "end 01\n", "and not 'end 1'"},
      {first + "end +1\n", "and not 'end 1'"},
      {first + "end  1\n", "and not 'end 1'"},
      {first + "end 1 \n", "and not 'end 1'"},
      {first + "end 1\r\n", "and not 'end 1'"},
      {first + "END 1\n", "and not 'end 1'"},
      {first + "end 1\n\n", "last line is ''"},
      {"end 0\nend 0\n", "and not 'end 1'"},
      {"end 0\nend 1\n", "line 1, 'end 0', is not backup_YYYYMMDD_HHMMSS"},
      {first + first + "end 2\n", "line 2, 'backup_20261121_020000', is not newer"},
      {second + first + "end 2\n", "line 2, 'backup_20261121_020000', is not newer"},
      {"\nend 1\n", "line 1, ''"},
      {"../backup_20261121_020000\nend 1\n", "line 1"},
      {"/backups/mysql/backup_20261121_020000\nend 1\n", "line 1"},
      {" backup_20261121_020000\nend 1\n", "line 1"},
      {"backup_20261121_020000 \nend 1\n", "line 1"},
      {"backup_20261131_020000\nend 1\n", "line 1"},
      {".backup_20261121_020000.partial\nend 1\n", "line 1"},
      {std::string("backup_20261121_020000\0\nend 1\n", 30), "line 1"},
  };
  for (const Case& c : cases) {
    const absl::Status status = ParseBackupList(c.text).status();
    EXPECT_EQ(ExitCodeOf(status), ExitCode::kFailed) << c.text;
    EXPECT_TRUE(absl::StrContains(status.message(), c.reason)) << c.text << "\n" << status;
  }
}

TEST(BackupListTest, QuotesOnlyTheBeginningOfALongLine) {
  const absl::Status status = ParseBackupList(std::string(1 << 20, 'x') + "\n").status();
  EXPECT_FALSE(status.ok());
  EXPECT_LT(status.message().size(), 400);
}

// Cut anywhere, a list is refused: no prefix of it is a complete one.
TEST(BackupListTest, RefusesEveryPrefix) {
  const std::string whole = FormatBackupList({kFirst, kSecond});
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(ParseBackupList(whole.substr(0, size)).ok()) << size;
  }
}

}  // namespace
}  // namespace mysql_backup
