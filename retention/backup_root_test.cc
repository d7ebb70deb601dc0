#include "retention/backup_root.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/directory.h"
#include "base/exit_code.h"
#include "base/interrupt.h"
#include "base/testing/call_hook.h"

namespace mysql_backup {
namespace {

constexpr char kOld[] = "backup_20261121_020000";
constexpr char kNew[] = "backup_20261122_020000";
constexpr char kHiddenOld[] = ".backup_20261121_020000.deleting";
constexpr char kPartial[] = ".backup_20261123_020000.partial";

class BackupRootTest : public testing::Test {
 protected:
  void SetUp() override {
    top_ = testing::TempDir() + "/backup_root_test.XXXXXX";
    ASSERT_NE(mkdtemp(top_.data()), nullptr);
    root_ = top_ + "/root";
    Make("");
    ASSERT_EQ(mkdir((top_ + "/outside").c_str(), 0700), 0);
    std::ofstream(top_ + "/outside/kept") << "kept";
  }

  void TearDown() override {
    EXPECT_EQ(access((top_ + "/outside/kept").c_str(), F_OK), 0) << "removed outside of the root";
    const absl::StatusOr<UniqueFd> parent = OpenDirectory(testing::TempDir());
    ASSERT_TRUE(parent.ok());
    EXPECT_TRUE(RemoveTreeAt(parent->get(), top_.substr(top_.rfind('/') + 1)).ok());
  }

  std::string Path(const std::string& name) const { return absl::StrCat(root_, "/", name); }
  void Make(const std::string& name) const { ASSERT_EQ(mkdir(Path(name).c_str(), 0700), 0); }
  void Write(const std::string& name) const { std::ofstream(Path(name)) << name; }
  void LinkOutside(const std::string& name) const {
    ASSERT_EQ(symlink((top_ + "/outside").c_str(), Path(name).c_str()), 0);
  }
  void MakeBackup(const std::string& name) const {
    Make(name);
    Make(name + "/shop");
    Write(name + "/shop/orders.ibd");
  }
  std::vector<std::string> Names() const {
    const absl::StatusOr<UniqueFd> root = OpenDirectory(root_);
    if (!root.ok()) return {"?"};
    return ListDirectory(root->get()).value();
  }

