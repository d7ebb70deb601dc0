#include "base/tree_walk.h"

#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/directory.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/status.h"
#include "base/unique_fd.h"

namespace mysql_backup {

absl::StatusOr<TreeWalk> TreeWalk::Start(int directory, std::string path) {
  TreeWalk walk(std::move(path));
  RETURN_IF_ERROR(walk.Enter(directory, ".", ""));
  return walk;
}

absl::Status TreeWalk::Enter(int parent, const std::string& name, std::string prefix) {
  ASSIGN_OR_RETURN(UniqueFd directory, OpenDirectoryAt(parent, name));
  Level level;
  level.stream.reset(fdopendir(directory.get()));
  if (level.stream == nullptr) {
    return ErrnoError(absl::StrCat("read ", path_, "/", OneLine(prefix)));
  }
  directory.release();
  level.prefix = std::move(prefix);
  levels_.push_back(std::move(level));
  return absl::OkStatus();
}

absl::StatusOr<absl::optional<TreeEntry>> TreeWalk::Next() {
  RETURN_IF_ERROR(CheckInterrupt());
  if (!entering_.empty()) {
    const std::string name = std::exchange(entering_, "");
    const Level& parent = levels_.back();
    RETURN_IF_ERROR(
        Enter(dirfd(parent.stream.get()), name, absl::StrCat(parent.prefix, name, "/")));
  }
  while (!levels_.empty()) {
    DIR* const stream = levels_.back().stream.get();
    errno = 0;
    const dirent* const found = readdir(stream);
    if (found == nullptr) {
      if (errno != 0) {
        return ErrnoError(absl::StrCat("read ", path_, "/", OneLine(levels_.back().prefix)));
      }
      levels_.pop_back();
      continue;
    }
    const absl::string_view name = found->d_name;
    if (name == "." || name == "..") continue;
    TreeEntry entry;
    entry.path = absl::StrCat(levels_.back().prefix, name);
    if (fstatat(dirfd(stream), found->d_name, &entry.facts, AT_SYMLINK_NOFOLLOW) != 0) {
      return ErrnoError(absl::StrCat("look at ", path_, "/", OneLine(entry.path)));
    }
    if (S_ISDIR(entry.facts.st_mode)) entering_ = std::string(name);
    return entry;
  }
  return absl::nullopt;
}

}  // namespace mysql_backup
