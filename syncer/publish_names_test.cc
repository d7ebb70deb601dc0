// The names of backups over sequences of runs: clocks that are set back and forth, ends of summer
// time, many runs in one second, names that foreign things bear, ends of years, leap days, the end
// of the calendar, and errors of the system.
//
//   TRIALS, SEED, TRIAL   base/testing/trials.h; 1000 sequences by default
//
// The full run: bazel test --test_env=TRIALS=100000 --test_timeout=3600 --test_output=all
//                   //syncer:publish_names_test

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/backup_name.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "base/manifest.h"
#include "base/manifest_parser.h"
#include "base/testing/call_hook.h"
#include "base/testing/file_facts.h"
#include "base/testing/private_tmpfs.h"
#include "base/testing/trials.h"
#include "syncer/publish_backup.h"

namespace mysql_backup {
namespace {

// Rules instead of names of zones: they need no time zone data on the machine. Both hemispheres, a
// change of half an hour, one at midnight, one that makes winter the exception, and none.
const std::vector<std::string>& Zones() {
  static const std::vector<std::string> kZones = {
      "UTC0",
      "CET-1CEST,M3.5.0,M10.5.0/3",
      "EST5EDT,M3.2.0,M11.1.0",
      "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
      "NZST-12NZDT,M9.5.0,M4.1.0/3",
      "<-03>3<-02>,M10.3.0/0,M2.3.0/0",
      "IST-1GMT0,M10.5.0,M3.5.0/1",
      "<+14>-14",
      "<-12>12",
  };
  return kZones;
}

// Moments around which names are in danger, in seconds since 1970: the changes of 2026 in the zones
// above, a leap day, ends of years, the beginning of time, and the last second that has a name.
const std::vector<time_t>& Edges() {
  static const std::vector<time_t> kEdges = {
      1774746000, 1792890000, 1772953200, 1793512800, 1775314800, 1791041400,
      1775311200, 1790431200, 1771120800, 1792292400, 1835395200, 1798761600,
      1830297600, 951782400,  0,          -1,         4102444800, 253402300799};
  return kEdges;
}

// The model's own way from a moment to a name, by the C library.
std::string NameOf(const tm& time) {
  char name[64];
  snprintf(name, sizeof(name), "backup_%04d%02d%02d_%02d%02d%02d", time.tm_year + 1900,
           time.tm_mon + 1, time.tm_mday, time.tm_hour, time.tm_min, time.tm_sec);
  return name;
}

std::string LocalName(time_t moment) {
  tm time = {};
  localtime_r(&moment, &time);
  return NameOf(time);
}

// The name one second later, or nullopt after the last.
absl::optional<std::string> Next(const std::string& name) {
  tm time = {};
  strptime(name.c_str(), "backup_%Y%m%d_%H%M%S", &time);
  const time_t moment = timegm(&time) + 1;
  gmtime_r(&moment, &time);
  const std::string next = NameOf(time);
  if (next.size() != name.size()) return absl::nullopt;
  return next;
}

// What a backup consists of here.
const std::string kInside[] = {"", "/rows", absl::StrCat("/", kManifestName)};

class Sequence {
 public:
  Sequence(Trial& trial, const std::string& top) : trial_(trial), root_(top + "/root") {
    std::filesystem::create_directories(root_);
    facts_ = FactsOf(root_);
    clock_ = trial.Pick(Edges()) + static_cast<time_t>(trial.Below(21)) - 10;
    SetZone();
  }

  void Run() {
    const size_t runs = 4 + trial_.Below(12);
    for (size_t i = 0; i < runs && !trial_.failed(); ++i) {
      if (trial_.Percent(5)) SetZone();
      if (trial_.Percent(40)) MakeForeign();
      if (trial_.Percent(5)) ExpireOldest();
      if (LocalName(clock_).size() == 22) PublishOne();  // not after 9999
      SetClock();
    }
  }

