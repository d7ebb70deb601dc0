#include <gflags/gflags.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "base/status.h"
#include "base/tool.h"
#include "mounter/mount_point.h"

DEFINE_string(mount_point, "", "directory to clear of mounts");
DEFINE_string(device, "",
              "the block device that alone may be unmounted, such as /dev/vg_mysql/mysql_snapshot; "
              "if empty, anything may");
DEFINE_int32(deadline, 30, "seconds for which a busy filesystem is tried again");

namespace mysql_backup {
namespace {

constexpr ToolHelp kHelp = {
    "unmount_snapshot",
    "unmounts all that is mounted on a directory; nothing mounted, or no such directory, is fine.",
    "--mount_point=PATH",
    "",
    "",
    "2   refused; nothing was unmounted\n"
    "4   something stays mounted: stderr names what holds it",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(NoArguments(arguments));
  RETURN_IF_ERROR(CheckPathFlag("mount_point", FLAGS_mount_point));
  if (!FLAGS_device.empty()) RETURN_IF_ERROR(CheckPathFlag("device", FLAGS_device));
  RETURN_IF_ERROR(CheckRangeFlag("deadline", FLAGS_deadline, 0));
  RETURN_IF_ERROR(RequireRoot("only root can unmount"));
  UnmountOptions options;
  options.mount_point = FLAGS_mount_point;
  options.device = FLAGS_device;
  options.deadline = absl::Seconds(FLAGS_deadline);
  const absl::StatusOr<int> unmounted = Unmount(options);
  if (!unmounted.ok()) return unmounted.status();
  if (*unmounted == 0) {
    LOG(INFO) << "nothing is mounted on " << FLAGS_mount_point;
  } else {
    LOG(INFO) << "unmounted " << FLAGS_mount_point << ", mounts=" << *unmounted;
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace mysql_backup

int main(int argc, char** argv) {
  return mysql_backup::ToolMain(argc, argv, mysql_backup::kHelp, mysql_backup::RealMain);
}
