#include "mounter/backup_mount.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/types/optional.h"
#include "base/backup_name.h"
#include "base/directory.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "base/mount_info.h"
#include "base/status.h"
#include "base/unique_fd.h"
#include "mounter/mount_point.h"

namespace mysql_backup {
namespace {

absl::Status CheckName(const std::string& backup) {
  const std::vector<std::string> parts = absl::StrSplit(backup, '/', absl::SkipEmpty());
  if (!parts.empty() && ParseBackupName(parts.back()).has_value()) return absl::OkStatus();
  return UsageError(absl::StrCat("--backup='", backup,
                                 "' is not a backup: the last part must be of the form "
                                 "backup_YYYYMMDD_HHMMSS"));
}

// mount(8) and mount(2) make a bind mount writable first and read-only in a second step. Here the
// mount is made aside, changed, and only then put in its place (Linux 5.12).
absl::Status BindReadOnly(int backup, const std::string& mount_point) {
  const UniqueFd tree(open_tree(backup, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH));
  if (!tree.ok()) return ErrnoError("clone the mount of the backup (Linux 5.12 is needed)");
  mount_attr attributes = {};
  attributes.attr_set =
      MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  if (mount_setattr(tree.get(), "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) != 0) {
    return ErrnoError("make the mount of the backup read-only (Linux 5.12 is needed)");
  }
  if (move_mount(tree.get(), "", AT_FDCWD, mount_point.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0) {
    return ErrnoError(absl::StrCat("mount the backup on ", mount_point));
  }
  return absl::OkStatus();
}

absl::Status CheckMounted(int backup, const std::string& mount_point) {
  ASSIGN_OR_RETURN(const absl::optional<Mount> mount, MountAt(mount_point));
  struct stat wanted = {};
  struct stat found = {};
  if (fstat(backup, &wanted) != 0 || stat(mount_point.c_str(), &found) != 0) {
    return ErrnoError(absl::StrCat("look at ", mount_point));
  }
  if (!mount.has_value() || wanted.st_dev != found.st_dev || wanted.st_ino != found.st_ino) {
    return absl::InternalError(absl::StrCat("the backup is not what is mounted on ", mount_point));
  }
  return CheckProtected(*mount);
}

}  // namespace

absl::Status MountBackup(const BackupMountOptions& options) {
  RETURN_IF_ERROR(CheckName(options.backup));
  ASSIGN_OR_RETURN(const UniqueFd backup, OpenDirectory(options.backup));
  ASSIGN_OR_RETURN(MountPoint mount_point, MountPoint::Prepare(options.mount_point));
  absl::Status mounted = BindReadOnly(backup.get(), options.mount_point);
  if (mounted.ok()) mounted = CheckMounted(backup.get(), options.mount_point);
  if (!mounted.ok()) return UndoMount(mount_point, mounted);
  mount_point.Keep();
  LOG(INFO) << OneLine(
      absl::StrCat("mounted ", options.backup, " read-only on ", options.mount_point));
  return absl::OkStatus();
}

}  // namespace mysql_backup
