#include "snapshot/lvm.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/subprocess.h"

namespace mysql_backup {
namespace {

// In the order that ParseLvs expects. None of the values can contain the separator.
constexpr absl::string_view kLvsFields =
    "lv_name,origin,lv_attr,lv_tags,lv_size,data_percent,lv_path,lv_kernel_major,lv_kernel_minor,"
    "pool_lv,metadata_percent";
constexpr absl::string_view kVgsFields = "vg_free,vg_extent_size";  // ParseGroupRoom's order
constexpr absl::string_view kSeparator = "|";

// Past the deadline LVM gets a SIGTERM, which it takes only outside its critical sections. Waiting
// long before SIGKILL is the lesser evil: killed between suspending and resuming the origin, it
// would leave the server's disk frozen.
constexpr absl::Duration kKillAfter = absl::Minutes(2);

}  // namespace

// Ended at any moment, a report does no harm.
absl::StatusOr<std::string> Lvm::Report(absl::string_view command, absl::string_view fields) const {
  SubprocessOptions options;
  options.argv = {
      program_,      std::string(command),    "--noheadings", "--nosuffix",        "--units", "b",
      "--separator", std::string(kSeparator), "--options",    std::string(fields), vg_};
  options.deadline = deadline_;
  options.stop_fd = stop_fd_;
  options.finish_when_interrupted = stop_fd_ < 0;
  ASSIGN_OR_RETURN(const SubprocessResult result, RunSubprocessOk(std::move(options)));
  return result.stdout_text;
}

absl::Status Lvm::Change(std::vector<std::string> arguments) const {
  SubprocessOptions options;
  options.argv = std::move(arguments);
  options.argv.insert(options.argv.begin(), program_);
  options.deadline = deadline_;
  options.kill_after = kKillAfter;
  // Every one of these is short, and none is better off half done.
  options.finish_when_interrupted = true;
  return RunSubprocessOk(std::move(options)).status();
}

absl::StatusOr<std::vector<LogicalVolume>> Lvm::List() const {
  const auto report = Report("lvs", kLvsFields);
  if (!report.ok()) return Annotate(report.status(), "; check VG, and that `vgs` works here");
  return ParseLvs(*report);
}

absl::StatusOr<GroupRoom> Lvm::FreeRoom() const {
  ASSIGN_OR_RETURN(const std::string report, Report("vgs", kVgsFields));
  return ParseGroupRoom(report);
}

// Wiping is what lvconvert would do by default, with the origin's writers waiting.
absl::Status Lvm::CreateCowVolume(const std::string& name, uint64_t size_bytes) const {
  RETURN_IF_ERROR(
      Change({"lvcreate", "--yes", "--zero", "y", "--wipesignatures", "y", "--name", name, "--size",
              absl::StrCat(size_bytes, "b"), "--addtag", std::string(kTag), vg_}));
  return Change({"lvchange", "--activate", "n", absl::StrCat(vg_, "/", name)});
}

absl::Status Lvm::ConvertToSnapshot(const std::string& origin, const std::string& name) const {
  return Change({"lvconvert", "--yes", "--type", "snapshot", "--zero", "n",
                 absl::StrCat(vg_, "/", origin), absl::StrCat(vg_, "/", name)});
}

// By default LVM does not activate a thin snapshot.
absl::Status Lvm::CreateThinSnapshot(const std::string& origin, const std::string& name) const {
  return Change({"lvcreate", "--yes", "--snapshot", "--setactivationskip", "n", "--name", name,
                 "--addtag", std::string(kTag), absl::StrCat(vg_, "/", origin)});
}

absl::Status Lvm::Extend(const std::string& name, uint64_t size_bytes) const {
  return Change(
      {"lvextend", "--size", absl::StrCat(size_bytes, "b"), absl::StrCat(vg_, "/", name)});
}

absl::Status Lvm::Refresh(const std::string& name) const {
  return Change({"lvchange", "--refresh", absl::StrCat(vg_, "/", name)});
}

absl::Status Lvm::Remove(const std::string& name) const {
  return Change({"lvremove", "--yes", absl::StrCat(vg_, "/", name)});
}

}  // namespace mysql_backup
