// Mounting a snapshot of a logical volume, read-only.

#ifndef MYSQL_BACKUP_MOUNTER_SNAPSHOT_MOUNT_H_
#define MYSQL_BACKUP_MOUNTER_SNAPSHOT_MOUNT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace mysql_backup {

struct SnapshotMountOptions {
  std::string device;  // a block device, or a link to one
  std::string mount_point;
  std::string mount = "/usr/bin/mount";
  std::string blkid = "/usr/sbin/blkid";
};

// Returns the mount options for a filesystem type as blkid names it. FailedPrecondition naming the
// supported ones for any other.
absl::StatusOr<std::string> MountOptionsFor(absl::string_view filesystem);

// Mounts the device, and proves by mountinfo that it is this device, read-only. On failure nothing
// stays mounted and no new directory stays, or the error is LeftBehind.
absl::Status MountSnapshot(const SnapshotMountOptions& options);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_MOUNTER_SNAPSHOT_MOUNT_H_
