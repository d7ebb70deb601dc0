#include "base/disk_use.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/directory.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/status.h"
#include "base/unique_fd.h"

namespace mysql_backup {
namespace {

constexpr uint64_t kStatBlock = 512;  // the unit of st_blocks, whatever the filesystem's is

class Walk {
 public:
  absl::Status Add(int directory, const std::string& path) {
    RETURN_IF_ERROR(CheckInterrupt());
    ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(directory));
    for (const std::string& name : names) {
      struct stat facts = {};
      if (fstatat(directory, name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0) {
        return ErrnoError(absl::StrCat("look at ", path, "/", OneLine(name)));
      }
      if (S_ISDIR(facts.st_mode)) {
        ASSIGN_OR_RETURN(const UniqueFd inner, OpenDirectoryAt(directory, name));
        RETURN_IF_ERROR(Add(inner.get(), absl::StrCat(path, "/", OneLine(name))));
      }
      AddEntry(facts);
    }
    return absl::OkStatus();
  }

  // Files with several names count once, as shared where not all names have been seen.
  DiskUse Result() const {
    DiskUse use = use_;
    for (const auto& [inode, links] : linked_) {
      if (links.seen < links.all) use.shared += links.blocks;
    }
    return use;
  }

 private:
  struct Links {
    uint64_t seen = 0;
    uint64_t all = 0;
    uint64_t blocks = 0;
  };

  void AddEntry(const struct stat& facts) {
    const uint64_t blocks = static_cast<uint64_t>(facts.st_blocks) * kStatBlock;
    if (S_ISREG(facts.st_mode)) {
      ++use_.files;
      use_.bytes += static_cast<uint64_t>(facts.st_size);
      if (facts.st_nlink > 1) {
        Links& links = linked_[facts.st_ino];
        links.all = facts.st_nlink;
        links.blocks = blocks;
        if (++links.seen > 1) return;
      }
    }
    use_.blocks += blocks;
  }

  DiskUse use_;
  std::map<ino_t, Links> linked_;
};

}  // namespace

absl::StatusOr<DiskUse> MeasureTree(int directory, const std::string& path) {
  Walk walk;
  RETURN_IF_ERROR(walk.Add(directory, path));
  return walk.Result();
}

}  // namespace mysql_backup
