// On a real ext4 filesystem on a loop device; needs root.

#include "base/holders.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/subprocess.h"
#include "base/unique_fd.h"

namespace mysql_backup {
namespace {

// Runs a program that must succeed and returns its stdout.
std::string Output(std::vector<std::string> argv) {
  SubprocessOptions options;
  options.argv = std::move(argv);
  auto result = RunSubprocessOk(std::move(options));
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? result->stdout_text : "";
}

class HoldersTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(unshare(CLONE_NEWNS), 0) << "this test needs root";
    ASSERT_EQ(mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    std::string directory = absl::StrCat(std::getenv("TEST_TMPDIR"), "/holders.XXXXXX");
    ASSERT_NE(mkdtemp(directory.data()), nullptr);
    directory_ = directory;
    mount_point_ = directory_ + "/mnt";
    const std::string image = directory_ + "/image";
    {
      const UniqueFd file(open(image.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
      ASSERT_EQ(ftruncate(file.get(), 8 << 20), 0);
    }
    Output({"/usr/sbin/mke2fs", "-q", "-t", "ext4", image});
    loop_ = std::string(
        absl::StripSuffix(Output({"/usr/sbin/losetup", "--find", "--show", image}), "\n"));
    ASSERT_EQ(mkdir(mount_point_.c_str(), 0700), 0);
    struct stat status = {};
    ASSERT_EQ(stat(loop_.c_str(), &status), 0);
    device_ = status.st_rdev;
  }

  void TearDown() override {
    umount2(mount_point_.c_str(), 0);
    Output({"/usr/sbin/losetup", "--detach", loop_});
    Output({"/usr/bin/rm", "-rf", directory_});
  }

  void MountIt() {
    ASSERT_EQ(mount(loop_.c_str(), mount_point_.c_str(), "ext4", MS_RDONLY, nullptr), 0);
  }

  // Whether a child that has done `hold` is named, and only as long as it lives.
  bool ChildIsNamed(const std::function<bool()>& hold) {
    int fds[2];
    EXPECT_EQ(pipe2(fds, O_CLOEXEC), 0);
    const pid_t pid = fork();
    if (pid == 0) {
      const bool held = hold();
      if (!held || write(fds[1], "x", 1) != 1) _exit(1);
      pause();
      _exit(0);
    }
    UniqueFd read_end(fds[0]);
    UniqueFd(fds[1]).reset();
    char byte = 0;
    EXPECT_EQ(read(read_end.get(), &byte, 1), 1) << "the child could not hold it";
    const bool named = IsNamed(absl::StrCat("process ", pid, " (holders_test)"));
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    EXPECT_FALSE(IsNamed(absl::StrCat("process ", pid, " (holders_test)")));
    return named;
  }

  bool IsNamed(const std::string& holder) const {
    const std::vector<std::string> holders = FindHolders(device_);
    return std::find(holders.begin(), holders.end(), holder) != holders.end();
  }

  std::string directory_;
  std::string mount_point_;
  std::string loop_;
  dev_t device_ = 0;
};

TEST_F(HoldersTest, NobodyHoldsAnIdleDevice) {
  EXPECT_EQ(FindHolders(device_), std::vector<std::string>());
}

TEST_F(HoldersTest, NamesMountsHereAndElsewhere) {
  MountIt();
  EXPECT_TRUE(IsNamed("mount " + mount_point_));
  int fds[2];
  ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    if (unshare(CLONE_NEWNS) != 0 || write(fds[1], "x", 1) != 1) _exit(1);
    pause();
    _exit(0);
  }
  UniqueFd read_end(fds[0]);
  UniqueFd(fds[1]).reset();
  char byte = 0;
  ASSERT_EQ(read(read_end.get(), &byte, 1), 1);
  ASSERT_EQ(umount2(mount_point_.c_str(), 0), 0);
  EXPECT_EQ(
      FindHolders(device_),
      std::vector<std::string>({absl::StrCat(
          "mount ", mount_point_, " in the mount namespace of process ", pid, " (holders_test)")}));
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

TEST_F(HoldersTest, NamesProcessesByWhatTheyHold) {
  EXPECT_TRUE(ChildIsNamed([&] { return open(loop_.c_str(), O_RDONLY) >= 0; })) << "device";
  MountIt();
  EXPECT_TRUE(ChildIsNamed([&] { return chdir(mount_point_.c_str()) == 0; })) << "cwd";
  EXPECT_TRUE(ChildIsNamed([&] { return chroot(mount_point_.c_str()) == 0; })) << "root";
  EXPECT_TRUE(ChildIsNamed([&] { return open(mount_point_.c_str(), O_RDONLY) >= 0; })) << "file";
  umount2(mount_point_.c_str(), 0);
  ASSERT_EQ(mount(loop_.c_str(), mount_point_.c_str(), "ext4", 0, nullptr), 0);
  EXPECT_TRUE(ChildIsNamed([&] {
    const UniqueFd file(open((mount_point_ + "/file").c_str(), O_CREAT | O_RDWR, 0600));
    return ftruncate(file.get(), 4096) == 0 &&
           mmap(nullptr, 4096, PROT_READ, MAP_SHARED, file.get(), 0) != MAP_FAILED;
  })) << "mapping";
  EXPECT_FALSE(ChildIsNamed([] { return true; }));
}

}  // namespace
}  // namespace mysql_backup
