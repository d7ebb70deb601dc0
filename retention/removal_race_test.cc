// Somebody swaps directories for links to precious ones outside, or mounts these over them, while
// retention removes the tree that they are in. Nothing outside may ever change.
//
//   TRIALS, SEED, TRIAL   base/testing/trials.h; 500 races by default
//
// The full run: bazel test --test_env=TRIALS=10000 --test_timeout=3600 --test_output=all
//                   //retention:removal_race_test
//
// Half of the races are run against a thread that swaps all the time: how often it is in time
// depends on the machine. In the other half the swap comes exactly where it would do harm. The last
// line says how many swaps there were, and how many of them were won: the code had seen a
// directory, and when it acted on that, there was a link or a mount under the name.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "base/manifest.h"
#include "base/testing/call_hook.h"
#include "base/testing/file_facts.h"
#include "base/testing/private_tmpfs.h"
#include "base/testing/trials.h"
#include "base/unique_fd.h"
#include "retention/backup_root.h"

namespace mysql_backup {
namespace {

constexpr char kOld[] = "backup_20261121_020000";
constexpr char kNew[] = "backup_20261122_020000";
constexpr char kHiddenOld[] = ".backup_20261121_020000.deleting";
constexpr char kPartial[] = ".backup_20261121_020000.partial";
constexpr char kEvil[] = "evil";  // the attacker's link in the root
constexpr size_t kPairs = 10;     // of a directory and a link, in the tree that is removed

enum Attack { kLinksInTree, kLinksInRoot, kMountsInTree, kAttacks };

void Must(bool done, const std::string& what) {
  if (done) return;
  perror(what.c_str());
  abort();
}

bool Exchange(int directory, const std::string& a, const std::string& b) {
  return syscall(SYS_renameat2, directory, a.c_str(), directory, b.c_str(), RENAME_EXCHANGE) == 0;
}

class Race {
 public:
  Race(Trial& trial, const std::string& top)
      : trial_(trial),
        root_(top + "/root"),
        outside_(top + "/outside"),
        attack_(static_cast<Attack>(trial.Below(kAttacks))),
        of_leftover_(trial.Percent(30)),
        victim_(of_leftover_ ? kPartial : kOld) {
    for (const std::string& directory : {top, root_, outside_, root_ + "/" + kNew}) Make(directory);
    MakeTree(outside_, {});
    MakeTree(root_ + "/" + victim_, {outside_, "../../outside"});
    std::ofstream(root_ + "/" + kNew + "/orders.ibd") << "rows";
    Must(symlink(trial.Percent(50) ? "../outside" : outside_.c_str(),
                 (root_ + "/" + kEvil).c_str()) == 0,
         kEvil);
    Must(stat(outside_.c_str(), &outside_status_) == 0, outside_);
    root_fd_.reset(open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    victim_fd_.reset(openat(root_fd_.get(), victim_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    outside_before_ = FactsOf(outside_);
    kept_before_ = FactsOf(root_ + "/" + kNew);
  }

  void Run() {
    const bool with_thread = trial_.Percent(50);
    trial_.Describe(absl::StrCat("attack ", attack_, " on ", victim_,
                                 with_thread ? " by a thread" : " in the right moment"));
    ExitCode code = ExitCode::kDone;
    if (with_thread) {
      code = RaceThread();
    } else {
      strike_at_ = trial_.Below(attack_ == kLinksInRoot ? 6 : 2 * kPairs);
      const ScopedCallHook hook([this](const Call& call) { return Strike(call); });
      code = Remove();
      trial_.Count("won_directed", won_);
      trial_.Count("swaps", swaps_);
    }
    Unmount();
    trial_.Expect(code == ExitCode::kDone || code == ExitCode::kLeftBehind, "unknown exit code");
    CheckPrecious();
    if (attack_ == kLinksInRoot) return;
    // With nobody in its way, the next run ends what this one began.
    trial_.Expect(Remove() == ExitCode::kDone, "the next run failed");
    trial_.Expect(faccessat(root_fd_.get(), victim_.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0 &&
                      faccessat(root_fd_.get(), kHiddenOld, F_OK, AT_SYMLINK_NOFOLLOW) != 0,
                  "the next run left something");
    CheckPrecious();
  }

 private:
  static void Make(const std::string& directory) {
    Must(mkdir(directory.c_str(), 0700) == 0 || errno == EEXIST, directory);
  }

  // The same names outside as in the root, so that going on by path would do harm as well.
  // Relative links stay on the mount; absolute ones leave it on their way, which is refused as
  // well.
  static void MakeTree(const std::string& directory, const std::vector<std::string>& link_targets) {
    Make(directory);
    for (size_t i = 0; i < kPairs; ++i) {
      const std::string path = absl::StrCat(directory, "/d", i);
      Make(path);
      Make(path + "/shop");
      std::ofstream(path + "/orders.ibd") << "rows";
      std::ofstream(path + "/shop/orders.ibd") << "rows";
      if (link_targets.empty()) continue;
      const std::string target =
          absl::StrCat(link_targets[i % 2], i % 3 == 0 ? "" : absl::StrCat("/d", i));
      Must(symlink(target.c_str(), absl::StrCat(directory, "/l", i).c_str()) == 0, path);
    }
  }

  ExitCode Remove() {
    std::vector<std::string> removed;
    return ExitCodeOf(of_leftover_ ? RemoveLeftovers(root_, &removed)
                                   : ExpireBackups(root_, {kOld}, &removed));
  }

  // Whether this call acts on a directory that was seen under that name a moment ago. The verdict
  // on the backup that stays is only read.
  static bool IsDecisive(const Call& call) {
    if (call.name == absl::string_view(kNew) || call.name == absl::string_view(kManifestName)) {
      return false;
    }
    if (call.function == "unlinkat") {
      return call.made ? call.error == EISDIR : call.flags == AT_REMOVEDIR;
    }
    return !call.made &&
           (call.function == "renameat2" ||
            (call.function == "openat" && call.name[0] != '.' && call.name[0] != '/'));
  }

  // Whether the name now leads out of the root.
  bool LeadsOutside(const Call& call) const {
    struct stat status = {};
    if (syscall(SYS_newfstatat, call.directory, call.name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
      return false;
    }
    return S_ISLNK(status.st_mode) || status.st_ino == outside_status_.st_ino;
  }

  ExitCode RaceThread() {
    std::atomic<bool> ready{false};
    std::atomic<bool> stop{false};
    std::thread attacker([&] {
      for (size_t i = 0; !stop; ++i) {
        Swap(i % kPairs);
        ready = true;
      }
    });
    while (!ready) sched_yield();
    size_t yields = trial_.Below(1000);
    ExitCode code = ExitCode::kDone;
    {
      const ScopedCallHook hook([&](const Call& call) {
        if (!IsDecisive(call)) return 0;
        // On few processors the attacker would hardly ever come in between.
        if (++yields % 3 == 0) sched_yield();
        if (LeadsOutside(call)) ++won_;
        return 0;
      });
      code = Remove();
    }
    stop = true;
    attacker.join();
    trial_.Count("won_by_thread", won_);
    trial_.Count("swaps", swaps_);
    return code;
  }

  // What the thread does over and over.
  void Swap(size_t i) {
    const std::string directory = absl::StrCat("d", i);
    bool done = false;
    switch (attack_) {
      case kLinksInTree:
        done = Exchange(victim_fd_.get(), directory, absl::StrCat("l", i));
        break;
      case kMountsInTree:
        done = Mount(victim_fd_.get(), directory);
        if (done) umount2(ProcPath(victim_fd_.get(), directory).c_str(), MNT_DETACH);
        break;
      default:
        done = Exchange(root_fd_.get(), victim_, kEvil);
        if (i % 2 == 0) done = Exchange(root_fd_.get(), kHiddenOld, kEvil) || done;
    }
    if (done) ++swaps_;
  }

  // Swaps what the nth decisive call is about, and has it stay so.
  int Strike(const Call& call) {
    const bool in_root = call.name == victim_ || call.name == absl::string_view(kHiddenOld);
    if (!IsDecisive(call) || in_root != (attack_ == kLinksInRoot)) return 0;
    if (decisive_calls_++ != strike_at_) return 0;
    if (attack_ == kMountsInTree) {
      swaps_ += Mount(call.directory, call.name) ? 1 : 0;
    } else {
      // The attacker's link, moved to where the directory is.
      const std::string link = "link";
      const std::string target = WayOutside(call.directory);
      syscall(SYS_symlinkat, target.c_str(), call.directory, link.c_str());
      swaps_ += Exchange(call.directory, call.name, link) ? 1 : 0;
    }
    if (LeadsOutside(call)) ++won_;
    return 0;
  }

  static std::string ProcPath(int directory, const std::string& name) {
    return absl::StrCat("/proc/self/fd/", directory, "/", name);
  }

  // The relative path to what is outside, from a directory in the root.
  static std::string WayOutside(int directory) {
    const std::string path =
        std::filesystem::read_symlink(absl::StrCat("/proc/self/fd/", directory));
    std::string way;
    for (std::filesystem::path at = path; at.filename() != "top"; at = at.parent_path()) {
      way += "../";
    }
    return way + "outside";
  }

  bool Mount(int directory, const std::string& name) {
    const std::string path = ProcPath(directory, name);
    return mount(outside_.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) == 0;
  }

  // All mounts below the root.
  void Unmount() {
    if (attack_ != kMountsInTree) return;
    std::ifstream mounts("/proc/thread-self/mountinfo");
    std::vector<std::string> points;
    for (std::string line; std::getline(mounts, line);) {
      const size_t begin = line.find(" " + root_ + "/");
      if (begin == std::string::npos) continue;
      points.push_back(line.substr(begin + 1, line.find(' ', begin + 1) - begin - 1));
    }
    for (const std::string& point : points) {
      Must(umount2(point.c_str(), MNT_DETACH) == 0, "unmount " + point);
    }
  }

  void CheckPrecious() {
    const std::string outside = Difference(outside_before_, FactsOf(outside_));
    trial_.Expect(outside.empty(), absl::StrCat("outside of the root:\n", outside));
    const std::string kept = Difference(kept_before_, FactsOf(root_ + "/" + kNew));
    trial_.Expect(kept.empty(), absl::StrCat("in the backup that stays:\n", kept));
  }

  Trial& trial_;
  const std::string root_;
  const std::string outside_;
  const Attack attack_;
  const bool of_leftover_;
  const std::string victim_;
  struct stat outside_status_ = {};
  UniqueFd root_fd_;
  UniqueFd victim_fd_;
  TreeFacts outside_before_;
  TreeFacts kept_before_;
  std::atomic<uint64_t> swaps_{0};
  uint64_t won_ = 0;
  size_t decisive_calls_ = 0;
  size_t strike_at_ = 0;
};

TEST(RemovalRaceTest, NothingOutsideIsTouched) {
  FLAGS_minloglevel = 3;
  const PrivateTmpfs tmpfs;
  auto counts = RunTrials("removal_race", 500, [&](Trial& trial) {
    const std::string top = tmpfs.path() + "/top";
    Race(trial, top).Run();
    std::filesystem::remove_all(top);
  });
  EXPECT_GT(counts["won_directed"] + counts["won_by_thread"], 0) << "no race: nothing is proven";
}

}  // namespace
}  // namespace mysql_backup
