#include "base/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/interrupt.h"
#include "base/status.h"

namespace mysql_backup {
namespace {

constexpr int kDirectoryFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

absl::Status RemoveContents(int directory, const std::string& path, OnInterrupt on_interrupt);

// A removal holds one descriptor a level. Whoever owns a datadir can make rsync copy a tree as deep
// as a path can be long, 2048 levels; the usual limit is 1024 descriptors.
void AllowDeepTrees() {
  constexpr rlim_t kDescriptors = 4096;
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kDescriptors) return;
  limit.rlim_cur = std::min(limit.rlim_max, kDescriptors);
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Opens a directory unless something is mounted on it (EXDEV). Device numbers would not show a bind
// mount of the same filesystem, and what that shows is not ours to remove.
UniqueFd OpenOnSameMount(int parent, const std::string& name) {
  open_how how = {};
  how.flags = kDirectoryFlags;
  how.resolve = RESOLVE_NO_XDEV;
  return UniqueFd(static_cast<int>(syscall(SYS_openat2, parent, name.c_str(), &how, sizeof(how))));
}

absl::Status RemoveEntry(int parent, const std::string& name, const std::string& path,
                         OnInterrupt on_interrupt) {
  if (on_interrupt == OnInterrupt::kStop) RETURN_IF_ERROR(CheckInterrupt());
  if (unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return absl::OkStatus();
  // Linux says EISDIR for a directory; POSIX allows EPERM, which an immutable file gives as well.
  if (errno != EISDIR && errno != EPERM) return ErrnoError(absl::StrCat("remove ", path));
  const int unlink_error = errno;
  UniqueFd directory = OpenOnSameMount(parent, name);
  if (!directory.ok()) {
    if (errno == ENOENT) return absl::OkStatus();
    if (errno == EXDEV) {
      return absl::FailedPreconditionError(
          absl::StrCat("cannot remove ", path, ": something is mounted there; unmount it"));
    }
    return ErrnoError(absl::StrCat("remove ", path), errno == ENOTDIR ? unlink_error : errno);
  }
  RETURN_IF_ERROR(RemoveContents(directory.get(), path, on_interrupt));
  if (unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
    return ErrnoError(absl::StrCat("remove directory ", path));
  }
  return absl::OkStatus();
}

absl::Status RemoveContents(int directory, const std::string& path, OnInterrupt on_interrupt) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(directory));
  for (const std::string& name : names) {
    RETURN_IF_ERROR(RemoveEntry(directory, name, absl::StrCat(path, "/", name), on_interrupt));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<UniqueFd> OpenDirectory(const std::string& path) {
  return OpenDirectoryAt(AT_FDCWD, path);
}

absl::StatusOr<UniqueFd> OpenDirectoryAt(int parent, const std::string& name) {
  UniqueFd directory(openat(parent, name.c_str(), kDirectoryFlags));
  if (!directory.ok()) {
    const bool no_directory = errno == ENOTDIR || errno == ELOOP;
    return Annotate(ErrnoError(absl::StrCat("open directory ", name)),
                    no_directory ? "; give a directory itself, not a symbolic link to one" : "");
  }
  return directory;
}

absl::StatusOr<std::vector<std::string>> ListDirectory(int directory) {
  // A descriptor of its own: fdopendir(3) takes it over, and its position with it.
  UniqueFd copy(openat(directory, ".", kDirectoryFlags));
  if (!copy.ok()) return ErrnoError("open a directory again");
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(fdopendir(copy.get()), &closedir);
  if (stream == nullptr) return ErrnoError("read a directory");
  copy.release();
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const dirent* entry = readdir(stream.get());
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  if (errno != 0) return ErrnoError("read a directory");
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<Entry> LookUp(int parent, const std::string& name) {
  struct stat status = {};
  if (fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return Entry::kNothing;
    return ErrnoError(absl::StrCat("stat ", name));
  }
  return S_ISDIR(status.st_mode) ? Entry::kDirectory : Entry::kOther;
}

absl::Status RemoveTreeAt(int parent, const std::string& name, OnInterrupt on_interrupt) {
  AllowDeepTrees();
  return RemoveEntry(parent, name, name, on_interrupt);
}

absl::Status RenameNoReplace(int directory, const std::string& from, const std::string& to) {
  if (renameat2(directory, from.c_str(), directory, to.c_str(), RENAME_NOREPLACE) != 0) {
    return ErrnoError(absl::StrCat("rename ", from, " to ", to));
  }
  return absl::OkStatus();
}

absl::Status SyncDirectory(int directory, const std::string& path) {
  if (fsync(directory) != 0) return ErrnoError(absl::StrCat("sync directory ", path));
  return absl::OkStatus();
}

}  // namespace mysql_backup
