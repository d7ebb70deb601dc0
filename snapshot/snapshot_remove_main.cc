#include <gflags/gflags.h>

#include "base/status.h"
#include "base/tool.h"
#include "snapshot/snapshot.h"
#include "snapshot/snapshot_flags.h"

DEFINE_string(vg, "vg_mysql", "volume group");
DEFINE_string(lv, "lv_mysql_data", "logical volume with the data, the origin");
DEFINE_string(snapshot, "mysql_snapshot", "name of the snapshot");
DEFINE_string(lvm, "/usr/sbin/lvm", "LVM's program");
DEFINE_string(dmsetup, "/usr/sbin/dmsetup", "the device-mapper's program");
DEFINE_string(lvm_locks, "/run/lock/lvm", "directory of LVM's locks (locking_dir of lvm.conf)");
DEFINE_int32(deadline, 60, "seconds for all tries while the snapshot is in use");

namespace mysql_backup {
namespace {

constexpr ToolHelp kHelp = {
    "snapshot_remove",
    "removes the snapshots that backups made of a volume; none is fine.",
    "",
    "",
    "",
    "4   a snapshot or a device of one is still there, or the origin is suspended; stderr names "
    "what",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(NoArguments(arguments));
  ASSIGN_OR_RETURN(SnapshotOptions options,
                   SnapshotOptionsFromFlags({FLAGS_vg, FLAGS_lv, FLAGS_snapshot, FLAGS_lvm}));
  RETURN_IF_ERROR(CheckPathFlag("dmsetup", FLAGS_dmsetup));
  options.dmsetup = FLAGS_dmsetup;
  RETURN_IF_ERROR(CheckPathFlag("lvm_locks", FLAGS_lvm_locks));
  options.lvm_locks = FLAGS_lvm_locks;
  RETURN_IF_ERROR(CheckRangeFlag("deadline", FLAGS_deadline, 1));
  options.removal_deadline = absl::Seconds(FLAGS_deadline);
  RETURN_IF_ERROR(RequireRoot("LVM needs it"));
  return RemoveSnapshots(options);
}

}  // namespace
}  // namespace mysql_backup

int main(int argc, char** argv) {
  return mysql_backup::ToolMain(argc, argv, mysql_backup::kHelp, mysql_backup::RealMain);
}
