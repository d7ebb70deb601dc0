#include <gflags/gflags.h>

#include "absl/strings/str_cat.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/tool.h"
#include "snapshot/snapshot.h"
#include "snapshot/snapshot_flags.h"

DEFINE_string(vg, "vg_mysql", "volume group");
DEFINE_string(lv, "lv_mysql_data", "logical volume with the data, the origin");
DEFINE_string(snapshot, "mysql_snapshot", "name of the snapshot");
DEFINE_string(size, "1G",
              "room for what is written to the origin while the snapshot lives: COW space, or what "
              "must be free in the thin pool");
DEFINE_string(lvm, "/usr/sbin/lvm", "LVM's program");
DEFINE_string(dmsetup, "/usr/sbin/dmsetup", "the device-mapper's program");
DEFINE_string(lvm_locks, "/run/lock/lvm", "directory of LVM's locks (locking_dir of lvm.conf)");
DEFINE_bool(prepare, false,
            "do what can be done before the server is locked, and print what is ready: 'cow' or "
            "'thin'");
DEFINE_string(prepared, "",
              "what --prepare printed: make the snapshot of that by one LVM command; "
              "snapshot_check tells whether it is good");

namespace mysql_backup {
namespace {

constexpr ToolHelp kHelp = {
    "snapshot_create",
    "makes an LVM snapshot of a volume, after removing what an earlier run left of one.",
    "",
    "",
    "the snapshot's block device; with --prepare the word for --prepared",
    "4   failed, and the snapshot could not be removed again",
};

// What --prepare prints, and --prepared takes.
constexpr char kCow[] = "cow";
constexpr char kThin[] = "thin";

absl::Status Prepare(const SnapshotOptions& options, uint64_t size_bytes) {
  ASSIGN_OR_RETURN(const Preparation preparation, PrepareSnapshot(options, size_bytes));
  return WriteStdout(absl::StrCat(preparation == Preparation::kThin ? kThin : kCow, "\n"));
}

absl::Status Take(const SnapshotOptions& options) {
  RETURN_IF_ERROR(TakeSnapshot(
      options, FLAGS_prepared == kThin ? Preparation::kThin : Preparation::kCowVolume));
  return WriteStdout(absl::StrCat("/dev/", options.vg, "/", options.name, "\n"));
}

// Whether --prepared is given; one that is empty is a script's mistake, and not the same as none.
absl::StatusOr<bool> IsPrepared() {
  if (gflags::GetCommandLineFlagInfoOrDie("prepared").is_default) return false;
  if (FLAGS_prepare) return UsageError("--prepare and --prepared exclude each other");
  if (FLAGS_prepared == kCow || FLAGS_prepared == kThin) return true;
  return UsageError(
      absl::StrCat("--prepared='", FLAGS_prepared, "' must be what --prepare printed"));
}

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(NoArguments(arguments));
  ASSIGN_OR_RETURN(SnapshotOptions options,
                   SnapshotOptionsFromFlags({FLAGS_vg, FLAGS_lv, FLAGS_snapshot, FLAGS_lvm}));
  RETURN_IF_ERROR(CheckPathFlag("dmsetup", FLAGS_dmsetup));
  options.dmsetup = FLAGS_dmsetup;
  RETURN_IF_ERROR(CheckPathFlag("lvm_locks", FLAGS_lvm_locks));
  options.lvm_locks = FLAGS_lvm_locks;
  ASSIGN_OR_RETURN(const uint64_t size_bytes, SizeFromFlag("size", FLAGS_size));
  ASSIGN_OR_RETURN(const bool is_prepared, IsPrepared());
  RETURN_IF_ERROR(RequireRoot("LVM needs it"));
  if (FLAGS_prepare) return Prepare(options, size_bytes);
  if (is_prepared) return Take(options);
  ASSIGN_OR_RETURN(const ValidSnapshot snapshot, CreateSnapshot(options, size_bytes));
  return WriteStdout(absl::StrCat(snapshot.volume.path, "\n"));
}

}  // namespace
}  // namespace mysql_backup

int main(int argc, char** argv) {
  return mysql_backup::ToolMain(argc, argv, mysql_backup::kHelp, mysql_backup::RealMain);
}
