#include <gflags/gflags.h>

#include "base/status.h"
#include "base/tool.h"
#include "snapshot/snapshot.h"
#include "snapshot/snapshot_flags.h"
#include "snapshot/taken.h"

DEFINE_string(vg, "vg_mysql", "volume group");
DEFINE_string(lv, "lv_mysql_data", "logical volume with the data, the origin");
DEFINE_string(snapshot, "mysql_snapshot", "name of the snapshot");
DEFINE_int32(pid, -1,
             "process that makes the snapshot: when it ends, there is nothing to wait for");
DEFINE_string(dmsetup, "/usr/sbin/dmsetup", "the device-mapper's program");

namespace mysql_backup {
namespace {

constexpr ToolHelp kHelp = {
    "snapshot_await",
    "waits until the kernel has a snapshot, which is before the command that makes it ends.",
    "--pid=N",
    "",
    "",
    "3   the process has ended, and there is no snapshot",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(NoArguments(arguments));
  ASSIGN_OR_RETURN(
      SnapshotOptions options,
      SnapshotOptionsFromFlags({FLAGS_vg, FLAGS_lv, FLAGS_snapshot, SnapshotOptions().lvm}));
  RETURN_IF_ERROR(CheckPathFlag("dmsetup", FLAGS_dmsetup));
  options.dmsetup = FLAGS_dmsetup;
  RETURN_IF_ERROR(CheckRangeFlag("pid", FLAGS_pid, 1));
  RETURN_IF_ERROR(RequireRoot("the device-mapper needs it"));
  return AwaitTaken(options, FLAGS_pid);
}

}  // namespace
}  // namespace mysql_backup

int main(int argc, char** argv) {
  return mysql_backup::ToolMain(argc, argv, mysql_backup::kHelp, mysql_backup::RealMain);
}
