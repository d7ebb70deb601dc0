#include "mounter/snapshot_mount.h"

#include <sys/stat.h>

#include <cerrno>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/log.h"
#include "base/mount_info.h"
#include "base/status.h"
#include "base/subprocess.h"
#include "mounter/mount_point.h"

namespace mysql_backup {
namespace {

constexpr absl::Duration kDeadline = absl::Seconds(60);

absl::StatusOr<dev_t> BlockDevice(const std::string& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) {
    return Annotate(
        ErrnoError(absl::StrCat("look at device ", path)),
        "; does the snapshot exist (lvs), and has udev made its node (udevadm settle)?");
  }
  if (!S_ISBLK(status.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " is not a block device: give the device of the snapshot"));
  }
  return status.st_rdev;
}

absl::StatusOr<std::string> FilesystemOn(const SnapshotMountOptions& options) {
  SubprocessOptions blkid;
  // -p: what is on the device now, not what blkid's cache remembers of an earlier snapshot.
  blkid.argv = {options.blkid, "-p", "-o", "value", "-s", "TYPE", options.device};
  blkid.deadline = kDeadline;
  ASSIGN_OR_RETURN(const SubprocessResult result, RunSubprocess(std::move(blkid)));
  const std::string type(absl::StripAsciiWhitespace(result.stdout_text));
  if (result.exit_code == 0 && !type.empty()) return type;
  const std::string words = OneLine(result.stderr_text);
  return absl::FailedPreconditionError(
      absl::StrCat("no known filesystem on ", options.device, " (", options.blkid, " exit code ",
                   result.exit_code, words.empty() ? "" : ": ", words,
                   "): is it the snapshot of the volume that holds the data?"));
}

absl::Status RunMount(const SnapshotMountOptions& options, const std::string& filesystem,
                      const std::string& mount_options) {
  SubprocessOptions mount;
  mount.argv = {options.mount, "-t",           filesystem,         "-o",
                mount_options, options.device, options.mount_point};
  mount.deadline = kDeadline;
  return Annotate(RunSubprocessOk(std::move(mount)).status(),
                  absl::StrCat(" (mounting ", options.device, " as ", filesystem, " on ",
                               options.mount_point, ")"));
}

absl::Status CheckMounted(const std::string& mount_point, dev_t device) {
  ASSIGN_OR_RETURN(const absl::optional<Mount> mount, MountAt(mount_point));
  if (!mount.has_value()) {
    return absl::InternalError(
        absl::StrCat("mount reported success, but nothing is mounted on ", mount_point));
  }
  if (mount->device != device) {
    return absl::InternalError(absl::StrCat("another device is mounted on ", mount_point,
                                            " than was asked for: ", mount->source));
  }
  return CheckProtected(*mount);
}

}  // namespace

absl::StatusOr<std::string> MountOptionsFor(absl::string_view filesystem) {
  // A snapshot is writable, and its journal and orphan list are as after a power cut: "ro" lets the
  // kernel replay them into the snapshot first, which noload and norecovery would forbid.
  const std::string common = "ro,nosuid,nodev,noexec";
  if (filesystem == "ext4") return common;
  // XFS refuses a second filesystem with the UUID of the mounted origin; ext4 refuses the option.
  if (filesystem == "xfs") return absl::StrCat(common, ",nouuid");
  return absl::FailedPreconditionError(
      absl::StrCat("filesystem ", filesystem, " is not supported: only ext4 and xfs are"));
}

absl::Status MountSnapshot(const SnapshotMountOptions& options) {
  ASSIGN_OR_RETURN(const dev_t device, BlockDevice(options.device));
  ASSIGN_OR_RETURN(const std::string filesystem, FilesystemOn(options));
  absl::StatusOr<std::string> mount_options = MountOptionsFor(filesystem);
  if (!mount_options.ok()) {
    return Annotate(mount_options.status(), absl::StrCat(" (on ", options.device, ")"));
  }
  ASSIGN_OR_RETURN(MountPoint mount_point, MountPoint::Prepare(options.mount_point));
  absl::Status mounted = RunMount(options, filesystem, *mount_options);
  if (mounted.ok()) mounted = CheckMounted(options.mount_point, device);
  // Also after a failure of mount(8): one that was ended at the deadline may have mounted.
  if (!mounted.ok()) return UndoMount(mount_point, mounted);
  mount_point.Keep();
  LOG(INFO) << OneLine(absl::StrCat("mounted ", options.device, " (", filesystem, ") on ",
                                    options.mount_point, " with ", *mount_options));
  return absl::OkStatus();
}

}  // namespace mysql_backup
