#include <gflags/gflags.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/status.h"
#include "base/tool.h"
#include "mounter/snapshot_mount.h"

DEFINE_string(device, "", "block device of the snapshot, such as /dev/vg_mysql/mysql_snapshot");
DEFINE_string(mount_point, "", "empty directory to mount on; made if missing");
DEFINE_string(mount, "/usr/bin/mount", "the mount program");
DEFINE_string(blkid, "/usr/sbin/blkid", "the blkid program");

namespace mysql_backup {
namespace {

constexpr ToolHelp kHelp = {
    "mount_snapshot",
    "mounts a snapshot read-only, with the options that fit its filesystem (ext4 or xfs).",
    "--device=PATH --mount_point=PATH",
    "",
    "",
    "4   failed, and the mount stays: stderr says why",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(NoArguments(arguments));
  RETURN_IF_ERROR(CheckPathFlag("device", FLAGS_device));
  RETURN_IF_ERROR(CheckPathFlag("mount_point", FLAGS_mount_point));
  RETURN_IF_ERROR(CheckPathFlag("mount", FLAGS_mount));
  RETURN_IF_ERROR(CheckPathFlag("blkid", FLAGS_blkid));
  RETURN_IF_ERROR(RequireRoot("only root can mount"));
  SnapshotMountOptions options;
  options.device = FLAGS_device;
  options.mount_point = FLAGS_mount_point;
  options.mount = FLAGS_mount;
  options.blkid = FLAGS_blkid;
  return MountSnapshot(options);
}

}  // namespace
}  // namespace mysql_backup

int main(int argc, char** argv) {
  return mysql_backup::ToolMain(argc, argv, mysql_backup::kHelp, mysql_backup::RealMain);
}
