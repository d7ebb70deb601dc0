#include "config/config_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/status.h"
#include "base/unique_fd.h"

namespace mysql_backup {
namespace {

constexpr size_t kMaxSize = size_t{64} << 10;

// Whoever may write this file decides what root's programs read, write and remove.
absl::Status CheckTrust(int fd, const std::string& path) {
  struct stat status = {};
  if (fstat(fd, &status) != 0) return ErrnoError(absl::StrCat("read configuration ", path));
  if (!S_ISREG(status.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot read configuration ", path, ": it is not a regular file"));
  }
  if (status.st_uid != 0) {
    return absl::PermissionDeniedError(
        absl::StrCat("configuration ", path, " belongs to user ", status.st_uid,
                     ", who could change what root does: chown root:root ", path));
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return absl::PermissionDeniedError(absl::StrCat(
        "configuration ", path,
        " can be written by others, who could change what root does: chmod go-w ", path));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ReadConfigFile(const std::string& path, bool may_be_missing) {
  // O_NONBLOCK: opening a fifo must not wait for a writer.
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd.ok()) {
    const int error_number = errno;
    struct stat status = {};
    if (may_be_missing && error_number == ENOENT && lstat(path.c_str(), &status) != 0 &&
        errno == ENOENT) {
      LOG(INFO) << "no " << OneLine(path) << ": every key has its default";
      return std::string();
    }
    return ErrnoError(absl::StrCat("read configuration ", path), error_number);
  }
  RETURN_IF_ERROR(CheckTrust(fd.get(), path));
  std::string text;
  char buffer[4096];
  while (true) {
    const ssize_t size = read(fd.get(), buffer, sizeof(buffer));
    if (size == 0) return text;
    if (size < 0) {
      if (errno == EINTR) continue;
      return ErrnoError(absl::StrCat("read configuration ", path));
    }
    text.append(buffer, static_cast<size_t>(size));
    if (text.size() > kMaxSize) {
      return absl::ResourceExhaustedError(
          absl::StrCat("configuration ", path, " is longer than 64 KiB: is it another file?"));
    }
  }
}

}  // namespace mysql_backup