 private:
  void SetZone() {
    const std::string& zone = trial_.Pick(Zones());
    setenv("TZ", zone.c_str(), 1);
    tzset();
    trial_.Describe("zone " + zone);
  }

  void SetClock() {
    switch (trial_.Below(8)) {
      case 0:
      case 1:
        break;  // again in the same second
      case 2:
        clock_ += 1;
        break;
      case 3:
        clock_ += static_cast<time_t>(trial_.Below(7)) - 3;
        break;
      case 4:
        clock_ += 1800 * (static_cast<time_t>(trial_.Below(9)) - 4);
        break;
      case 5:
        clock_ += 86400 * (static_cast<time_t>(trial_.Below(800)) - 400);
        break;
      case 6:
        clock_ = trial_.Pick(Edges()) + static_cast<time_t>(trial_.Below(7201)) - 3600;
        break;
      default:
        clock_ += 86400;
    }
  }

  // Something that bears a name which a run is about to want, and is no backup.
  void MakeForeign() {
    std::string name =
        published_.empty() || trial_.Percent(40) ? LocalName(clock_) : published_.back();
    for (size_t i = trial_.Below(3); i > 0; --i) name = Next(name).value_or(name);
    const size_t several = trial_.Percent(5) ? 12 : 1 + trial_.Below(2);
    for (size_t i = 0; i < several; ++i) {
      if (name.size() == 22) TakeName(name);
      name = Next(name).value_or(name);
    }
  }

  void TakeName(const std::string& name) {
    const std::string path = absl::StrCat(root_, "/", name);
    int made = 0;
    switch (trial_.Below(4)) {
      case 0:
        made = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (made >= 0) close(made);
        break;
      case 1:
        made = mkfifo(path.c_str(), 0600);
        break;
      case 2:
        made = symlink(published_.empty() ? "nowhere" : published_.back().c_str(), path.c_str());
        break;
      default:
        made = symlink("/", path.c_str());
    }
    if (made < 0) return;
    trial_.Describe("foreign " + name);
    facts_ = FactsOf(root_);
  }

  // As retention does: never the newest.
  void ExpireOldest() {
    if (published_.size() < 2) return;
    std::filesystem::remove_all(absl::StrCat(root_, "/", published_.front()));
    published_.erase(published_.begin());
    facts_ = FactsOf(root_);
  }

  // The name that the next run must get, or nullopt when there is none.
  absl::optional<std::string> ExpectedName(const std::string& begun, const TreeFacts& facts) {
    absl::optional<std::string> name = begun;
    if (!published_.empty() && published_.back() >= begun) name = Next(published_.back());
    for (int attempt = 0; attempt < 10; ++attempt) {
      if (!name.has_value() || facts.count(*name) == 0) return name;
      name = Next(*name);
    }
    return absl::nullopt;
  }

  // Has a call fail, or has somebody take the name in the last moment.
  int Disturb(const Call& call) {
    if (call.made) return 0;
    if (rival_ && call.function == "renameat2" && rival_name_.empty()) {
      rival_name_ = call.to;
      // An empty directory: a rename that replaces would replace it.
      if (mkdirat(call.directory, call.to, 0700) != 0) rival_name_ = "none";
      return 0;
    }
    return calls_++ == error_at_ ? error_ : 0;
  }

