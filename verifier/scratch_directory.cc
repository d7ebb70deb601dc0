#include "verifier/scratch_directory.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/directory.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "base/status.h"

namespace mysql_backup {
namespace {

// The server of a run that was killed shuts down by itself, and may be writing for a moment yet.
constexpr int kEmptyTries = 20;

constexpr const char* kSubdirectories[] = {"data", "upper", "work", "tmp", "run"};

absl::StatusOr<UniqueFd> OwnNamespace() {
  UniqueFd own(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
  if (!own.ok()) return ErrnoError("open this process's mount namespace");
  return own;
}

absl::Status LeftBehind(const std::string& path, const absl::Status& status) {
  return LeftBehindError(absl::StrCat("scratch directory ", path, " is left behind: ",
                                      status.message(), "; the next run tries to remove it"));
}

// In the new namespace, as the next two.
absl::Status MountOverlay(const ScratchDirectory& scratch, const std::string& lower) {
  // By descriptor, since commas and colons in a path would mean something to overlayfs. Opened in
  // the new namespace, since the kernel refuses layers from another one.
  ASSIGN_OR_RETURN(const UniqueFd lower_fd, OpenDirectory(lower));
  ASSIGN_OR_RETURN(const UniqueFd upper_fd, OpenDirectory(scratch.path() + "/upper"));
  ASSIGN_OR_RETURN(const UniqueFd work_fd, OpenDirectory(scratch.path() + "/work"));
  // volatile: nothing here has to outlive the server, so no fsync of its reaches the disk.
  const std::string layers =
      absl::StrCat("lowerdir=/proc/self/fd/", lower_fd.get(), ",upperdir=/proc/self/fd/",
                   upper_fd.get(), ",workdir=/proc/self/fd/", work_fd.get(), ",volatile");
  if (mount("overlay", (scratch.path() + "/data").c_str(), "overlay",
            MS_NOSUID | MS_NODEV | MS_NOEXEC, layers.c_str()) != 0) {
    return Annotate(
        ErrnoError(absl::StrCat("mount an overlay of ", lower, " and ", scratch.path())),
        "; --scratch must lie on a local filesystem that overlayfs can write to, such "
        "as ext4 or xfs, and dmesg tells more");
  }
  return absl::OkStatus();
}

absl::Status BindData(const ScratchDirectory& scratch, const std::string& datadir) {
  const std::string data = scratch.path() + "/data";
  if (mount(datadir.c_str(), data.c_str(), nullptr, MS_BIND, nullptr) == 0) {
    return absl::OkStatus();
  }
  return ErrnoError(absl::StrCat("bind ", datadir, " to ", data));
}

// All mounts of the view.
absl::Status MountView(const ScratchDirectory& scratch, const std::string& lower, bool in_place) {
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return ErrnoError("make a mount namespace private");
  }
  RETURN_IF_ERROR(in_place ? BindData(scratch, lower) : MountOverlay(scratch, lower));
  if (mount(scratch.path().c_str(), kScratchInside, nullptr, MS_BIND | MS_REC, nullptr) != 0) {
    return ErrnoError(absl::StrCat("bind ", scratch.path(), " to ", kScratchInside));
  }
  mount_attr read_only = {};
  read_only.attr_set = MOUNT_ATTR_RDONLY;
  mount_attr writable = {};
  writable.attr_clr = MOUNT_ATTR_RDONLY;
  if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &read_only, sizeof(read_only)) != 0 ||
      mount_setattr(AT_FDCWD, kScratchInside, AT_RECURSIVE, &writable, sizeof(writable)) != 0) {
    return ErrnoError("make a mount namespace read-only (Linux 5.12 is needed)");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ScratchDirectory> ScratchDirectory::Make(const std::string& path, uid_t uid,
                                                        gid_t gid) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return ErrnoError(absl::StrCat("make scratch directory ", path));
  }
  ASSIGN_OR_RETURN(UniqueFd directory, OpenDirectory(path));
  if (flock(directory.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return BusyError(
          absl::StrCat("another scratch server is at work in ", path, ": wait for its end"));
    }
    return LeftBehindError(
        absl::StrCat(ErrnoError(absl::StrCat("lock ", path)).message(), "; it is left behind"));
  }
  ScratchDirectory scratch(path, std::move(directory));
  const absl::Status emptied = scratch.Empty();
  if (!emptied.ok()) {
    scratch.directory_.reset();  // Remove() would fail in the same way
    return LeftBehind(path, emptied);
  }
  const absl::Status filled = scratch.Fill(uid, gid);
  if (filled.ok()) return scratch;
  const absl::Status removed = scratch.Remove();
  if (removed.ok()) return filled;
  return LeftBehindError(absl::StrCat(filled.message(), "; and ", removed.message()));
}

absl::Status ScratchDirectory::Fill(uid_t uid, gid_t gid) {
  const int fd = directory_.get();
  if (fchown(fd, uid, gid) != 0) return ErrnoError(absl::StrCat("give away ", path_));
  for (const char* name : kSubdirectories) {
    if (mkdirat(fd, name, 0700) != 0 || fchownat(fd, name, uid, gid, AT_SYMLINK_NOFOLLOW) != 0) {
      return ErrnoError(absl::StrCat("make directory ", path_, "/", name));
    }
  }
  return absl::OkStatus();
}

ScratchDirectory::~ScratchDirectory() {
  const absl::Status status = Remove();
  if (!status.ok()) LOG(ERROR) << OneLine(status.message());
}

absl::Status ScratchDirectory::Empty() {
  absl::Status status;
  for (int i = 0; i < kEmptyTries; ++i) {
    if (i > 0) absl::SleepFor(absl::Milliseconds(500));
    ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(directory_.get()));
    status = absl::OkStatus();
    for (const std::string& name : names) {
      status.Update(RemoveTreeAt(directory_.get(), name, OnInterrupt::kFinish));
    }
    if (status.ok()) break;
  }
  return Annotate(status, absl::StrCat(" (emptying ", path_, ")"));
}

absl::Status ScratchDirectory::Remove() {
  if (!directory_.ok()) return absl::OkStatus();
  absl::Status status = Empty();
  if (status.ok() && rmdir(path_.c_str()) != 0) {
    status = ErrnoError(absl::StrCat("remove ", path_));
  }
  directory_.reset();
  if (status.ok()) return status;
  return LeftBehind(path_, status);
}

absl::StatusOr<UniqueFd> MakePrivateView(const ScratchDirectory& scratch, const std::string& lower,
                                         bool in_place) {
  ASSIGN_OR_RETURN(UniqueFd own, OwnNamespace());
  if (unshare(CLONE_NEWNS) != 0) return ErrnoError("make a mount namespace");
  const InPrivateView until_return(std::move(own));
  RETURN_IF_ERROR(MountView(scratch, lower, in_place));
  return OwnNamespace();
}

absl::StatusOr<InPrivateView> InPrivateView::Enter(const UniqueFd& view) {
  ASSIGN_OR_RETURN(UniqueFd own, OwnNamespace());
  if (setns(view.get(), CLONE_NEWNS) != 0) return ErrnoError("enter the server's mount namespace");
  return InPrivateView(std::move(own));
}

InPrivateView::~InPrivateView() {
  if (own_.ok()) {
    CHECK_EQ(setns(own_.get(), CLONE_NEWNS), 0) << "cannot return to the own mount namespace";
  }
}

}  // namespace mysql_backup
