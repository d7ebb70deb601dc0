// Retention against a model: random backup roots, random lists, and faults in the middle.
//
//   TRIALS, SEED, TRIAL   base/testing/trials.h; 2000 trials by default
//
// The full run: bazel test --test_env=TRIALS=100000 --test_timeout=3600 --test_output=all
//                   //retention:retention_property_test

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/directory.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "base/published.h"
#include "base/testing/file_facts.h"
#include "base/testing/private_tmpfs.h"
#include "base/testing/trials.h"
#include "retention/backup_list.h"
#include "retention/backup_root.h"
#include "retention/plan_retention.h"
#include "retention/random_fault.h"
#include "retention/random_root.h"
#include "retention/retention_model.h"

namespace mysql_backup {
namespace {

using NameList = std::vector<std::string>;

// Returns the list with something wrong in it; now and then it is a good one all the same.
std::string Damage(Trial& trial, const std::string& text) {
  NameList lines = absl::StrSplit(text, '\n');
  const size_t line = trial.Below(lines.size());
  switch (trial.Below(6)) {
    case 0:
      return text.substr(0, trial.Below(text.size() + 1));
    case 1:
      lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(line), lines[line]);
      break;
    case 2:
      std::swap(lines[line], lines[trial.Below(lines.size())]);
      break;
    case 3:
      lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(line));
      break;
    case 4:
      lines[line] = NearMiss(trial, RandomBackupName(trial));
      break;
    default: {
      std::string changed = text;
      changed[trial.Below(changed.size())] = "0129\n\r /.e"[trial.Below(10)];
      return changed;
    }
  }
  return absl::StrJoin(lines, "\n");
}

// One root, and what is done with it.
class RetentionTrial {
 public:
  RetentionTrial(Trial& trial, const std::string& top) : trial_(trial), top_(top) {}

  void Run() {
    root_ = MakeRandomRoot(trial_, top_);
    Lock();
    before_ = FactsOf(top_);
    if (trial_.Percent(70)) {
      const std::string text = trial_.Percent(60) ? PlannedList() : InventedList();
      Expire(trial_.Percent(25) ? Damage(trial_, text) : text);
    } else {
      Check(ModelRemoveLeftovers(root_.model),
            [this](NameList* removed) { return RemoveLeftovers(top_ + "/root", removed); });
    }
  }

