#include "syncer/sync_tree.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "base/exit_code.h"

namespace mysql_backup {
namespace {

TEST(SyncTreeTest, ChecksItsPaths) {
  constexpr char kPartial[] = "/backups/mysql/.backup_20261123_020000.partial";
  struct Case {
    const char* source;
    std::string destination;
    const char* refusal;  // nullptr: good
  };
  const std::vector<Case> cases = {
      {"/mnt/mysql_snapshot", kPartial, nullptr},
      {"/mnt/mysql_snapshot/data", kPartial, nullptr},
      {"/backups/my", kPartial, nullptr},
      {"", kPartial, "--source is needed"},
      {"mnt", kPartial, "--source"},
      {"/", kPartial, "--source"},
      {"/mnt", "", "--destination is needed"},
      {"/mnt", ".backup_20261123_020000.partial", "--destination"},
      {"/mnt", "/backups/mysql/../.backup_20261123_020000.partial", "--destination"},
      // Law 1: no copy is ever written under a published name, or any other.
      {"/mnt", "/backups/mysql/backup_20261123_020000", "does not end in"},
      {"/mnt", "/backups/mysql/.backup_20261123_020000.deleting", "does not end in"},
      {"/mnt", "/backups/mysql/.backup_20261131_020000.partial", "does not end in"},
      {"/mnt", std::string(kPartial) + "/", "does not end in"},
      {"/mnt", std::string(kPartial) + "/x", "does not end in"},
      {"/backups", kPartial, "lies within"},
      {"/backups/mysql/", kPartial, "lies within"},
  };
  for (const Case& c : cases) {
    SyncTreeOptions options;
    options.source = c.source;
    options.destination = c.destination;
    const absl::Status status = CheckSyncTreeOptions(options);
    if (c.refusal == nullptr) {
      EXPECT_TRUE(status.ok()) << status;
    } else {
      EXPECT_EQ(ExitCodeOf(status), ExitCode::kUsage) << c.refusal;
      EXPECT_TRUE(absl::StrContains(status.message(), c.refusal)) << status;
    }
  }
}

}  // namespace
}  // namespace mysql_backup
