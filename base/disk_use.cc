#include "base/disk_use.h"

#include <sys/stat.h>

#include <map>

#include "absl/types/optional.h"
#include "base/status.h"
#include "base/tree_walk.h"

namespace mysql_backup {
namespace {

constexpr uint64_t kStatBlock = 512;  // the unit of st_blocks, whatever the filesystem's is

class Sum {
 public:
  void Add(const struct stat& facts) {
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

  DiskUse use_;
  std::map<ino_t, Links> linked_;
};

}  // namespace

absl::StatusOr<DiskUse> MeasureTree(int directory, const std::string& path) {
  ASSIGN_OR_RETURN(TreeWalk walk, TreeWalk::Start(directory, path));
  Sum sum;
  while (true) {
    ASSIGN_OR_RETURN(const absl::optional<TreeEntry> entry, walk.Next());
    if (!entry.has_value()) return sum.Result();
    sum.Add(entry->facts);
  }
}

}  // namespace mysql_backup