 private:
  // Sometimes a verification uses one of the directories.
  void Lock() {
    if (!trial_.Percent(15) || root_.model.entries.empty()) return;
    const auto entry =
        std::next(root_.model.entries.begin(),
                  static_cast<std::ptrdiff_t>(trial_.Below(root_.model.entries.size())));
    if (!entry->second || absl::StartsWith(entry->first, ".backup")) return;
    const std::string path = absl::StrCat(top_, "/root/", entry->first);
    lock_.reset(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_EQ(flock(lock_.get(), LOCK_SH), 0);
    root_.model.locked.insert(entry->first);
    trial_.Describe(absl::StrCat("locked '", absl::CHexEscape(entry->first), "'"));
  }

  // What list_backups | plan_retention say.
  std::string PlannedList() {
    const size_t keep = trial_.Below(5) + 1;
    const auto root = OpenDirectory(top_ + "/root");
    const auto published = ListPublished(root->get());
    trial_.Expect(published.ok() && *published == ModelPublished(root_.model),
                  "wrong backups listed");
    const auto piped = ParseBackupList(FormatBackupList(*published));
    trial_.Expect(piped.ok() && *piped == *published, "the list changes on its way");
    const NameList plan = PlanRetention(*piped, keep);
    trial_.Expect(plan == ModelPlan(*published, keep), absl::StrCat("wrong plan, keep=", keep));
    return FormatBackupList(plan);
  }

  // What somebody wrote by hand: some of the backups, up to all, and names that are none.
  std::string InventedList() {
    std::set<std::string> names;
    const size_t share = trial_.Pick<size_t>({30, 60, 100});
    for (const auto& [name, is_directory] : root_.model.entries) {
      if (ModelIsBackupName(name) && trial_.Percent(share)) names.insert(name);
    }
    for (size_t i = trial_.Below(3); i > 0; --i) names.insert(RandomBackupName(trial_));
    return FormatBackupList(NameList(names.begin(), names.end()));
  }

  void Expire(const std::string& text) {
    trial_.Describe(absl::StrCat("list '", absl::CHexEscape(text), "'"));
    const absl::optional<NameList> expected = ModelList(text);
    const auto names = ParseBackupList(text);
    if (!trial_.Expect(names.ok() == expected.has_value(), "the list was misjudged") ||
        !names.ok()) {
      trial_.Count("lists_refused");
      return;
    }
    trial_.Expect(*names == *expected, "the list was misread");
    Check(ModelExpire(root_.model, *names), [this, names](NameList* removed) {
      return ExpireBackups(top_ + "/root", *names, removed);
    });
  }

  void Check(const ModelOutcome& outcome, const Removal& removal) {
    const Fault fault = RandomFault(trial_, root_);
    trial_.Describe(absl::StrCat("fault ", FaultName(fault.kind), " at call ", fault.at, ", errno ",
                                 fault.error, fault.forever ? " for ever" : "", " '",
                                 absl::CHexEscape(fault.path), "'"));
    const RemovalResult result = RunWithFault(fault, top_ + "/outside", removal);
    trial_.Describe(absl::StrCat("exit code ", result.exit_code, ": ", result.message));
    const TreeFacts after = FactsOf(top_);
    if (!result.fault_came) {
      CheckExactly(outcome, result, after);
      return;
    }
    trial_.Count(absl::StrCat("fault_", FaultName(fault.kind)));
    CheckNothingElseTouched(outcome, after);
    if (!result.crashed) CheckTruth(outcome, result, after);
    // The next run, with nothing in its way, ends where one run would have.
    const RemovalResult again = RunWithFault(Fault(), "", removal);
    trial_.Describe(absl::StrCat("again: exit code ", again.exit_code, ": ", again.message));
    CheckState(outcome, FactsOf(top_));
    trial_.Expect(again.exit_code == ExpectedExit(outcome), "wrong exit code of the next run");
  }

  static int ExpectedExit(const ModelOutcome& outcome) {
    const ExitCode code = outcome.refused        ? ExitCode::kFailed
                          : outcome.left.empty() ? ExitCode::kDone
                                                 : ExitCode::kLeftBehind;
    return static_cast<int>(code);
  }

  void CheckExactly(const ModelOutcome& outcome, const RemovalResult& result,
                    const TreeFacts& after) {
    CheckState(outcome, after);
    trial_.Expect(result.exit_code == ExpectedExit(outcome), "wrong exit code");
    trial_.Expect(result.removed == outcome.reported, "reported something else as removed");
    for (const std::string& name : outcome.left) {
      trial_.Expect(absl::StrContains(result.message, name), name + " is left and not named");
    }
    trial_.Count("entries_gone", outcome.gone.size());
  }

  // The root's entry that a path lies in, or "" outside of them.
  static std::string EntryOf(const std::string& path) {
    const std::vector<std::string> parts = absl::StrSplit(path, '/');
    return parts.size() > 1 && parts[0] == "root" ? parts[1] : "";
  }

  // Everything is as it was but for what had to go, which has gone.
  void CheckState(const ModelOutcome& outcome, const TreeFacts& after) {
    TreeFacts expected;
    for (const auto& [path, facts] : before_) {
      if (outcome.gone.count(EntryOf(path)) == 0) expected.emplace(path, facts);
    }
    if (!outcome.gone.empty()) expected.at("root").modified = after.at("root").modified;
    const std::string difference = Difference(expected, after);
    trial_.Expect(difference.empty(), absl::StrCat("not as it should be:\n", difference));
  }

  // In the middle: what may go is whole, or it has its deleting name and may lack some of itself.
  void CheckNothingElseTouched(const ModelOutcome& outcome, TreeFacts after) {
    std::set<std::string> may_change = outcome.gone;
    for (const std::string& name : outcome.gone) {
      if (ModelIsBackupName(name)) may_change.insert(ModelDeletingName(name));
    }
    TreeFacts rest = before_;
    std::set<uint64_t> inodes;
    for (auto path = rest.begin(); path != rest.end();) {
      const std::string entry = EntryOf(path->first);
      const bool published = ModelIsBackupName(entry) && after.count("root/" + entry) > 0;
      if (may_change.count(entry) > 0) inodes.insert(path->second.inode);
      path = may_change.count(entry) > 0 && !published ? rest.erase(path) : std::next(path);
    }
    for (auto path = after.begin(); path != after.end();) {
      const std::string entry = EntryOf(path->first);
      if (may_change.count(entry) > 0 && !ModelIsBackupName(entry)) {
        trial_.Expect(inodes.count(path->second.inode) > 0,
                      "new in what is removed: " + path->first);
        path = after.erase(path);
      } else {
        ++path;
      }
    }
    after.at("root").modified = rest.at("root").modified;
    const std::string difference = Difference(rest, after);
    trial_.Expect(difference.empty(), absl::StrCat("touched in the middle:\n", difference));
  }

  // What a removal that met a fault says is so.
  void CheckTruth(const ModelOutcome& outcome, const RemovalResult& result,
                  const TreeFacts& after) {
    std::set<std::string> still_there(outcome.left.begin(), outcome.left.end());
    for (const std::string& name : outcome.gone) {
      if (after.count("root/" + name) > 0) still_there.insert(name);
      const std::string deleting = ModelDeletingName(name);
      if (after.count("root/" + deleting) > 0) still_there.insert(deleting);
    }
    const int code = result.exit_code;
    if (code == static_cast<int>(ExitCode::kDone)) {
      trial_.Expect(still_there.empty(), "says done, but left: " + absl::StrJoin(still_there, " "));
    } else if (code == static_cast<int>(ExitCode::kFailed)) {
      const std::string difference = Difference(before_, after);
      trial_.Expect(difference.empty(), "says that nothing was touched:\n" + difference);
    } else {
      trial_.Expect(code == static_cast<int>(ExitCode::kLeftBehind), "unknown exit code");
      CheckNamesLeft(result, still_there, after);
    }
    trial_.Expect(result.removals_after_signal == 0, "went on after a signal");
    for (const std::string& name : result.removed) {
      trial_.Expect(still_there.count(name) == 0 && still_there.count(ModelDeletingName(name)) == 0,
                    name + " is reported as removed and still there");
    }
  }

  void CheckNamesLeft(const RemovalResult& result, const std::set<std::string>& still_there,
                      const TreeFacts& after) {
    for (const std::string& name : still_there) {
      trial_.Expect(result.looked_in_vain || absl::StrContains(result.message, name),
                    name + " is left and not named");
    }
    const NameList halves = absl::StrSplit(result.message, "; left: ");
    if (!trial_.Expect(halves.size() == 2, "does not say what is left")) return;
    if (result.looked_in_vain) return;
    const std::string names = halves[1].substr(0, halves[1].find(';'));
    for (const absl::string_view name : absl::StrSplit(names, ' ')) {
      trial_.Expect(after.count(absl::StrCat("root/", name)) > 0,
                    absl::StrCat("named as left, but it is not there: ", name));
    }
  }

  Trial& trial_;
  const std::string top_;
  RandomRoot root_;
  UniqueFd lock_;
  TreeFacts before_;
};

TEST(RetentionPropertyTest, DoesWhatTheModelDoes) {
  // Nothing below LOG(FATAL): a hundred thousand roots have a lot to say.
  FLAGS_minloglevel = 3;
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 4096);  // for FactsOf() deep trees
  setrlimit(RLIMIT_NOFILE, &limit);
  const PrivateTmpfs tmpfs;
  RunTrials("retention", 2000, [&](Trial& trial) {
    const std::string top = tmpfs.path() + "/top";
    ASSERT_EQ(mkdir(top.c_str(), 0700), 0);
    RetentionTrial(trial, top).Run();
    std::filesystem::remove_all(top);
  });
}

}  // namespace
}  // namespace mysql_backup
