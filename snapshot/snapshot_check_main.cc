#include <gflags/gflags.h>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "base/tool.h"
#include "snapshot/snapshot.h"
#include "snapshot/snapshot_flags.h"

DEFINE_string(vg, "vg_mysql", "volume group");
DEFINE_string(lv, "lv_mysql_data", "logical volume with the data, the origin");
DEFINE_string(snapshot, "mysql_snapshot", "name of the snapshot");
DEFINE_string(lvm, "/usr/sbin/lvm", "LVM's program");

namespace {

constexpr mysql_backup::ToolHelp kHelp = {
    "snapshot_check",
    "tells whether a snapshot is still valid, and how full its COW space is.",
    "",
    "",
    "one record 'used_percent=N.NN size_bytes=N attributes=LETTERS device=PATH'",
    "3   there is no such snapshot, or it has overflowed",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(mysql_backup::NoArguments(arguments));
  ASSIGN_OR_RETURN(
      const mysql_backup::SnapshotOptions options,
      mysql_backup::SnapshotOptionsFromFlags({FLAGS_vg, FLAGS_lv, FLAGS_snapshot, FLAGS_lvm}));
  RETURN_IF_ERROR(mysql_backup::RequireRoot("LVM needs it"));
  ASSIGN_OR_RETURN(const mysql_backup::LogicalVolume snapshot,
                   mysql_backup::CheckSnapshot(options));
  return mysql_backup::WriteStdout(absl::StrFormat(
      "used_percent=%.2f size_bytes=%d attributes=%s device=%s\n", *snapshot.data_percent,
      snapshot.size_bytes, snapshot.attributes, snapshot.path));
}

}  // namespace

int main(int argc, char** argv) { return mysql_backup::ToolMain(argc, argv, kHelp, RealMain); }
