#include "quiesce/control_fifo.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace mysql_backup {

absl::StatusOr<ControlFifo> ControlFifo::Create(const std::string& path) {
  struct stat status = {};
  if (lstat(path.c_str(), &status) == 0) {
    if (!S_ISFIFO(status.st_mode)) {
      return absl::AlreadyExistsError(
          absl::StrCat("cannot make the fifo ", path,
                       ": something else is there, and is left alone; name another with --fifo"));
    }
    // Without a reader, opening it for writing fails.
    if (UniqueFd(open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)).ok()) {
      return absl::AlreadyExistsError(absl::StrCat(
          "cannot make the fifo ", path,
          ": another holder listens on it; end that one, or name another with --fifo"));
    }
    if (unlink(path.c_str()) != 0) return ErrnoError(absl::StrCat("remove the old fifo ", path));
  }
  if (mkfifo(path.c_str(), 0600) != 0) return ErrnoError(absl::StrCat("make the fifo ", path));
  // Without a writer, opening a fifo blocks unless told not to.
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.ok()) return ErrnoError(absl::StrCat("open the fifo ", path));
  return ControlFifo(path, std::move(fd));
}

ControlFifo::~ControlFifo() {
  if (fd_.ok()) unlink(path_.c_str());
}

absl::StatusOr<ControlFifo::Input> ControlFifo::Read() {
  Input input;
  char buffer[4096];
  while (true) {
    const ssize_t size = read(fd_.get(), buffer, sizeof(buffer));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return input;
    if (size < 0) return ErrnoError(absl::StrCat("read the fifo ", path_));
    if (size == 0) {
      input.ended = true;
      return input;
    }
    for (const char* c = buffer; c != buffer + size; ++c) {
      if (*c != '\n') {
        unfinished_line_.push_back(*c);
      } else {
        input.lines.push_back(std::exchange(unfinished_line_, ""));
      }
    }
    if (unfinished_line_.size() > sizeof(buffer)) {
      return absl::InvalidArgumentError(absl::StrCat("a line without end on the fifo ", path_));
    }
  }
}

}  // namespace mysql_backup
