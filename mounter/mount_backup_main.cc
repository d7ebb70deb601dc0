#include <gflags/gflags.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/status.h"
#include "base/tool.h"
#include "mounter/backup_mount.h"

DEFINE_string(backup, "", "directory of the backup, such as /backups/mysql/backup_20261123_020000");
DEFINE_string(mount_point, "", "empty directory to mount on; made if missing");

namespace mysql_backup {
namespace {

constexpr ToolHelp kHelp = {
    "mount_backup",
    "mounts a backup on another directory, read-only.",
    "--backup=PATH --mount_point=PATH",
    "",
    "",
    "4   failed, and the mount stays: stderr says why",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(NoArguments(arguments));
  RETURN_IF_ERROR(CheckPathFlag("backup", FLAGS_backup));
  RETURN_IF_ERROR(CheckPathFlag("mount_point", FLAGS_mount_point));
  RETURN_IF_ERROR(RequireRoot("only root can mount"));
  BackupMountOptions options;
  options.backup = FLAGS_backup;
  options.mount_point = FLAGS_mount_point;
  return MountBackup(options);
}

}  // namespace
}  // namespace mysql_backup

int main(int argc, char** argv) {
  return mysql_backup::ToolMain(argc, argv, mysql_backup::kHelp, mysql_backup::RealMain);
}