  void PublishOne() {
    const std::string begun = LocalName(clock_);
    const std::string partial = absl::StrCat(".", begun, ".partial");
    trial_.Describe(absl::StrCat("run at ", begun));
    std::filesystem::create_directory(absl::StrCat(root_, "/", partial));
    std::ofstream(absl::StrCat(root_, "/", partial, "/rows")) << begun;
    // Complete already, so that nothing in the copy has to be changed any more.
    const std::string manifest = absl::StrCat(kManifestHead, "d - 0 shop\n");
    ManifestParser begun_manifest;
    begun_manifest.Add(manifest);
    std::ofstream(absl::StrCat(root_, "/", partial, "/", kManifestName))
        << manifest << begun_manifest.Complete("").value();
    TreeFacts before = facts_;
    for (const auto& [path, facts] : FactsOf(absl::StrCat(root_, "/", partial))) {
      before.emplace(path.empty() ? partial : absl::StrCat(partial, "/", path), facts);
    }
    calls_ = 0;
    error_at_ = trial_.Percent(10) ? trial_.Below(16) : SIZE_MAX;
    error_ = trial_.Pick<int>({EIO, ENOSPC, EROFS, EINTR, ENOLCK, EMFILE});
    rival_ = error_at_ == SIZE_MAX && trial_.Percent(5);
    rival_name_.clear();
    const absl::StatusOr<std::string> name = [&] {
      const ScopedCallHook hook([this](const Call& call) { return Disturb(call); });
      PublishOptions options;
      options.root = root_;
      options.partial = partial;
      return PublishBackup(options);
    }();
    trial_.Describe(name.ok() ? "published " + *name : std::string(name.status().message()));
    CheckPublished(name, ExpectedName(begun, before), partial, before);
  }

  void CheckPublished(const absl::StatusOr<std::string>& name, absl::optional<std::string> expected,
                      const std::string& partial, TreeFacts before) {
    const bool had_error = calls_ > error_at_;
    TreeFacts after = FactsOf(root_);
    if (!rival_name_.empty() && rival_name_ != "none") {
      // What came in between is now the newest, and whole.
      trial_.Count("rivals");
      trial_.Expect(after.count(rival_name_) > 0 && after.count(rival_name_ + "/rows") == 0,
                    "replaced a directory that came in between");
      before[rival_name_] = after[rival_name_];
      published_.push_back(rival_name_);
      if (!had_error) expected = name.ok() ? absl::make_optional(*name) : absl::nullopt;
    }
    absl::optional<std::string> new_name;
    if (name.ok()) new_name = *name;
    if (ExitCodeOf(name.status()) == ExitCode::kLeftBehind) new_name = expected;
    if (!had_error) {
      trial_.Expect(name.ok() == expected.has_value(), "published, or not, against expectation");
    } else {
      trial_.Count("errors");
      trial_.Expect(!name.ok(), "an error of the system was passed over");
    }
    if (new_name.has_value()) {
      trial_.Count("published");
      trial_.Expect(new_name == expected, "not the expected name: " + expected.value_or("none"));
      trial_.Expect(ParseBackupName(*new_name).has_value(), "a name that does not parse");
      trial_.Expect(published_.empty() || *new_name > published_.back(), "not the newest name");
      published_.push_back(*new_name);
      for (const std::string& inside : kInside) {
        const auto moved = before.find(partial + inside);
        before[*new_name + inside] = moved->second;
        before.erase(moved);
      }
    }
    before.at("").modified = after.at("").modified;
    const std::string difference = Difference(before, after);
    trial_.Expect(difference.empty(), "more than one name has changed:\n" + difference);
    // The next run removes what this one left.
    std::filesystem::remove_all(absl::StrCat(root_, "/", partial));
    for (const std::string& inside : kInside) after.erase(partial + inside);
    facts_ = std::move(after);
  }

  Trial& trial_;
  const std::string root_;
  time_t clock_ = 0;
  std::vector<std::string> published_;  // oldest first
  TreeFacts facts_;                     // of the root between two runs
  size_t calls_ = 0;
  size_t error_at_ = SIZE_MAX;
  int error_ = 0;
  bool rival_ = false;
  std::string rival_name_;
};

TEST(PublishNamesTest, TheNewestRunHasTheNewestName) {
  FLAGS_minloglevel = 3;
  const PrivateTmpfs tmpfs;
  RunTrials("publish_names", 1000, [&](Trial& trial) {
    const std::string top = tmpfs.path() + "/top";
    Sequence(trial, top).Run();
    std::filesystem::remove_all(top);
  });
}

}  // namespace
}  // namespace mysql_backup
