#include "lab/faults/point.h"

#include <linux/dm-ioctl.h>
#include <sys/ioctl.h>

#include <set>

#include "gtest/gtest.h"

namespace mysql_backup {
namespace {

TEST(PointCalls, NamesEachOnce) {
  std::set<int> numbers;
  for (const PointCall& call : PointCalls()) {
    EXPECT_TRUE(numbers.insert(call.number).second) << call.name;
  }
}

TEST(DmCall, TellsChangesFromQuestions) {
  EXPECT_EQ(DmCall(DM_DEV_CREATE, 0), "dm_create");
  EXPECT_EQ(DmCall(DM_DEV_REMOVE, 0), "dm_remove");
  EXPECT_EQ(DmCall(DM_TABLE_LOAD, 0), "dm_load");
  // One request for two things: the flags tell.
  EXPECT_EQ(DmCall(DM_DEV_SUSPEND, DM_SUSPEND_FLAG), "dm_suspend");
  EXPECT_EQ(DmCall(DM_DEV_SUSPEND, 0), "dm_resume");
  EXPECT_EQ(DmCall(DM_VERSION, 0), "");
  EXPECT_EQ(DmCall(DM_TABLE_STATUS, 0), "");
  EXPECT_EQ(DmCall(TIOCGWINSZ, 0), "");
}

TEST(PointNames, CountsEachKindByItself) {
  PointNames names;
  EXPECT_EQ(names.Next("sync_tree", "sync_tree", "mkdir"), "sync_tree/mkdir/1");
  EXPECT_EQ(names.Next("sync_tree", "rsync", "rename"), "sync_tree:rsync/rename/1");
  EXPECT_EQ(names.Next("sync_tree", "rsync", "rename"), "sync_tree:rsync/rename/2");
  EXPECT_EQ(names.Next("sync_tree", "sync_tree", "mkdir"), "sync_tree/mkdir/2");
}

TEST(KindOf, LeavesTheCountOut) {
  EXPECT_EQ(KindOf("sync_tree:rsync/rename/12"), "sync_tree:rsync/rename");
  EXPECT_EQ(KindOf("backup_mysql.sh/exec:sync_tree/1"), "backup_mysql.sh/exec:sync_tree");
}

}  // namespace
}  // namespace mysql_backup
