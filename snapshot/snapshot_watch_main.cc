#include <gflags/gflags.h>

#include <string>
#include <vector>

#include "base/exit_code.h"
#include "base/status.h"
#include "base/tool.h"
#include "snapshot/snapshot.h"
#include "snapshot/snapshot_flags.h"
#include "snapshot/watch.h"

DEFINE_string(vg, "vg_mysql", "volume group");
DEFINE_string(lv, "lv_mysql_data", "logical volume with the data, the origin");
DEFINE_string(snapshot, "mysql_snapshot", "name of the snapshot");
DEFINE_string(max_size, "", "extend the snapshot before it overflows, up to this size");
DEFINE_int32(interval, 5, "seconds from one look at the snapshot to the next");
DEFINE_int32(deadline, 30, "seconds for one look");
DEFINE_string(lvm, "/usr/sbin/lvm", "LVM's program");

namespace mysql_backup {
namespace {

constexpr ToolHelp kHelp = {
    "snapshot_watch",
    "runs a command that reads from a snapshot, and ends it when the snapshot is lost.",
    "-- COMMAND [ARG...]",
    "the command's",
    "the command's",
    "3   the snapshot was lost, and the command was ended or had failed\n"
    "N   whatever else the command ended with",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  WatchOptions options;
  ASSIGN_OR_RETURN(options.snapshot,
                   SnapshotOptionsFromFlags({FLAGS_vg, FLAGS_lv, FLAGS_snapshot, FLAGS_lvm}));
  if (!FLAGS_max_size.empty()) {
    ASSIGN_OR_RETURN(options.max_bytes, SizeFromFlag("max_size", FLAGS_max_size));
  }
  RETURN_IF_ERROR(CheckRangeFlag("interval", FLAGS_interval, 1));
  RETURN_IF_ERROR(CheckRangeFlag("deadline", FLAGS_deadline, 1));
  options.interval = absl::Seconds(FLAGS_interval);
  options.look_deadline = absl::Seconds(FLAGS_deadline);
  if (arguments.empty() || arguments[0].empty() || arguments[0][0] != '/') {
    return UsageError("a command with an absolute path is needed: snapshot_watch ... -- /PATH ARG");
  }
  options.command = arguments;
  RETURN_IF_ERROR(RequireRoot("LVM needs it"));
  return RunWatched(options);
}

}  // namespace
}  // namespace mysql_backup

int main(int argc, char** argv) {
  return mysql_backup::ToolMain(argc, argv, mysql_backup::kHelp, mysql_backup::RealMain);
}
