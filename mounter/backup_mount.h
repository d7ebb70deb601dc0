// Mounting a finished backup, read-only, where it can be looked at.

#ifndef MYSQL_BACKUP_MOUNTER_BACKUP_MOUNT_H_
#define MYSQL_BACKUP_MOUNTER_BACKUP_MOUNT_H_

#include <string>

#include "absl/status/status.h"

namespace mysql_backup {

struct BackupMountOptions {
  std::string backup;  // a directory whose last part is a backup's name
  std::string mount_point;
};

// Binds the backup to the mount point. The mount appears there read-only; it is at no moment
// writable. InvalidArgument (usage) for a directory of another name. On failure nothing stays
// mounted and no new directory stays, or the error is LeftBehind.
absl::Status MountBackup(const BackupMountOptions& options);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_MOUNTER_BACKUP_MOUNT_H_
