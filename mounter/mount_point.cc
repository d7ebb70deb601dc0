#include "mounter/mount_point.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/types/optional.h"
#include "base/directory.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "base/status.h"
#include "base/unique_fd.h"

namespace mysql_backup {
namespace {

absl::Status CheckIsFreeDirectory(const std::string& path) {
  struct stat status = {};
  if (lstat(path.c_str(), &status) != 0) return ErrnoError(absl::StrCat("look at ", path));
  if (!S_ISDIR(status.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "mount point ", path, " is ", S_ISLNK(status.st_mode) ? "a symbolic link" : "no directory",
        ": name a directory of its own, or remove it"));
  }
  ASSIGN_OR_RETURN(const absl::optional<Mount> mount, MountAt(path));
  if (mount.has_value()) {
    return absl::FailedPreconditionError(
        absl::StrCat("mount point ", path, " has ", mount->source, " (", mount->type,
                     ") mounted on it already: unmount_snapshot '--mount_point=", path, "'"));
  }
  ASSIGN_OR_RETURN(const UniqueFd directory, OpenDirectory(path));
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(directory.get()));
  if (!names.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("mount point ", path, " has nothing mounted on it and is not empty (it has '",
                     names.front(), "'): a mount would hide that; name an empty directory"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<MountPoint> MountPoint::Prepare(const std::string& path) {
  MountPoint mount_point(path);
  RETURN_IF_ERROR(mount_point.MakeDirectories());
  RETURN_IF_ERROR(CheckIsFreeDirectory(path));
  return mount_point;
}

absl::Status MountPoint::MakeDirectories() {
  const std::vector<std::string> parts = absl::StrSplit(path_, '/', absl::SkipEmpty());
  std::string directory;
  for (size_t i = 0; i < parts.size(); ++i) {
    absl::StrAppend(&directory, "/", parts[i]);
    if (mkdir(directory.c_str(), 0700) != 0) {
      if (errno == EEXIST) continue;
      return ErrnoError(absl::StrCat("make directory ", directory));
    }
    made_.push_back(directory);
    const bool is_parent = i + 1 < parts.size();
    if (is_parent && chmod(directory.c_str(), 0755) != 0) {
      return ErrnoError(absl::StrCat("change the mode of ", directory));
    }
  }
  return absl::OkStatus();
}

MountPoint::~MountPoint() {
  for (auto directory = made_.rbegin(); directory != made_.rend(); ++directory) {
    if (rmdir(directory->c_str()) != 0) {
      LOG(WARNING) << OneLine(ErrnoError(absl::StrCat("remove ", *directory)).message());
      return;
    }
  }
}

absl::Status CheckProtected(const Mount& mount) {
  std::vector<std::string> missing;
  for (const char* option : {"ro", "nosuid", "nodev", "noexec"}) {
    if (!HasOption(mount, option)) missing.emplace_back(option);
  }
  if (missing.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(mount.mount_point, " was mounted without ",
                                                    absl::StrJoin(missing, ", "), " (it has ",
                                                    absl::StrJoin(mount.options, ","), ")"));
}

absl::Status UndoMount(MountPoint& mount_point, const absl::Status& failure) {
  UnmountOptions options;
  options.mount_point = mount_point.path();
  const absl::StatusOr<int> unmounted = Unmount(options);
  if (unmounted.ok()) return failure;
  mount_point.Keep();
  return LeftBehindError(
      absl::StrCat(failure.message(), "; and afterwards: ", unmounted.status().message()));
}

}  // namespace mysql_backup
