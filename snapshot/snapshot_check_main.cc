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

namespace mysql_backup {
namespace {

constexpr ToolHelp kHelp = {
    "snapshot_check",
    "tells whether a snapshot is still valid, and how full its COW space is.",
    "",
    "",
    "one record 'used_percent=N.NN size_bytes=N attributes=LETTERS device=PATH', and for a "
    "thin one ' pool=NAME metadata_percent=N.NN': use and size are then those of its pool",
    "3   there is no such snapshot, it has overflowed, its pool is full or has failed, or LVM "
    "cannot tell",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(NoArguments(arguments));
  ASSIGN_OR_RETURN(const SnapshotOptions options,
                   SnapshotOptionsFromFlags({FLAGS_vg, FLAGS_lv, FLAGS_snapshot, FLAGS_lvm}));
  RETURN_IF_ERROR(RequireRoot("LVM needs it"));
  ASSIGN_OR_RETURN(const ValidSnapshot snapshot, CheckSnapshot(options));
  const LogicalVolume& space = snapshot.space;
  std::string record = absl::StrFormat("used_percent=%.2f size_bytes=%d attributes=%s device=%s",
                                       *space.data_percent, space.size_bytes,
                                       snapshot.volume.attributes, snapshot.volume.path);
  if (snapshot.volume.IsThin()) {
    absl::StrAppendFormat(&record, " pool=%s metadata_percent=%.2f", space.name,
                          *space.metadata_percent);
  }
  return WriteStdout(record + "\n");
}

}  // namespace
}  // namespace mysql_backup

int main(int argc, char** argv) {
  return mysql_backup::ToolMain(argc, argv, mysql_backup::kHelp, mysql_backup::RealMain);
}
