#include <gtest/gtest.h>

#include <string>

#include "base/mount_info.h"
#include "mounter/mount_point.h"
#include "mounter/snapshot_mount.h"

namespace mysql_backup {
namespace {

TEST(MountOptionsFor, FitsTheFilesystem) {
  EXPECT_EQ(*MountOptionsFor("ext4"), "ro,nosuid,nodev,noexec");
  EXPECT_EQ(*MountOptionsFor("xfs"), "ro,nosuid,nodev,noexec,nouuid");
  for (const char* other : {"btrfs", "ext2", "swap", "LVM2_member", ""}) {
    const auto options = MountOptionsFor(other);
    ASSERT_FALSE(options.ok()) << other;
    EXPECT_NE(options.status().message().find("only ext4 and xfs"), std::string::npos);
  }
}

TEST(CheckProtected, NamesWhatIsMissing) {
  struct {
    std::vector<std::string> options;
    const char* missing;  // nullptr: none
  } cases[] = {
      {{"ro", "nosuid", "nodev", "noexec", "relatime"}, nullptr},
      {{"rw", "nosuid", "nodev", "noexec"}, "without ro ("},
      {{"ro", "nodev", "noexec"}, "without nosuid ("},
      {{"ro", "nosuid", "noexec"}, "without nodev ("},
      {{"ro", "nosuid", "nodev"}, "without noexec ("},
      {{"rw"}, "without ro, nosuid, nodev, noexec ("},
  };
  for (const auto& c : cases) {
    Mount mount;
    mount.mount_point = "/mnt";
    mount.options = c.options;
    const absl::Status status = CheckProtected(mount);
    EXPECT_EQ(status.ok(), c.missing == nullptr) << status;
    if (c.missing != nullptr) {
      EXPECT_NE(status.message().find(c.missing), std::string::npos) << status;
    }
  }
}

}  // namespace
}  // namespace mysql_backup
