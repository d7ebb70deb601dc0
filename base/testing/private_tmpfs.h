// A filesystem in memory that nobody else sees and that ends with the process, however it ends.

#ifndef MYSQL_BACKUP_BASE_TESTING_PRIVATE_TMPFS_H_
#define MYSQL_BACKUP_BASE_TESTING_PRIVATE_TMPFS_H_

#include <string>

namespace mysql_backup {

// Takes this thread, and those that it starts later, into a mount namespace of its own and mounts a
// tmpfs there on a fresh directory below TEST_TMPDIR (or /tmp). Needs root; aborts otherwise.
// Mounts that a test makes inside are as private.
class PrivateTmpfs {
 public:
  PrivateTmpfs();
  ~PrivateTmpfs();
  PrivateTmpfs(const PrivateTmpfs&) = delete;
  PrivateTmpfs& operator=(const PrivateTmpfs&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_TESTING_PRIVATE_TMPFS_H_