  std::string top_;
  std::string root_;
  std::vector<std::string> removed_;
};

using NameList = std::vector<std::string>;

TEST_F(BackupRootTest, ExpiresAndSaysWhatIsGone) {
  MakeBackup(kOld);
  MakeBackup(kNew);
  ASSERT_TRUE(ExpireBackups(root_, {"backup_20261101_020000", kOld}, &removed_).ok());
  EXPECT_EQ(removed_, NameList({kOld}));
  EXPECT_EQ(Names(), NameList({kNew}));
}

TEST_F(BackupRootTest, NeverRemovesTheLastOne) {
  MakeBackup(kOld);
  MakeBackup(kNew);
  Make(kPartial);
  Write("backup_20261130_020000");  // no directory, so no backup that could be the last one
  const NameList before = Names();
  const absl::Status status = ExpireBackups(root_, {kOld, kNew}, &removed_);
  EXPECT_EQ(ExitCodeOf(status), ExitCode::kFailed);
  EXPECT_TRUE(absl::StrContains(status.message(), "nothing was touched")) << status;
  EXPECT_EQ(Names(), before);
  EXPECT_TRUE(removed_.empty());
}

TEST_F(BackupRootTest, ExpiresWhatACrashLeftHalfDeleted) {
  MakeBackup(kNew);
  MakeBackup(kHiddenOld);
  ASSERT_TRUE(ExpireBackups(root_, {kOld}, &removed_).ok());
  EXPECT_EQ(removed_, NameList({kOld}));
  EXPECT_EQ(Names(), NameList({kNew}));
  // The same time may be there both ways, when a clock was set back in between.
  removed_.clear();
  MakeBackup(kOld);
  MakeBackup(kHiddenOld);
  ASSERT_TRUE(ExpireBackups(root_, {kOld}, &removed_).ok());
  EXPECT_EQ(removed_, NameList({kOld}));
  EXPECT_EQ(Names(), NameList({kNew}));
}

TEST_F(BackupRootTest, LeavesWhatIsNoDirectory) {
  MakeBackup(kNew);
  LinkOutside(kOld);
  Write("backup_20261120_020000");
  MakeBackup("backup_20261119_020000");
  const absl::Status status =
      ExpireBackups(root_, {"backup_20261119_020000", "backup_20261120_020000", kOld}, &removed_);
  EXPECT_EQ(ExitCodeOf(status), ExitCode::kLeftBehind);
  EXPECT_TRUE(
      absl::StrContains(status.message(), "left: backup_20261120_020000 backup_20261121_020000;"))
      << status;
  EXPECT_EQ(removed_, NameList({"backup_20261119_020000"}));
  EXPECT_EQ(Names(), NameList({"backup_20261120_020000", kOld, kNew}));
}

TEST_F(BackupRootTest, NamesBothThatAreLeft) {
  MakeBackup(kNew);
  MakeBackup(kOld);
  MakeBackup(kHiddenOld);
  const ScopedCallHook hook(
      [](const Call& call) { return call.function == "unlinkat" ? EROFS : 0; });
  const absl::Status status = ExpireBackups(root_, {kOld}, &removed_);
  EXPECT_TRUE(
      absl::StrContains(status.message(), absl::StrCat("left: ", kOld, " ", kHiddenOld, ";")))
      << status;
}

TEST_F(BackupRootTest, LeavesADeletingNameThatIsNoDirectory) {
  MakeBackup(kOld);
  MakeBackup(kNew);
  LinkOutside(kHiddenOld);
  const NameList before = Names();
  EXPECT_EQ(ExitCodeOf(ExpireBackups(root_, {kOld}, &removed_)), ExitCode::kLeftBehind);
  EXPECT_EQ(Names(), before);
}

TEST_F(BackupRootTest, LinksInABackupAreNotFollowed) {
  MakeBackup(kNew);
  MakeBackup(kOld);
  LinkOutside(absl::StrCat(kOld, "/shop/linked"));
  LinkOutside(absl::StrCat(kOld, "/new\nline"));
  Write(absl::StrCat(kOld, "/-rf"));
  ASSERT_EQ(mkfifo(Path(absl::StrCat(kOld, "/fifo")).c_str(), 0), 0);
  ASSERT_TRUE(ExpireBackups(root_, {kOld}, &removed_).ok());
  EXPECT_EQ(Names(), NameList({kNew}));
}

// Somebody swaps a directory for a link to one outside, and back, all the time. What is inside the
// backup goes or stays; TearDown looks at what is outside.
TEST_F(BackupRootTest, ADirectorySwappedForALinkIsNotFollowed) {
  MakeBackup(kNew);
  for (int round = 0; round < 40; ++round) {
    Make(kOld);
    const std::string hidden = Path(kHiddenOld);
    for (int i = 0; i < 20; ++i) {
      Make(absl::StrCat(kOld, "/a", i));
      LinkOutside(absl::StrCat(kOld, "/b", i));
    }
    std::atomic<bool> stop{false};
    std::thread swapper([&] {
      for (int i = 0; !stop; i = (i + 1) % 20) {
        renameat2(AT_FDCWD, absl::StrCat(hidden, "/a", i).c_str(), AT_FDCWD,
                  absl::StrCat(hidden, "/b", i).c_str(), RENAME_EXCHANGE);
      }
    });
    while (true) {
      const absl::Status status = ExpireBackups(root_, {kOld}, &removed_);
      if (status.ok()) break;
    }
    stop = true;
    swapper.join();
  }
}

TEST_F(BackupRootTest, ASignalLeavesTheRest) {
  MakeBackup(kOld);
  MakeBackup(kNew);
  const pid_t pid = fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    CatchInterrupts();
    raise(SIGTERM);
    // What is not there is not left.
    const absl::Status status = ExpireBackups(root_, {"backup_20261101_020000", kOld}, &removed_);
    const bool as_expected = ExitCodeOf(status) == ExitCode::kLeftBehind && removed_.empty() &&
                             absl::StrContains(status.message(), absl::StrCat("left: ", kOld, ";"));
    _exit(as_expected ? 0 : 1);
  }
  int wait_status = 0;
  ASSERT_EQ(waitpid(pid, &wait_status, 0), pid);
  EXPECT_EQ(wait_status, 0);
  EXPECT_EQ(Names(), NameList({kOld, kNew}));
}

// Of the errors that absl::Status calls Unavailable, as it does a lock that is held: a network
// share without locks, a FUSE filesystem, a server that is away.
TEST_F(BackupRootTest, AnErrorIsNotTakenForAVerification) {
  for (const char* function : {"flock", "unlinkat", "fsync"}) {
    for (const int error : {ENOLCK, EINTR, EHOSTDOWN}) {
      MakeBackup(kOld);
      MakeBackup(kNew);
      {
        const ScopedCallHook hook(
            [&](const Call& call) { return call.function == function ? error : 0; });
        const absl::Status status = ExpireBackups(root_, {kOld}, &removed_);
        EXPECT_EQ(ExitCodeOf(status), ExitCode::kLeftBehind) << function << " " << error;
      }
      EXPECT_TRUE(removed_.empty());
      ASSERT_TRUE(ExpireBackups(root_, {kOld}, &removed_).ok());
      ASSERT_TRUE(RemoveTreeAt(OpenDirectory(root_)->get(), kNew).ok());
      removed_.clear();
    }
  }
  Make(".verify");
  const ScopedCallHook hook([](const Call& call) { return call.function == "flock" ? ENOLCK : 0; });
  EXPECT_EQ(ExitCodeOf(RemoveLeftovers(root_, &removed_)), ExitCode::kLeftBehind);
  EXPECT_EQ(Names(), NameList({".verify"}));
}

// A damaged entry, which cannot be looked at, is one of those that are left.
TEST_F(BackupRootTest, ALeftoverThatCannotBeSeenIsNamedAndDoesNotStopTheOthers) {
  MakeBackup(kHiddenOld);
  MakeBackup(kPartial);
  Make(".verify");
  const ScopedCallHook hook([](const Call& call) {
    return call.function == "fstatat" && call.name == absl::string_view(kPartial) ? EIO : 0;
  });
  const absl::Status status = RemoveLeftovers(root_, &removed_);
  EXPECT_EQ(ExitCodeOf(status), ExitCode::kLeftBehind);
  EXPECT_TRUE(absl::StrContains(status.message(), absl::StrCat("left: ", kPartial, ";"))) << status;
  EXPECT_EQ(removed_, NameList({kHiddenOld, ".verify"}));
  EXPECT_EQ(Names(), NameList({kPartial}));
}

TEST_F(BackupRootTest, RemovesLeftovers) {
  MakeBackup(kNew);
  MakeBackup(kPartial);
  MakeBackup(kHiddenOld);
  Write(".backup_20261130_020000.partial");
  LinkOutside(".backup_20261130_020000.deleting");
  Make(".backup_20261131_020000.partial");  // no such day
  Make(".backup_20261123_020000.partial.old");
  ASSERT_TRUE(RemoveLeftovers(root_, &removed_).ok());
  EXPECT_EQ(removed_, NameList({kHiddenOld, kPartial}));
  EXPECT_EQ(Names(),
            NameList({".backup_20261123_020000.partial.old", ".backup_20261130_020000.deleting",
                      ".backup_20261130_020000.partial", ".backup_20261131_020000.partial", kNew}));
  EXPECT_TRUE(RemoveLeftovers(root_ + "/missing", &removed_).ok());
  EXPECT_FALSE(RemoveLeftovers(Path(".backup_20261130_020000.deleting"), &removed_).ok());
}

}  // namespace
}  // namespace mysql_backup
