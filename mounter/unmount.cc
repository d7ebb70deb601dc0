#include <poll.h>
#include <sys/mount.h>

#include <cerrno>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/types/optional.h"
#include "base/exit_code.h"
#include "base/holders.h"
#include "base/interrupt.h"
#include "base/status.h"
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

}  // namespace

absl::StatusOr<int> Unmount(const UnmountOptions& options) {
  const absl::Time deadline = absl::Now() + options.deadline;
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
    if (!interrupt.ok() || absl::Now() >= deadline) {
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
