#include <gflags/gflags.h>

#include "absl/strings/str_cat.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/tool.h"
#include "snapshot/snapshot.h"
#include "snapshot/snapshot_flags.h"
#include "snapshot/taken.h"

DEFINE_string(vg, "vg_mysql", "volume group");
DEFINE_string(lv, "lv_mysql_data", "logical volume with the data, the origin");
DEFINE_string(snapshot, "mysql_snapshot", "name of the snapshot");
DEFINE_int32(pid, 0, "process that makes the snapshot: when it ends, there is nothing to wait for");
DEFINE_string(dmsetup, "/usr/sbin/dmsetup", "the device-mapper's program");

namespace {

constexpr mysql_backup::ToolHelp kHelp = {
    "snapshot_await",
    "waits until the kernel has a snapshot, which is before the command that makes it ends.",
    "--pid=N",
    "",
    "",
    "3   the process has ended, and there is no snapshot",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(mysql_backup::NoArguments(arguments));
  ASSIGN_OR_RETURN(mysql_backup::SnapshotOptions options,
                   mysql_backup::SnapshotOptionsFromFlags(
                       {FLAGS_vg, FLAGS_lv, FLAGS_snapshot, mysql_backup::SnapshotOptions().lvm}));
  RETURN_IF_ERROR(mysql_backup::CheckPathFlag("dmsetup", FLAGS_dmsetup));
  options.dmsetup = FLAGS_dmsetup;
  if (FLAGS_pid <= 0) {
    return mysql_backup::UsageError(
        absl::StrCat("--pid=", FLAGS_pid, " must be the process that makes the snapshot"));
  }
  RETURN_IF_ERROR(mysql_backup::RequireRoot("the device-mapper needs it"));
  return mysql_backup::AwaitTaken(options, FLAGS_pid);
}

}  // namespace

int main(int argc, char** argv) { return mysql_backup::ToolMain(argc, argv, kHelp, RealMain); }
