#include "syncer/partition.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status.h"

namespace mysql_backup {
namespace {

// Below, a file is not worth being remembered: a part is never smaller.
constexpr int64_t kLargeBytes = int64_t{32} << 20;

// Parts for each job, so that the last ones to be copied are small.
constexpr int64_t kPartsPerJob = 8;

// rsync remembers the names of its part, some 150 bytes each.
constexpr size_t kPartFiles = 10000;

void AddName(const std::string& path, Partition::List* list) {
  // Without the "./", a "#innodb_redo" would be a comment.
  absl::StrAppend(list, "./", path, absl::string_view("\0", 1));
}

bool IsCopied(const struct stat& facts) { return S_ISREG(facts.st_mode) || S_ISLNK(facts.st_mode); }

}  // namespace

absl::StatusOr<Partition> Partition::Create(
    Options options, const std::function<absl::Status(const std::string& path)>& on_directory) {
  ASSIGN_OR_RETURN(TreeWalk first_walk, TreeWalk::Start(options.directory, options.path));
  struct stat top = {};
  if (fstat(options.directory, &top) != 0) {
    return ErrnoError(absl::StrCat("look at ", options.path));
  }
  Partition partition(std::move(options), top.st_dev, std::move(first_walk));
  std::map<ino_t, Item> linked;
  while (true) {
    ASSIGN_OR_RETURN(const absl::optional<TreeEntry> entry, partition.NextEntry());
    if (!entry.has_value()) break;
    const struct stat& facts = entry->facts;
    if (S_ISDIR(facts.st_mode)) RETURN_IF_ERROR(on_directory(entry->path));
    if (!IsCopied(facts)) continue;
    partition.totals_.bytes += facts.st_size;
    if (S_ISREG(facts.st_mode)) ++partition.totals_.files;
    if (!partition.IsForItems(*entry)) continue;
    Item first = {facts.st_size, "", 0, partition.options_.basis_of(*entry)};
    Item* item = nullptr;
    if (facts.st_nlink > 1) {
      item = &linked.emplace(facts.st_ino, std::move(first)).first->second;
    } else {
      partition.items_.push_back(std::move(first));
      item = &partition.items_.back();
    }
    AddName(entry->path, &item->names);
    ++item->count;
  }
  for (auto& [inode, item] : linked) partition.items_.push_back(std::move(item));
  std::sort(partition.items_.begin(), partition.items_.end(),
            [](const Item& a, const Item& b) { return a.bytes < b.bytes; });
  const int64_t parts = kPartsPerJob * partition.options_.jobs;
  partition.part_bytes_ = std::max(kLargeBytes, partition.totals_.bytes / parts);
  ASSIGN_OR_RETURN(partition.walk_,
                   TreeWalk::Start(partition.options_.directory, partition.options_.path));
  return partition;
}

absl::StatusOr<absl::optional<Partition::Part>> Partition::Next() {
  Part part;
  size_t files = 0;
  int64_t bytes = 0;
  const auto add = [&](int64_t file_bytes) {
    bytes += file_bytes;
    part.largest_bytes = std::max(part.largest_bytes, file_bytes);
  };
  const auto is_full = [&] {
    return files >= kPartFiles || (options_.jobs > 1 && bytes >= part_bytes_);
  };
  while (!items_.empty() && !is_full()) {
    const Item& item = items_.back();
    part.lists[item.basis] += item.names;
    files += item.count;
    add(item.bytes);
    items_.pop_back();
  }
  while (!walked_ && !is_full()) {
    ASSIGN_OR_RETURN(const absl::optional<TreeEntry> entry, NextEntry());
    walked_ = !entry.has_value();
    if (walked_ || !IsCopied(entry->facts) || IsForItems(*entry)) continue;
    AddName(entry->path, &part.lists[options_.basis_of(*entry)]);
    ++files;
    add(entry->facts.st_size);
  }
  if (files == 0) return absl::nullopt;
  return part;
}

absl::StatusOr<absl::optional<TreeEntry>> Partition::NextEntry() {
  while (true) {
    ASSIGN_OR_RETURN(absl::optional<TreeEntry> entry, walk_.Next());
    if (!entry.has_value()) return entry;
    if (!absl::StrContains(entry->path, '/') && options_.is_left_out(*entry)) {
      walk_.SkipContents();
      continue;
    }
    if (entry->facts.st_dev != device_) walk_.SkipContents();
    return entry;
  }
}

bool Partition::IsForItems(const TreeEntry& entry) const {
  return entry.facts.st_size >= kLargeBytes || entry.facts.st_nlink > 1;
}

}  // namespace mysql_backup
