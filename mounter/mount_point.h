// The directory that something is to be mounted on, and what must hold once it is.

#ifndef MYSQL_BACKUP_MOUNTER_MOUNT_POINT_H_
#define MYSQL_BACKUP_MOUNTER_MOUNT_POINT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/mount_info.h"

namespace mysql_backup {

// A directory on which nothing is mounted. Movable; its destructor removes again the directories
// that Prepare() made, unless Keep() was called.
class MountPoint {
 public:
  // Takes the empty directory `path`, or makes it (0700, missing parents 0755, whatever the umask).
  // FailedPrecondition for a symbolic link, for anything else that is no directory, for one with
  // something in it, and for one on which something is mounted already.
  static absl::StatusOr<MountPoint> Prepare(const std::string& path);

  MountPoint(MountPoint&&) = default;
  MountPoint& operator=(MountPoint&&) = delete;
  ~MountPoint();

  const std::string& path() const { return path_; }
  void Keep() { made_.clear(); }

 private:
  explicit MountPoint(std::string path) : path_(std::move(path)) {}
  absl::Status MakeDirectories();

  std::string path_;
  std::vector<std::string> made_;  // outermost first
};

// FailedPrecondition naming what is missing unless the mount is ro, nosuid, nodev and noexec.
absl::Status CheckProtected(const Mount& mount);

struct UnmountOptions {
  std::string mount_point;
  // When given, the block device (or a link to it) that alone may be unmounted.
  std::string device;
  // For how long a busy filesystem is tried again.
  absl::Duration deadline = absl::Seconds(30);
};

// Unmounts everything that is stacked on exactly the mount point, never lazily, and returns how
// many mounts that were: 0 when nothing is mounted, or no such directory exists. LeftBehind naming
// the holders when it stays busy until the deadline, when a signal comes meanwhile, or with the
// system's reason. FailedPrecondition, with nothing unmounted, when anything is mounted there that
// is not of `device`.
absl::StatusOr<int> Unmount(const UnmountOptions& options);

// Unmounts what a failed mount left on `mount_point`, and returns `failure`: as it is, or as
// LeftBehind if that did not succeed. To be called before the MountPoint goes.
absl::Status UndoMount(MountPoint& mount_point, const absl::Status& failure);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_MOUNTER_MOUNT_POINT_H_
