// A file descriptor that is closed when its owner goes.

#ifndef MYSQL_BACKUP_BASE_UNIQUE_FD_H_
#define MYSQL_BACKUP_BASE_UNIQUE_FD_H_

#include <unistd.h>

#include <utility>

namespace mysql_backup {

// Owns one descriptor, or none (-1). Movable, not copyable; not thread-safe.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

  // Gives the descriptor up without closing it.
  int release() { return std::exchange(fd_, -1); }

  // Closes what is held, if anything. An error of close(2) is not reported: a file whose content
  // matters is synced first.
  void reset(int fd = -1) {
    if (fd_ >= 0) close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_UNIQUE_FD_H_
