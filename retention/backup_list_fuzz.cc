// The list by which backups are deleted.

#include <algorithm>
#include <string>
#include <vector>

#include "base/backup_name.h"
#include "fuzz/fuzz_one.h"
#include "retention/backup_list.h"
#include "retention/plan_retention.h"

namespace mysql_backup {

void FuzzOne(absl::string_view input) {
  const auto names = ParseBackupList(input);
  if (!names.ok()) return;
  CHECK_EQ(FormatBackupList(*names), input);
  for (const std::string& name : *names) CHECK(ParseBackupName(name).has_value());
  CHECK(std::is_sorted(names->begin(), names->end()));
  CHECK(std::adjacent_find(names->begin(), names->end()) == names->end());

  // Cut short anywhere, it is no list.
  for (size_t size = 0; size < input.size(); ++size) {
    CHECK(!ParseBackupList(input.substr(0, size)).ok());
  }

  for (size_t keep = 1; keep <= names->size() + 1; ++keep) {
    const std::vector<std::string> plan = PlanRetention(*names, keep);
    CHECK_EQ(plan.size(), names->size() - std::min(names->size(), keep));
    CHECK(std::equal(plan.begin(), plan.end(), names->begin()));
  }
}

}  // namespace mysql_backup
