// The fifo over which the run speaks to the holder of the lock.

#ifndef MYSQL_BACKUP_QUIESCE_CONTROL_FIFO_H_
#define MYSQL_BACKUP_QUIESCE_CONTROL_FIFO_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace mysql_backup {

// Opened for reading only: when the last writer goes, however it goes, the kernel says so. Makes
// the fifo (mode 0600) and removes it with itself.
class ControlFifo {
 public:
  // A fifo that a dead holder left at `path` is replaced; AlreadyExists where anything else stands.
  static absl::StatusOr<ControlFifo> Create(const std::string& path);

  ControlFifo(ControlFifo&&) noexcept = default;
  ControlFifo& operator=(ControlFifo&&) = delete;
  ~ControlFifo();

  // Polls readable when there is something to Read().
  int fd() const { return fd_.get(); }

  struct Input {
    std::vector<std::string> lines;  // complete ones
    bool ended = false;              // the last writer has gone
  };
  // Takes what is there; does not block.
  absl::StatusOr<Input> Read();

 private:
  ControlFifo(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  std::string path_;
  UniqueFd fd_;
  std::string unfinished_line_;
};

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_QUIESCE_CONTROL_FIFO_H_
