#include <gflags/gflags.h>

#include "absl/strings/str_cat.h"
#include "base/log.h"
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
DEFINE_bool(dry_run, false, "check that it would work, and make nothing");

namespace {

constexpr mysql_backup::ToolHelp kHelp = {
    "snapshot_create",
    "makes an LVM snapshot of a volume, after removing what an earlier run left of one.",
    "",
    "",
    "the snapshot's block device; nothing with --dry_run",
    "4   failed, and the snapshot could not be removed again",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(mysql_backup::NoArguments(arguments));
  ASSIGN_OR_RETURN(
      mysql_backup::SnapshotOptions options,
      mysql_backup::SnapshotOptionsFromFlags({FLAGS_vg, FLAGS_lv, FLAGS_snapshot, FLAGS_lvm}));
  RETURN_IF_ERROR(mysql_backup::CheckPathFlag("dmsetup", FLAGS_dmsetup));
  options.dmsetup = FLAGS_dmsetup;
  RETURN_IF_ERROR(mysql_backup::CheckPathFlag("lvm_locks", FLAGS_lvm_locks));
  options.lvm_locks = FLAGS_lvm_locks;
  ASSIGN_OR_RETURN(const uint64_t size_bytes, mysql_backup::SizeFromFlag("size", FLAGS_size));
  RETURN_IF_ERROR(mysql_backup::RequireRoot("LVM needs it"));
  if (FLAGS_dry_run) return mysql_backup::CheckCanCreate(options, size_bytes);
  ASSIGN_OR_RETURN(const mysql_backup::ValidSnapshot snapshot,
                   mysql_backup::CreateSnapshot(options, size_bytes));
  const mysql_backup::LogicalVolume& volume = snapshot.volume;
  LOG(INFO) << "created " << options.vg << "/" << volume.name << ", a snapshot of " << volume.origin
            << (volume.IsThin()
                    ? absl::StrCat(" in the thin pool ", volume.pool)
                    : absl::StrCat(" with ", volume.size_bytes >> 20, " MiB of COW space"));
  return mysql_backup::WriteStdout(absl::StrCat(volume.path, "\n"));
}

}  // namespace

int main(int argc, char** argv) { return mysql_backup::ToolMain(argc, argv, kHelp, RealMain); }
