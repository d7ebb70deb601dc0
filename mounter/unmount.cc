#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/optional.h"
#include "base/exit_code.h"
#include "base/holders.h"
#include "base/interrupt.h"
#include "base/status.h"
#include "base/steady_clock.h"
#include "mounter/mount_point.h"

namespace mysql_backup {
namespace {

constexpr int kRetryMilliseconds = 250;

// In words, who keeps `mount` busy: "process 12 (rsync), mount /mnt/x/y".
std::string Holders(const Mount& mount) {
  std::vector<std::string> holders;
  for (const std::string& holder : FindHolders(mount.device)) {
    if (holder != absl::StrCat("mount ", mount.mount_point)) holders.push_back(holder);
  }
  const auto mounts = ReadMountInfo("/proc/self/mountinfo");
  if (mounts.ok()) {
    for (const Mount& other : *mounts) {
      if (other.device != mount.device &&
          absl::StartsWith(other.mount_point, absl::StrCat(mount.mount_point, "/"))) {
        holders.push_back(absl::StrCat("mount ", other.mount_point));
      }
    }
  }
  if (holders.empty()) return "nothing that can be seen: look for loop devices, swap and NFS";
  return absl::StrJoin(holders, ", ");
}

// FailedPrecondition when any of the mounts stacked on `mount_point` is not of the block device
// `device`: somebody else's filesystem, on a directory that was thought to be ours.
absl::Status CheckDevice(const std::string& mount_point, const std::string& device) {
  ASSIGN_OR_RETURN(const absl::optional<Mount> uppermost, MountAt(mount_point));
  if (!uppermost.has_value()) return absl::OkStatus();
  struct stat status = {};
  const bool is_there = stat(device.c_str(), &status) == 0 && S_ISBLK(status.st_mode);
  ASSIGN_OR_RETURN(const std::vector<Mount> mounts, ReadMountInfo("/proc/self/mountinfo"));
  for (const Mount& mount : mounts) {
    if (mount.mount_point != uppermost->mount_point) continue;
    if (is_there && mount.device == status.st_rdev) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        "refused to unmount ", mount.source, " (", mount.type, ") from ", mount_point,
        ": it is not ", device, is_there ? "" : ", which is no block device here",
        "; nothing was unmounted; name another directory as MOUNT_POINT, or unmount it yourself"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<int> Unmount(const UnmountOptions& options) {
  if (!options.device.empty()) {
    RETURN_IF_ERROR(CheckDevice(options.mount_point, options.device));
  }
  const absl::Time deadline = SteadyNow() + options.deadline;
  int unmounted = 0;
  while (true) {
    ASSIGN_OR_RETURN(const absl::optional<Mount> mount, MountAt(options.mount_point));
    if (!mount.has_value()) return unmounted;
    if (umount2(options.mount_point.c_str(), UMOUNT_NOFOLLOW) == 0) {
      ++unmounted;
      continue;
    }
    const int error_number = errno;
    const absl::Status error = ErrnoError(
        absl::StrCat("unmount ", mount->source, " from ", options.mount_point), error_number);
    if (error_number != EBUSY) return LeftBehindError(error.message());
    const absl::Status interrupt = CheckInterrupt();
    if (!interrupt.ok() || SteadyNow() >= deadline) {
      return LeftBehindError(absl::StrCat(
          error.message(),
          interrupt.ok() ? absl::StrCat(" for ", absl::FormatDuration(options.deadline))
                         : absl::StrCat(" (", interrupt.message(), ")"),
          "; it stays mounted, held by: ", Holders(*mount), "; end these and try again"));
    }
    pollfd interrupt_fd = {InterruptFd(), POLLIN, 0};
    poll(&interrupt_fd, 1, kRetryMilliseconds);
  }
}

}  // namespace mysql_backup
