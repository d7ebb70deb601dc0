#include "lab/faults/point.h"

#include <linux/dm-ioctl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "absl/strings/str_cat.h"

namespace mysql_backup {

const std::vector<PointCall>& PointCalls() {
  static const auto* const calls = new std::vector<PointCall>{
      {SYS_execve, "exec", 0},
      {SYS_fsync, "fsync", -1},
      {SYS_fdatasync, "fdatasync", -1},
      {SYS_syncfs, "syncfs", -1},
      {SYS_rename, "rename", 0},
      {SYS_renameat, "rename", 1},
      {SYS_renameat2, "rename", 1},
      {SYS_mkdir, "mkdir", 0},
      {SYS_mkdirat, "mkdir", 1},
      {SYS_rmdir, "unlink", 0},
      {SYS_unlink, "unlink", 0},
      {SYS_unlinkat, "unlink", 1},
      {SYS_link, "link", 1},
      {SYS_linkat, "link", 3},
      {SYS_symlink, "link", 1},
      {SYS_symlinkat, "link", 2},
      {SYS_mknod, "mknod", 0},
      {SYS_mknodat, "mknod", 1},
      {SYS_fsetxattr, "fsetxattr", -1},
      {SYS_flock, "flock", -1},
      {SYS_connect, "connect", -1},
      {SYS_mount, "mount", 1},
      {SYS_umount2, "umount", 0},
      {SYS_move_mount, "mount", 3},
      {SYS_mount_setattr, "mount_setattr", 1},
      {SYS_setns, "setns", -1},
      {SYS_unshare, "unshare", -1},
      {SYS_ioctl, "ioctl", -1},
  };
  return *calls;
}

std::string DmCall(uint32_t request, uint32_t flags) {
  if (_IOC_TYPE(request) != DM_IOCTL) return "";
  switch (_IOC_NR(request)) {
    case DM_DEV_CREATE_CMD:
      return "dm_create";
    case DM_DEV_REMOVE_CMD:
      return "dm_remove";
    case DM_DEV_RENAME_CMD:
      return "dm_rename";
    case DM_DEV_SUSPEND_CMD:
      return (flags & DM_SUSPEND_FLAG) != 0 ? "dm_suspend" : "dm_resume";
    case DM_TABLE_LOAD_CMD:
      return "dm_load";
    case DM_TABLE_CLEAR_CMD:
      return "dm_clear";
    case DM_TARGET_MSG_CMD:
      return "dm_message";
    default:
      return "";  // asks only
  }
}

std::string PointNames::Next(absl::string_view tool, absl::string_view program,
                             absl::string_view call) {
  std::string kind =
      absl::StrCat(tool, program == tool ? "" : ":", program == tool ? "" : program, "/", call);
  const int count = ++seen_[kind];
  return absl::StrCat(kind, "/", count);
}

absl::string_view KindOf(absl::string_view point) { return point.substr(0, point.rfind('/')); }

}  // namespace mysql_backup
