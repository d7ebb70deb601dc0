#include "syncer/publish_backup.h"

#include <gtest/gtest.h>

namespace mysql_backup {
namespace {

TEST(PublishTimeTest, IsAlwaysTheNewest) {
  struct Case {
    absl::CivilSecond begun;
    std::vector<std::string> published;
    absl::CivilSecond expected;
  };
  const absl::CivilSecond two(2026, 11, 23, 2, 0, 0);
  const std::vector<Case> cases = {
      {two, {}, two},
      {two, {"backup_20261122_020000"}, two},
      {two, {"backup_20261123_015959"}, two},
      {two, {"backup_20261123_020000"}, two + 1},
      {two, {"backup_20261122_020000", "backup_20261123_020001"}, two + 2},
      // The end of summer time, the clock set back.
      {two, {"backup_20261123_025900"}, absl::CivilSecond(2026, 11, 23, 2, 59, 1)},
      {two, {"backup_20261231_235959"}, absl::CivilSecond(2027, 1, 1, 0, 0, 0)},
      {two, {"backup_20280228_235959"}, absl::CivilSecond(2028, 2, 29, 0, 0, 0)},
  };
  for (const Case& c : cases) EXPECT_EQ(PublishTime(c.begun, c.published), c.expected);
}

}  // namespace
}  // namespace mysql_backup
