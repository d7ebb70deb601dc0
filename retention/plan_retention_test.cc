#include "retention/plan_retention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "base/backup_name.h"
#include "retention/backup_list.h"

namespace mysql_backup {
namespace {

TEST(PlanRetentionTest, ExpiresAllButTheNewest) {
  struct Case {
    std::vector<std::string> names;
    size_t keep;
    std::vector<std::string> expired;
  };
  const std::vector<Case> cases = {
      {{}, 1, {}},
      {{}, 7, {}},
      {{"a"}, 1, {}},
      {{"a", "b"}, 1, {"a"}},
      {{"a", "b", "c"}, 1, {"a", "b"}},
      {{"a", "b", "c"}, 2, {"a"}},
      {{"a", "b", "c"}, 3, {}},
      {{"a", "b", "c"}, 4, {}},
      {{"a", "b", "c"}, SIZE_MAX, {}},
  };
  for (const Case& c : cases) EXPECT_EQ(PlanRetention(c.names, c.keep), c.expired) << c.keep;
}

// The model: while there are too many, the smallest goes.
TEST(PlanRetentionTest, AgreesWithTheModel) {
  std::mt19937 random(20261123);
  const absl::CivilSecond begin(2026, 1, 1);
  for (int round = 0; round < 1000; ++round) {
    std::set<std::string> kept;
    const size_t backups = random() % 40;
    while (kept.size() < backups) {
      kept.insert(BackupName(begin + static_cast<int>(random() % 100000000)));
    }
    const std::vector<std::string> names(kept.begin(), kept.end());
    const size_t keep = 1 + random() % 12;
    std::vector<std::string> expired;
    while (kept.size() > keep) {
      expired.push_back(*kept.begin());
      kept.erase(kept.begin());
    }
    const std::vector<std::string> plan = PlanRetention(names, keep);
    EXPECT_EQ(plan, expired);
    EXPECT_TRUE(ParseBackupList(FormatBackupList(plan)).ok());
    if (!names.empty()) {
      EXPECT_EQ(std::count(plan.begin(), plan.end(), names.back()), 0);
    }
  }
}

}  // namespace
}  // namespace mysql_backup
