// What is said to rsync and what it says: argument vector, output, exit codes. Touches nothing.

#ifndef MYSQL_BACKUP_SYNCER_RSYNC_H_
#define MYSQL_BACKUP_SYNCER_RSYNC_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/manifest.h"

namespace mysql_backup {

// Whether an entry at the top is left out of a copy: process ids, locks, an old manifest.
bool IsLeftOut(const std::string& name, bool is_directory);

struct FilesOptions {
  int64_t rate = 0;  // bytes a second that it may copy; 0: any

  // Not empty: an earlier copy. Files that are the same in it, by length, time and attributes, are
  // made further names of its files.
  std::string link_to;

  // Files that are there already are updated in place, by blocks of `block_bytes`: only those that
  // differ are written. Files of the same length and time are taken to be the same.
  bool in_place = false;
  int64_t block_bytes = 0;

  // For both: length and time prove nothing, the content is compared.
  bool compare_content = false;
};

// Return the arguments that copy from the current directory into the directory `destination`: the
// files that stdin lists (Partition::List), or the owners, modes, times, ACLs and attributes of all
// directories, which are there already.
std::vector<std::string> FilesArguments(const std::string& rsync, const std::string& destination,
                                        const FilesOptions& options);
std::vector<std::string> DirectoriesArguments(const std::string& rsync,
                                              const std::string& destination);

// Returns the bytes that are copied so far, as a line of --info=progress2 says, or nullopt for any
// other line.
absl::optional<int64_t> ParseProgress(absl::string_view line);

// With this begins a line of --out-format, which rsync writes of each entry that it has copied.
inline constexpr char kEntryMark[] = "entry ";

struct CopiedEntry {
  ManifestEntry entry;
  bool reused = false;  // a file that was not copied, since an earlier copy has the same
};

// Returns what such a line says behind the mark, or nullopt where it cannot be understood. Links
// have no checksum, neither have files that are a further name of one that was copied before, nor,
// unless their content was compared, reused ones.
absl::optional<CopiedEntry> ParseCopiedEntry(absl::string_view line);

// Cuts rsync's standard output into lines as it comes, and hands on the entries.
class RsyncOutput {
 public:
  using OnEntry = std::function<void(CopiedEntry entry)>;

  // `may_reuse`: whether it is understood that a file was reused.
  RsyncOutput(bool may_reuse, OnEntry on_entry)
      : may_reuse_(may_reuse), on_entry_(std::move(on_entry)) {}

  // Takes the next piece, cut anywhere. Returns the newest progress in it, if any.
  absl::optional<int64_t> Add(absl::string_view piece);

  // The first line of an entry that could not be understood; empty where there was none.
  const std::string& strange_line() const { return strange_line_; }

 private:
  void AddLine(absl::string_view line, absl::optional<int64_t>* newest);

  const bool may_reuse_;
  const OnEntry on_entry_;
  std::string line_;
  std::string strange_line_;
};

// Returns what an exit code other than 0 means for a copy of a snapshot, and what to do about it.
std::string RsyncExitMeaning(int exit_code);

// Returns the last `count` lines of `text`, 1 or more; empty ones at its end do not count.
absl::string_view LastLines(absl::string_view text, int count);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_SYNCER_RSYNC_H_
