// A tree cut into parts of about the same size, which several rsyncs copy side by side.

#ifndef MYSQL_BACKUP_SYNCER_PARTITION_H_
#define MYSQL_BACKUP_SYNCER_PARTITION_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "base/tree_walk.h"

namespace mysql_backup {

struct TreeTotals {
  int64_t bytes = 0;  // lengths of all regular files (each name of a hard link counts) and links
  int64_t files = 0;  // regular files, each name of a hard link

  TreeTotals& operator+=(const TreeTotals& more) {
    bytes += more.bytes;
    files += more.files;
    return *this;
  }
};

// What an earlier copy has to offer for an entry.
enum class Basis {
  kNone,      // nothing: it is copied whole
  kSame,      // a file that is the same if length, time and attributes are
  kCompared,  // one that has to be compared by its content
};

// Movable, not thread-safe.
class Partition {
 public:
  struct Options {
    int directory = -1;  // the tree's top, not owned
    std::string path;    // its path, for errors
    int jobs = 1;        // how many are to share the work
    // Whether an entry of the top is no part of the tree, nor what is below it.
    std::function<bool(const TreeEntry& entry)> is_left_out;
    // How a file or link can be copied.
    std::function<Basis(const TreeEntry& entry)> basis_of;
  };

  // What rsync's --files-from takes with --from0: "./PATH" and a NUL of each file and link.
  using List = std::string;

  struct Part {
    std::map<Basis, List> lists;  // only of what there is
    int64_t largest_bytes = 0;    // of its largest file
  };

  // Goes through the whole tree once, and hands on each directory, before those within it.
  // Sockets, fifos, devices and what is mounted in it are no part of the tree.
  static absl::StatusOr<Partition> Create(
      Options options, const std::function<absl::Status(const std::string& path)>& on_directory);

  const TreeTotals& totals() const { return totals_; }

  // Returns the next part, the one with the largest file first; nullopt when there is none left.
  // All names of a file are in one part, since no rsync can link what another one copies. Goes
  // through the tree a second time, so that the names of the many small files need not be
  // remembered.
  absl::StatusOr<absl::optional<Part>> Next();

 private:
  // A large file or all names of one with several, which have to be known before all others.
  struct Item {
    int64_t bytes = 0;
    List names;
    size_t count = 0;
    Basis basis = Basis::kNone;
  };

  Partition(Options options, dev_t device, TreeWalk walk)
      : options_(std::move(options)), device_(device), walk_(std::move(walk)) {}
  absl::StatusOr<absl::optional<TreeEntry>> NextEntry();
  bool IsForItems(const TreeEntry& entry) const;

  Options options_;
  dev_t device_ = 0;
  TreeWalk walk_;
  bool walked_ = false;
  TreeTotals totals_;
  int64_t part_bytes_ = 0;   // a part is complete when it has so many
  std::vector<Item> items_;  // the largest one last
};

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_SYNCER_PARTITION_H_
