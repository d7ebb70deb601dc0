#include "base/mount_info.h"

#include <gtest/gtest.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace mysql_backup {
namespace {

TEST(ParseMountInfo, ReadsLines) {
  struct {
    const char* text;
    Mount want;
  } cases[] = {
      {"36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n",
       {36, makedev(98, 0), "/mnt1", "/mnt2", {"rw", "noatime"}, "ext3", "/dev/root"}},
      {"27 1 254:0 / / ro - ext4 /dev/vda ro",  // no optional field, no line feed
       {27, makedev(254, 0), "/", "/", {"ro"}, "ext4", "/dev/vda"}},
      {"5 1 7:300 / /a\\040b\\011c\\012d\\134e\\043f rw shared:2 master:1 - xfs /dev/x\\040y rw\n",
       {5, makedev(7, 300), "/", "/a b\tc\nd\\e#f", {"rw"}, "xfs", "/dev/x y"}},
      {"5 1 0:40 /- /-\\04 rw - tmpfs - rw\n",  // a source named "-", a cut-off escape
       {5, makedev(0, 40), "/-", "/-\\04", {"rw"}, "tmpfs", "-"}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    const auto mounts = ParseMountInfo(c.text);
    ASSERT_TRUE(mounts.ok()) << mounts.status();
    ASSERT_EQ(mounts->size(), 1u);
    const Mount& got = (*mounts)[0];
    EXPECT_EQ(got.id, c.want.id);
    EXPECT_EQ(got.device, c.want.device);
    EXPECT_EQ(got.root, c.want.root);
    EXPECT_EQ(got.mount_point, c.want.mount_point);
    EXPECT_EQ(got.options, c.want.options);
    EXPECT_EQ(got.type, c.want.type);
    EXPECT_EQ(got.source, c.want.source);
  }
}

TEST(ParseMountInfo, RefusesOtherText) {
  for (const char* text :
       {"x", "1 2 3", "1 2 8:1 / / rw shared:1 ext4 /dev/x rw", "a 2 8:1 / / rw - ext4 /dev/x rw",
        "1 2 81 / / rw - ext4 /dev/x rw", "1 2 8:1 / / rw - ext4"}) {
    EXPECT_FALSE(ParseMountInfo(text).ok()) << text;
  }
  EXPECT_TRUE(ParseMountInfo("")->empty());
}

TEST(MountAt, TellsMountsFromDirectories) {
  const auto proc = MountAt("/proc");
  ASSERT_TRUE(proc.ok()) << proc.status();
  ASSERT_TRUE(proc->has_value());
  EXPECT_EQ((*proc)->type, "proc");
  EXPECT_TRUE(HasOption(**proc, "rw") || HasOption(**proc, "ro"));
  EXPECT_FALSE(HasOption(**proc, "r"));

  EXPECT_FALSE(MountAt("/proc/self/")->has_value());
  EXPECT_FALSE(MountAt("/nonexistent")->has_value());
  const std::string link = std::string(std::getenv("TEST_TMPDIR")) + "/link";
  ASSERT_EQ(symlink("/proc", link.c_str()), 0);
  EXPECT_FALSE(MountAt(link).ok());
  EXPECT_EQ(unlink(link.c_str()), 0);
}

}  // namespace
}  // namespace mysql_backup
