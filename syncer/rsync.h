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

// Returns the arguments that copy the current directory, whole, into the directory `destination`.
std::vector<std::string> RsyncArguments(const std::string& rsync, const std::string& destination);

// How far the copy is, in rsync's own figures.
struct CopyProgress {
  int64_t bytes = 0;
  int percent = 0;    // of the bytes of the whole tree
  std::string rate;   // over the last seconds, for example "120.35MB/s"
  std::string clock;  // H:MM:SS that are left
};

// Returns what a line of --info=progress2 says, or nullopt for any other line.
absl::optional<CopyProgress> ParseProgress(absl::string_view line);

// With this begins a line of --out-format, which rsync writes of each entry that it has copied.
inline constexpr char kEntryMark[] = "entry ";

// Returns what such a line says behind the mark, or nullopt where it cannot be understood. Links
// have no checksum, and neither have files that are a further name of one that was copied before.
absl::optional<ManifestEntry> ParseCopiedEntry(absl::string_view line);

// A tree as --stats counts it.
struct TreeTotals {
  int64_t bytes = 0;  // lengths of all regular files (each name of a hard link counts) and links
  int64_t files = 0;  // regular files, each name of a hard link
};

// Cuts rsync's standard output into lines as it comes, hands on the entries, and keeps what the
// last ones say.
class RsyncOutput {
 public:
  using OnEntry = std::function<void(ManifestEntry entry)>;

  explicit RsyncOutput(OnEntry on_entry) : on_entry_(std::move(on_entry)) {}

  // Takes the next piece, cut anywhere. Returns the newest progress in it, if any.
  absl::optional<CopyProgress> Add(absl::string_view piece);

  // The totals, once the lines of --stats have been seen.
  absl::optional<TreeTotals> totals() const;

  // The first line of an entry that could not be understood; empty where there was none.
  const std::string& strange_line() const { return strange_line_; }

 private:
  void AddLine(absl::string_view line, absl::optional<CopyProgress>* newest);

  const OnEntry on_entry_;
  std::string line_;
  std::string strange_line_;
  absl::optional<int64_t> bytes_;
  absl::optional<int64_t> files_;
};

// Returns what an exit code other than 0 means for a copy of a snapshot, and what to do about it.
std::string RsyncExitMeaning(int exit_code);

// Returns the last `count` lines of `text`, 1 or more; empty ones at its end do not count.
absl::string_view LastLines(absl::string_view text, int count);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_SYNCER_RSYNC_H_
