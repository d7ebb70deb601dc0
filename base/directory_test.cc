#include "base/directory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "base/interrupt.h"

namespace mysql_backup {
namespace {

// Each test works below a fresh directory, which is removed by the code under test.
class DirectoryTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "/directory_test.XXXXXX";
    ASSERT_NE(mkdtemp(path_.data()), nullptr);
    absl::StatusOr<UniqueFd> directory = OpenDirectory(path_);
    ASSERT_TRUE(directory.ok()) << directory.status();
    directory_ = *std::move(directory);
  }

  void TearDown() override {
    const std::vector<std::string> names = *ListDirectory(fd());
    for (const std::string& name : names) {
      EXPECT_TRUE(RemoveTreeAt(fd(), name).ok());
    }
    EXPECT_EQ(rmdir(path_.c_str()), 0);
  }

  int fd() const { return directory_.get(); }
  std::string Path(const std::string& name) const { return path_ + "/" + name; }
  void Make(const std::string& name) const { ASSERT_EQ(mkdir(Path(name).c_str(), 0700), 0); }
  void Write(const std::string& name) const { std::ofstream(Path(name)) << name; }
  void Link(const std::string& target, const std::string& name) const {
    ASSERT_EQ(symlink(target.c_str(), Path(name).c_str()), 0);
  }
  bool Exists(const std::string& name) const {
    return faccessat(fd(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
  }

  std::string path_;
  UniqueFd directory_;
};

TEST_F(DirectoryTest, OpensOnlyDirectories) {
  Make("real");
  Write("file");
  Link("real", "link");
  EXPECT_TRUE(OpenDirectory(Path("real")).ok());
  EXPECT_TRUE(OpenDirectoryAt(fd(), "real").ok());
  EXPECT_EQ(OpenDirectoryAt(fd(), "missing").status().code(), absl::StatusCode::kNotFound);
  for (const char* name : {"file", "link"}) {
    const absl::Status status = OpenDirectory(Path(name)).status();
    EXPECT_FALSE(status.ok());
    EXPECT_TRUE(absl::StrContains(status.message(), Path(name))) << status;
    EXPECT_FALSE(OpenDirectoryAt(fd(), name).ok());
  }
}

TEST_F(DirectoryTest, ListsSortedByByteValueAndAgain) {
  for (const char* name : {"b", "a", "Z", ".hidden", "with space", "new\nline", "\xc3\xa9"}) {
    Write(name);
  }
  const std::vector<std::string> expected = {".hidden",   "Z",          "a",       "b",
                                             "new\nline", "with space", "\xc3\xa9"};
  EXPECT_EQ(*ListDirectory(fd()), expected);
  EXPECT_EQ(*ListDirectory(fd()), expected);  // the descriptor's own position is untouched
  EXPECT_FALSE(ListDirectory(-1).ok());
}

TEST_F(DirectoryTest, RemovesATreeWithOddNames) {
  Make("tree");
  Make("tree/new\nline");
  Make("tree/new\nline/ ");
  Write("tree/new\nline/ /-rf");
  Make("tree/empty");
  Write("tree/.hidden");
  ASSERT_EQ(mkfifo(Path("tree/fifo").c_str(), 0600), 0);
  Write("tree/readonly");
  ASSERT_EQ(chmod(Path("tree/readonly").c_str(), 0), 0);
  EXPECT_TRUE(RemoveTreeAt(fd(), "tree").ok());
  EXPECT_FALSE(Exists("tree"));
}

TEST_F(DirectoryTest, RemovesFilesAndWhatIsNotThere) {
  Write("file");
  EXPECT_TRUE(RemoveTreeAt(fd(), "file").ok());
  EXPECT_FALSE(Exists("file"));
  EXPECT_TRUE(RemoveTreeAt(fd(), "file").ok());
}

TEST_F(DirectoryTest, RemovesLinksAndNotWhatTheyPointTo) {
  Make("outside");
  Write("outside/kept");
  Make("tree");
  Link("../outside", "tree/relative");
  Link(Path("outside"), "tree/absolute");
  Link("../outside/kept", "tree/to_file");
  Link("nowhere", "tree/dangling");
  Link("outside", "top_link");
  EXPECT_TRUE(RemoveTreeAt(fd(), "tree").ok());
  EXPECT_TRUE(RemoveTreeAt(fd(), "top_link").ok());
  EXPECT_FALSE(Exists("tree"));
  EXPECT_FALSE(Exists("top_link"));
  EXPECT_TRUE(Exists("outside/kept"));
}

// In a mount namespace of its own, so that nothing is left mounted whatever happens.
TEST_F(DirectoryTest, DoesNotDescendIntoMounts) {
  Make("outside");
  Write("outside/kept");
  Make("tree");
  Make("tree/mounted");
  const pid_t pid = fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    // 10: this test must run as root. A bind mount has the device number of its surroundings.
    if (unshare(CLONE_NEWNS) != 0 ||
        mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount(Path("outside").c_str(), Path("tree/mounted").c_str(), nullptr, MS_BIND, nullptr) !=
            0) {
      _exit(10);
    }
    // Descriptors from before still look into the old namespace.
    const UniqueFd directory = *OpenDirectory(path_);
    for (const char* name : {"tree", "tree/mounted"}) {
      const absl::Status status = RemoveTreeAt(directory.get(), name);
      if (status.message() !=
          "cannot remove tree/mounted: something is mounted there; unmount it") {
        std::cerr << name << ": " << status << "\n";
        _exit(1);
      }
    }
    _exit(0);
  }
  int wait_status = 0;
  ASSERT_EQ(waitpid(pid, &wait_status, 0), pid);
  EXPECT_EQ(wait_status, 0);
  EXPECT_TRUE(Exists("outside/kept"));
}

TEST_F(DirectoryTest, ASignalStopsARemovalUnlessItIsToBeFinished) {
  Make("tree");
  Write("tree/file");
  const pid_t pid = fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    CatchInterrupts();
    raise(SIGTERM);
    if (!absl::IsCancelled(RemoveTreeAt(fd(), "tree")) || !Exists("tree/file")) _exit(1);
    if (!RemoveTreeAt(fd(), "tree", OnInterrupt::kFinish).ok() || Exists("tree")) _exit(2);
    _exit(0);
  }
  int wait_status = 0;
  ASSERT_EQ(waitpid(pid, &wait_status, 0), pid);
  EXPECT_EQ(wait_status, 0);
}

TEST_F(DirectoryTest, RenamesButNeverReplaces) {
  Make("a");
  Make("b");
  Write("file");
  Link("nowhere", "link");
  for (const char* to : {"b", "file", "link"}) {
    const absl::Status status = RenameNoReplace(fd(), "a", to);
    EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists) << status;
  }
  EXPECT_TRUE(Exists("a"));
  EXPECT_TRUE(RenameNoReplace(fd(), "a", "c").ok());
  EXPECT_FALSE(Exists("a"));
  EXPECT_TRUE(Exists("c"));
  EXPECT_EQ(RenameNoReplace(fd(), "a", "d").code(), absl::StatusCode::kNotFound);
}

TEST_F(DirectoryTest, SyncsADirectory) {
  EXPECT_TRUE(SyncDirectory(fd(), path_).ok());
  const absl::Status status = SyncDirectory(-1, "/some/where");
  EXPECT_TRUE(absl::StrContains(status.message(), "/some/where")) << status;
}

}  // namespace
}  // namespace mysql_backup
