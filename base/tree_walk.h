// Going through a directory tree by descriptor, without ever following a link, and in memory that
// does not grow with the number of its files.

#ifndef MYSQL_BACKUP_BASE_TREE_WALK_H_
#define MYSQL_BACKUP_BASE_TREE_WALK_H_

#include <dirent.h>
#include <sys/stat.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"

namespace mysql_backup {

struct TreeEntry {
  std::string path;        // relative to the top
  struct stat facts = {};  // as lstat(2) has them
};

// Movable, not thread-safe.
class TreeWalk {
 public:
  // Goes through all that is below the directory open at `directory`; `path`, its own, is for
  // errors.
  static absl::StatusOr<TreeWalk> Start(int directory, std::string path);

  // Returns the next entry, a directory before what is in it and otherwise in the filesystem's own
  // order; nullopt at the end. Cancelled after a signal.
  absl::StatusOr<absl::optional<TreeEntry>> Next();

  // Leaves out what is in the directory that Next() has just returned.
  void SkipContents() { entering_.clear(); }

 private:
  struct CloseStream {
    void operator()(DIR* stream) const { closedir(stream); }
  };
  struct Level {
    std::unique_ptr<DIR, CloseStream> stream;
    std::string prefix;  // the directory's path with a slash behind, empty for the top
  };

  explicit TreeWalk(std::string path) : path_(std::move(path)) {}
  absl::Status Enter(int parent, const std::string& name, std::string prefix);

  std::string path_;
  std::vector<Level> levels_;
  std::string entering_;  // name in the last level's directory of the one to be entered next
};

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_TREE_WALK_H_
